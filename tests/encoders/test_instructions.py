"""Instructions: the operator's text with its fields filled, in as few SMS as hold it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from encoders.errors import EncodeError
from encoders.instructions import encode, fields, filled
from encoders.settings import Settings
from encoders.settings_access_point import AccessAuthentication, AccessPoint
from encoders.settings_application import Bookmark, Browser, Mms
from encoders.settings_proxy import PhysicalProxy, Port, Proxy
from encoders.sms_text import Alphabet, text_of

VALUES = {"apn": "internet.example", "user": "web"}


def test_fields_are_filled_and_doubled_braces_stay() -> None:
    message = encode("APN: {apn}\n{{Menu}}", VALUES, reference=1)
    assert text_of(message) == "APN: internet.example\n{Menu}"
    assert message.alphabet is Alphabet.GSM_7_BIT
    assert len(message.segments) == 1


def test_a_text_outside_the_gsm_alphabet_goes_as_ucs_2() -> None:
    message = encode("Точка доступа: {apn}. " * 5, VALUES, reference=9)
    assert message.alphabet is Alphabet.UCS_2
    assert [segment.header.hex() for segment in message.segments] == ["050003090301", "050003090302", "050003090303"]


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("PIN {pin}", r"^instructions: no value for \{pin\}$"),
        ("a { b", r"^instructions: lone '\{' at character 3"),
        (" \n", "nothing to read"),
        ("a\tb", r"character U\+0009 cannot be shown; take it out"),
    ],
)
def test_a_text_that_cannot_be_sent_is_refused_with_the_rule(text: str, rule: str) -> None:
    with pytest.raises(EncodeError, match=rule):
        encode(text, VALUES, reference=1)


@given(st.text(st.characters(exclude_categories=["C"]), min_size=1, max_size=400), st.booleans())
def test_any_value_is_read_as_it_was_given(value: str, wide: bool) -> None:
    message = encode("x{value}", {"value": value}, reference=1, wide=wide)
    assert text_of(message) == filled("x{value}", {"value": value}) == "x" + value


def test_the_fields_of_a_text_are_what_the_settings_say() -> None:
    login = AccessAuthentication(method="PAP", user="web", password="hush")
    net = AccessPoint(id="net", name="Net", address="internet", internet=True, authentications=(login,))
    mms = AccessPoint(id="mms", name="MMS", address="mms")
    address = PhysicalProxy(address="192.0.2.1", access_points=("mms",), ports=(Port(number=8080),))
    settings = Settings(
        name="All",
        access_points=(net, mms),
        proxies=(Proxy(id="proxy", name="Proxy", addresses=(address,)),),
        applications=(
            Browser(home_page=Bookmark(url="http://home/")),
            Mms(mmsc="http://mmsc/", proxies=("proxy",)),
        ),
    )
    assert fields(settings) == {
        "apn": "internet",
        "authentication": "PAP",
        "user": "web",
        "password": "hush",
        "home_page": "http://home/",
        "mms_apn": "mms",
        "mms_proxy": "192.0.2.1",
        "mms_port": "8080",
        "mmsc": "http://mmsc/",
    }
    assert fields(Settings(name="x", access_points=(mms,))) == {"apn": "mms"}
    assert fields(Settings(name="x")) == {}
