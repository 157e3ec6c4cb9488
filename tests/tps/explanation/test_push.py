"""A push explained: the octets that are sent, and which of them are hidden."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import settings as examples

from bootstrap.mac import Method
from encoders.client_provisioning_settings import placeholders, to_document
from encoders.settings import Settings
from encoders.settings_access_point import AccessAuthentication, AccessPoint
from tests.settings_strategies import SECRET_MARK, settings
from tps.decisions.policy import DeliveryPolicy
from tps.delivery.catalogue import Profile
from tps.explanation import secret_parms
from tps.explanation.note import hexadecimal
from tps.explanation.push import Explanation, Subject, explain

INTERNET = Settings(
    name="Internet",
    access_points=(
        AccessPoint(
            id="internet",
            name="Internet",
            address="internet.example",
            authentications=(AccessAuthentication(method="PAP", user="{ppp_user}", password=SECRET_MARK),),
        ),
    ),
)
OPEN_INTERNET = Settings(
    name="Internet", access_points=(AccessPoint(id="internet", name="Internet", address="internet.example"),)
)
BUILT_IN = {"imsi": "001010123456789", "msisdn": "491700000001"}


def subject(neutral: Settings, method: Method = Method.NETWPIN) -> Subject:
    """A push of these settings; the subscriber's own values are secrets, too."""
    document = to_document(neutral)
    asked = placeholders(document)
    return Subject(
        profile=Profile("internet", 1, 0, DeliveryPolicy(), document, asked, None),
        method=method,
        imsi=BUILT_IN["imsi"],
        pin="13579",
        values=dict.fromkeys(asked, SECRET_MARK) | BUILT_IN,
        reference=7,
        secret=secret_parms.of_settings(neutral),
    )


def visible(explanation: Explanation) -> bytes:
    """What is seen of the push, put together from its SMS."""
    return b"".join(
        bytes(part.octets[place] for place in range(part.header_octets, len(part.octets)) if place not in part.hidden)
        for part in explanation.parts
    )


@given(settings())
@examples(max_examples=25)
def test_no_secret_of_any_settings_is_seen_in_an_sms(any_settings: Settings) -> None:
    explanation = explain(subject(any_settings))
    assert SECRET_MARK.encode() not in visible(explanation)
    assert SECRET_MARK not in repr(explanation.document)


def test_everything_but_the_values_of_secret_parameters_is_seen() -> None:
    explanation = explain(subject(INTERNET))
    hidden = [note for note in (*explanation.headers, *explanation.body) if note.secret]
    assert len(visible(explanation)) == len(explanation.composed.pdu) - sum(len(note.octets) for note in hidden)
    assert b"internet" in visible(explanation)


@pytest.mark.parametrize(
    ("settings_shown", "method", "is_hidden"),
    [
        (OPEN_INTERNET, Method.NETWPIN, False),
        (OPEN_INTERNET, Method.USERPIN, True),
        (OPEN_INTERNET, Method.USERNETWPIN, True),
        (INTERNET, Method.NETWPIN, True),
    ],
)
def test_the_mac_is_hidden_where_it_would_give_a_pin_or_a_password_away(
    settings_shown: Settings, method: Method, *, is_hidden: bool
) -> None:
    explanation = explain(subject(settings_shown, method))
    mac = explanation.composed.mac
    assert mac is not None
    assert explanation.hides_mac is is_hidden
    assert (mac.encode() not in visible(explanation)) is is_hidden
    assert explanation.hides_pin is (method is not Method.NETWPIN)


@pytest.mark.parametrize("method", Method)
def test_nothing_is_hidden_from_those_who_may_see_secrets(method: Method) -> None:
    explanation = explain(subject(INTERNET, method), show_secrets=True)
    assert visible(explanation) == explanation.composed.pdu
    assert not explanation.hides_pin
    assert not explanation.hides_mac
    assert SECRET_MARK in repr(explanation.document)


def test_the_sms_are_those_that_would_be_sent() -> None:
    about = subject(INTERNET)
    explanation = explain(replace(about, reference=9))
    assert tuple(part.octets for part in explanation.parts) == explanation.composed.segments
    assert [part.octets[9] for part in explanation.parts] == [9] * len(explanation.parts)
    meanings = [note.meaning for note in explanation.parts[0].header]
    assert meanings == [
        "user data header of 11 octets",
        "to port 2948, from port 9200",
        f"message 9, part 1 of {len(explanation.parts)}",
    ]


def test_the_headers_of_the_push_are_told_value_by_value() -> None:
    explanation = explain(subject(OPEN_INTERNET))
    meanings = {hexadecimal(note.octets): note.meaning for note in explanation.headers}
    assert meanings["B6"] == "media type application/vnd.wap.connectivity-wbxml"
    assert meanings["91 80"] == "SEC = 0: NETWPIN"
    assert f"MAC = {explanation.composed.mac}" in meanings.values()
    assert b"".join(note.octets for note in explanation.headers) == explanation.composed.pdu.removesuffix(
        explanation.composed.wbxml
    )
