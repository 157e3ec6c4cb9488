"""Steps that tests of the session share: a session that is bound, a message to submit, what goes out."""

from tests.tps.smpp import peer_octets
from tests.tps.smpp.peer_octets import parse, pdu
from tps.smpp.route_config import RouteConfig
from tps.smpp.session import Session
from tps.smpp.submit_sm import Message

CONFIG = RouteConfig(
    name="north",
    host="127.0.0.1",
    system_id="tps",
    password="secret",
    window=3,
    backlog=10,
    response_timeout_s=5.0,
    enquire_link_s=30.0,
)
BIND_ACCEPTED = pdu(peer_octets.BIND_TRANSCEIVER_RESP, sequence=1, body=b"smsc\0")
USER_DATA = b"\x06\x05\x04\x0b\x84\x23\xf0push"


def message(key: int, parts: int = 1) -> Message:
    """A message of so many parts."""
    return key, f"4917{key:04}", (USER_DATA,) * parts


def bound(config: RouteConfig = CONFIG, now: float = 0.0) -> Session:
    """A session whose bind was accepted."""
    session = Session(config, now)
    session.octets_to_send(now)
    session.receive(BIND_ACCEPTED, now)
    return session


def sent(session: Session, now: float = 0.0) -> list[int]:
    """Sequence numbers of the submit_sm that go out now."""
    found = parse(session.octets_to_send(now))
    assert all(each[0] == peer_octets.SUBMIT_SM for each in found)
    return [each[2] for each in found]
