"""Who is provisioned with what: one document of two SMS, and the lines and requests that ask for it."""

from collections.abc import Iterator

import msgspec

from encoders import settings as neutral
from tps.sim.subscribers import Subscriber, Subscribers, luhn_digit

SETTINGS_NAME = "bench"
SEGMENTS = 2
"""SMS that each push takes: what operators send most, and what other servers were measured with."""

_SETTINGS = {
    "name": "Internet",
    "access_points": [
        {"id": "net", "name": "Internet", "address": "internet.example", "internet": True},
    ],
    "applications": [
        {
            "kind": "browser",
            "name": "Web",
            "home_page": {"url": "http://web.example/"},
            "access_points": ["net"],
        },
        {"kind": "mms", "name": "MMS", "mmsc": "http://mmsc.example/", "access_points": ["net"]},
    ],
}
PUBLICATION = msgspec.json.encode({"settings": _SETTINGS, "note": "for load tests"})
"""What POST /v1/settings/{name} takes; no value of a subscriber is in it, so that it is encoded once."""

_OTHER_TAC = "35999990"
"""Type allocation code of the devices that subscribers change to."""


def settings() -> neutral.Settings:
    """The settings of `PUBLICATION`."""
    return msgspec.convert(_SETTINGS, neutral.Settings)


def settings_with_values() -> neutral.Settings:
    """The same with the credentials of each subscriber in them, so that every document is another one."""
    point = {
        **_SETTINGS["access_points"][0],  # type: ignore[dict-item]
        "authentications": [{"method": "PAP", "user": "{msisdn}", "password": "{ppp_password}"}],
    }
    return msgspec.convert({**_SETTINGS, "access_points": [point]}, neutral.Settings)


def people(first: int, count: int) -> Iterator[Subscriber]:
    """Subscribers `first` to `first + count - 1`, always the same ones."""
    return map(Subscribers(first + count).subscriber, range(first, first + count))


def account(subscriber: Subscriber) -> bytes:
    """The line that creates a subscriber."""
    identities = f'"imsi":"{subscriber.imsi}","msisdn":"{subscriber.msisdn}"'
    return f'{{{identities},"settings":"{SETTINGS_NAME}"}}\n'.encode()


def push(subscriber: Subscriber) -> bytes:
    """The wish to set up a subscriber's device: a line of a stream, or the body of a request."""
    return f'{{"imsi":"{subscriber.imsi}","imei":"{subscriber.imei}"}}\n'.encode()


def detection_in_another_device(subscriber: Subscriber, number: int) -> bytes:
    """The line that reports a subscriber's SIM in a device of this number, which it was never in before."""
    first_14 = other_device(number)
    return f'{{"imsi":"{subscriber.imsi}","imei":"{first_14}{luhn_digit(first_14)}"}}\n'.encode()


def other_device(number: int) -> str:
    """The first 14 digits of the device of this number, none of those that subscribers have from the beginning."""
    return f"{_OTHER_TAC}{number % 10**6:06}"


detection = push
"""The line that reports a subscriber's SIM in its device has the same two fields."""
