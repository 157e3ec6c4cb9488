"""From the neutral settings to what Nokia and Ericsson handsets can be told."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given

from encoders import settings_values
from encoders.browser_settings import Address, Bookmark, BrowserSettings, decode, encode
from encoders.browser_settings_mapping import to_browser_settings
from encoders.errors import EncodeError
from encoders.settings import Settings
from encoders.settings_access_point import AccessAuthentication, AccessPoint, CallType, CircuitCall
from encoders.settings_application import Bookmark as Page
from encoders.settings_application import Browser, DataSync, Mms
from encoders.settings_proxy import PhysicalProxy, Proxy, ProxyAuthentication
from tests.settings_strategies import settings
from tests.strategies import fewer_examples

CALL = AccessPoint(
    id="call",
    name="Call",
    address="+358401",
    address_type="E164",
    call=CircuitCall(link_speed_bit_s=9600),
    authentications=(AccessAuthentication(method="MS-CHAP", user="u", password="p"),),
)
PACKET = AccessPoint(id="packet", name="Packet", address="wap.example")
PROXY = Proxy(
    id="gateway",
    name="Gateway",
    addresses=(PhysicalProxy(address="192.0.2.1", access_points=("packet", "call")),),
    authentications=(ProxyAuthentication(method="HTTP-BASIC", user="x", password="y"),),
)
BROWSER = Browser(
    name="Portal",
    proxies=("gateway",),
    home_page=Page(url="http://home/"),
    bookmarks=(Page(url="http://a/", name="A"), Page(url="http://b/")),
)
SETTINGS = Settings(
    name="WAP",
    access_points=(PACKET, CALL),
    proxies=(PROXY,),
    applications=(BROWSER, Mms(mmsc="http://mmsc/", access_points=("packet",)), DataSync(url="http://sync/")),
)


def test_browser_and_mms_become_a_document_each() -> None:
    gateway: dict[str, Any] = {"proxy": "192.0.2.1", "port": 9201, "proxy_type": "IPV4"}
    gateway |= {"proxy_user": "x", "proxy_password": "y"}
    call = Address(
        bearer="GSM/CSD",
        dial_string="+358401",
        call_speed="9600",
        ppp_authentication="MS_CHAP",
        ppp_user="u",
        ppp_password="p",
        ppp_login="AUTOMATIC",
        **gateway,
    )
    browser, mms = to_browser_settings(SETTINGS)
    assert browser == BrowserSettings(
        name="Portal",
        addresses=(Address(bearer="GPRS", apn="wap.example", **gateway), call),
        home_page="http://home/",
        bookmarks=(Bookmark(name="A", url="http://a/"), Bookmark(name="http://b/", url="http://b/")),
    )
    assert mms == BrowserSettings(
        name="WAP", addresses=(Address(bearer="GPRS", apn="wap.example"),), mmsc="http://mmsc/"
    )


def changed(**changes: Any) -> Settings:
    """The settings with one access point of other properties."""
    fields = {"id": "packet", "name": "Packet", "address": "wap.example"} | changes
    return Settings(name="WAP", access_points=(AccessPoint(**fields),), applications=(Browser(),))


@pytest.mark.parametrize(
    ("wrong", "rule"),
    [
        (Settings(name="x", access_points=(PACKET,)), "applications: a browser or MMS expected"),
        (Settings(name="x", applications=(Browser(),)), r"applications\[0\].access_points: an access point expected"),
        (changed(bearers=("AMPS-CDPD",)), "access point packet: a bearer among GSM-GPRS, .* expected"),
        (changed(address_type="MAN"), "access point packet: a bearer among"),
        (changed(authentications=(AccessAuthentication(method="MD5"),)), "PAP, CHAP or MS-CHAP expected"),
        (
            changed(address_type="E164", call=CircuitCall(link_speed_bit_s=64000)),
            "access point packet: a speed of AUTOBAUDING, 9600, .* expected; got 64000",
        ),
        (
            changed(address_type="E164", call=CircuitCall(call_type="X.31")),
            r"access point packet: a call type of ANALOG-MODEM, V.110, V.120 expected; got X.31",
        ),
    ],
)
def test_what_these_handsets_cannot_be_told_is_refused_with_place_and_rule(wrong: Settings, rule: str) -> None:
    with pytest.raises(EncodeError, match=rule):
        to_browser_settings(wrong)


@pytest.mark.parametrize(
    ("bearer", "field"),
    [("GSM-SMS", "sms_centre"), ("GSM-USSD", "ussd_code"), ("GSM-GPRS", "apn"), ("ANSI-136-CSD", "dial_string")],
)
def test_the_address_goes_where_its_bearer_looks_for_it(bearer: str, field: str) -> None:
    (document,) = to_browser_settings(changed(bearers=(bearer,)))
    assert getattr(document.addresses[0], field) == "wap.example"


@pytest.mark.parametrize(
    ("call_type", "told"), [(None, None), ("ANALOG-MODEM", "ANALOGUE"), ("V.110", "ISDN"), ("V.120", "ISDN")]
)
def test_a_call_is_told_whether_it_goes_over_a_modem_or_isdn(call_type: CallType | None, told: str | None) -> None:
    (document,) = to_browser_settings(changed(address_type="E164", call=CircuitCall(call_type=call_type)))
    assert document.addresses[0].call_type == told
    (packet,) = to_browser_settings(changed(call=CircuitCall(call_type=call_type)))
    assert packet.addresses[0].call_type is None


@fewer_examples
@given(settings())
def test_any_settings_are_documents_that_can_be_sent_or_an_encode_error(drawn: Settings) -> None:
    values = dict.fromkeys(settings_values.placeholders(drawn), "1")
    with suppress(EncodeError):
        for document in to_browser_settings(settings_values.fill(drawn, values)):
            assert decode(encode(document)) == document
