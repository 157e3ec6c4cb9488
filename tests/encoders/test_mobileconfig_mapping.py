"""From the neutral settings to an iPhone's profile."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given

from encoders import settings_values
from encoders.errors import EncodeError
from encoders.mobileconfig import Apn, AttachApn, Cellular, Profile, decode, derived_uuid, encode
from encoders.mobileconfig_mapping import to_profile
from encoders.settings import Settings
from encoders.settings_access_point import AccessAuthentication, AccessPoint
from encoders.settings_application import Browser
from encoders.settings_proxy import PhysicalProxy, Port, Proxy
from tests.settings_strategies import settings
from tests.strategies import fewer_examples

LOGINS = (
    AccessAuthentication(method="MS-CHAP", user="no"),
    AccessAuthentication(method="CHAP", user="web", password="hush"),
)
POINT = AccessPoint(
    id="net", name="Net", address="internet", internet=True, ip_version="IPV4V6", authentications=LOGINS
)
IDENTITY: dict[str, Any] = {"identifier": "example.operator.net", "build": "7"}


def with_proxy(*ports: Port) -> Settings:
    address = PhysicalProxy(address="192.0.2.1", access_points=("net",), ports=ports)
    return Settings(
        name="Internet",
        access_points=(POINT,),
        proxies=(Proxy(id="proxy", name="Proxy", addresses=(address,)),),
        applications=(Browser(proxies=("proxy",)),),
    )


def test_the_way_of_the_browser_becomes_the_access_point_of_data() -> None:
    login: dict[str, Any] = {"authentication": "CHAP", "user": "web", "password": "hush", "allowed_ip": 3}
    assert to_profile(with_proxy(Port(number=8080)), organization="Operator", attach=True, **IDENTITY) == Profile(
        identifier="example.operator.net",
        uuid=derived_uuid("example.operator.net", "7"),
        display_name="Internet",
        organization="Operator",
        cellular=Cellular(
            identifier="example.operator.net.cellular",
            uuid=derived_uuid("example.operator.net.cellular", "7"),
            display_name="Net",
            attach_apn=AttachApn(name="internet", **login),
            apns=(Apn(name="internet", proxy_server="192.0.2.1", proxy_port=8080, allowed_ip_roaming=3, **login),),
        ),
    )


@pytest.mark.parametrize(
    "ports",
    [(), (Port(number=9201),), (Port(number=9401, services=("CO-WSP",)), Port(number=9203, services=("CO-SEC-WSP",)))],
    ids=["the usual ones", "a usual one", "others with WSP"],
)
def test_a_wap_gateway_is_no_proxy_for_an_iphone(ports: tuple[Port, ...]) -> None:
    (apn,) = to_profile(with_proxy(*ports), **IDENTITY).cellular.apns
    assert (apn.proxy_server, apn.proxy_port) == (None, None)


def test_a_wap_gateway_that_is_an_http_proxy_too_is_one_for_an_iphone() -> None:
    ports = Port(number=9201), Port(number=9401, services=("CO-WSP",)), Port(number=8080)
    (apn,) = to_profile(with_proxy(*ports), **IDENTITY).cellular.apns
    assert (apn.proxy_server, apn.proxy_port) == ("192.0.2.1", 8080)


@pytest.mark.parametrize(
    ("point", "rule"),
    [
        (AccessPoint(id="call", name="Call", address="+3584", address_type="E164"), "one with an APN"),
        (
            AccessPoint(id="a", name="A", address="a", authentications=LOGINS[:1]),
            "access point a: PAP or CHAP expected",
        ),
    ],
)
def test_what_an_iphone_cannot_be_told_is_refused_with_the_rule(point: AccessPoint, rule: str) -> None:
    with pytest.raises(EncodeError, match=rule):
        to_profile(Settings(name="x", access_points=(point,)), **IDENTITY)


@fewer_examples
@given(settings())
def test_any_settings_are_a_profile_that_can_be_sent_or_an_encode_error(drawn: Settings) -> None:
    values = dict.fromkeys(settings_values.placeholders(drawn), "1")
    with suppress(EncodeError):
        profile = to_profile(settings_values.fill(drawn, values), **IDENTITY)
        assert decode(encode(profile)) == profile
