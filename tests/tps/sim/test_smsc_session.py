"""One link of the simulated SMSC without a network: a peer that sends and does not read."""

import asyncio

from tests.tps.sim.esme import ENQUIRE_LINK, octets_of
from tps.sim.smsc_behaviour import Behaviour
from tps.sim.smsc_centre import MessageCentre
from tps.sim.smsc_session import Session


class Transport(asyncio.Transport):
    """Keeps what is written, and each time reading was stopped or went on."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []
        self.reading: list[bool] = []

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written.append(bytes(data))

    def is_closing(self) -> bool:
        return False

    def pause_reading(self) -> None:
        self.reading.append(False)

    def resume_reading(self) -> None:
        self.reading.append(True)


def test_nothing_more_is_read_from_a_peer_that_does_not_read_its_answers() -> None:
    centre = MessageCentre(accounts={}, behaviour=Behaviour(), wake=lambda _: None)
    transport, lost = Transport(), list[Session]()
    session = Session(centre, lambda: 0.0, lambda: None, lost.append)
    session.connection_made(transport)
    session.data_received(octets_of(ENQUIRE_LINK, sequence=4))
    assert transport.written == [octets_of(0x80000000 | ENQUIRE_LINK, sequence=4)]
    session.pause_writing()
    assert transport.reading == [False]
    session.resume_writing()
    assert transport.reading == [False, True]
    session.connection_lost(None)
    assert lost == [session]
