"""The configuration of the Diameter feed: what could not work is refused."""

from typing import Any

import msgspec
import pytest

from tps.feeds.diameter_config import DiameterFeed, DiameterPeer

PEER: dict[str, Any] = {"origin_host": "mme01.epc.example", "prefixes": ["10.1.0.0/16"]}
NAMES: dict[str, Any] = {"origin_host": "eir.tps.example", "origin_realm": "tps.example"}


@pytest.mark.parametrize(
    ("peer", "complaint"),
    [
        ({"origin_host": "mme 01"}, "origin_host: a host name expected"),
        ({"prefixes": []}, "prefixes: at least one address"),
        ({"prefixes": ["10.1.2.3/16"]}, "host bits set"),
    ],
)
def test_what_can_be_no_peer_is_refused(peer: dict[str, Any], complaint: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=complaint):
        msgspec.convert({**PEER, **peer}, DiameterPeer)


@pytest.mark.parametrize(
    ("feed", "complaint"),
    [
        ({"enabled": True, "peers": [PEER]}, "origin_host: a name such as"),
        ({**NAMES, "enabled": True}, "peers: at least one"),
        ({**NAMES, "origin_realm": "tps example"}, "origin_realm: a name such as"),
        ({"port": -1}, "port: 0 to 65535"),
        ({"watchdog_s": 0}, "watchdog_s: more than 0 seconds"),
        ({"handshake_timeout_s": -1}, "handshake_timeout_s: more than 0 seconds"),
        ({"max_connections": 0}, "max_connections: at least 1"),
        ({"max_message_octets": 1000}, "max_message_octets: 1024 to 16777215"),
        ({"when_full": "drop"}, "Invalid enum value 'drop'"),
        ({"peers": [PEER, {**PEER, "origin_host": "MME01.epc.example"}]}, "given twice"),
    ],
)
def test_what_could_not_work_is_refused(feed: dict[str, Any], complaint: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=complaint):
        msgspec.convert(feed, DiameterFeed)


def test_without_a_word_the_feed_is_off() -> None:
    assert not DiameterFeed().enabled
