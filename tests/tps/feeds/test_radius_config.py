"""The configuration of the RADIUS feed: what could not work is refused, and the secret stays hidden."""

from typing import Any

import msgspec
import pytest

from tps.feeds.radius_config import RadiusClient, RadiusFeed

CLIENT: dict[str, Any] = {"name": "ggsn", "prefix": "10.1.0.0/16", "secret": "between us"}


@pytest.mark.parametrize(
    ("client", "complaint"),
    [
        ({"name": ""}, "name: required"),
        ({"prefix": "ggsn.example"}, "prefix: an address, or a prefix such as 10.1.0.0/16, expected"),
        ({"prefix": "10.1.2.3/16"}, "host bits set"),
        ({"secret": ""}, "secret: required"),
        ({"rate_per_s": -1}, "rate_per_s: 0 for no limit"),
    ],
)
def test_what_can_be_no_client_is_refused(client: dict[str, Any], complaint: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=complaint):
        msgspec.convert({**CLIENT, **client}, RadiusClient)


@pytest.mark.parametrize(
    ("feed", "complaint"),
    [
        ({"enabled": True}, "clients: at least one"),
        ({"port": 65_536}, "port: 0 to 65535"),
        ({"remembered_requests": 1}, "remembered_requests: at least 2"),
        ({"receive_buffer_octets": 0}, "receive_buffer_octets: at least 4096"),
        ({"clients": [CLIENT, {**CLIENT, "prefix": "10.2.0.0/16"}]}, "the name 'ggsn' is given twice"),
        ({"clients": [CLIENT, {**CLIENT, "name": "other"}]}, "the prefix '10.1.0.0/16' is given twice"),
    ],
)
def test_what_could_not_work_is_refused(feed: dict[str, Any], complaint: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=complaint):
        msgspec.convert(feed, RadiusFeed)


def test_without_a_word_the_feed_is_off() -> None:
    assert not RadiusFeed().enabled


def test_the_secret_is_not_shown() -> None:
    assert repr(RadiusClient(**CLIENT)) == "<RadiusClient ggsn 10.1.0.0/16>"
    assert "between us" not in repr(RadiusFeed(clients=(RadiusClient(**CLIENT),)))
