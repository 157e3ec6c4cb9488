"""Neutral settings to Nokia/Ericsson browser settings: one document for the browser, one for MMS."""

from collections.abc import Iterator
from ipaddress import IPv4Address

from encoders.browser_settings_model import (
    Address,
    AuthenticationType,
    Bearer,
    Bookmark,
    BrowserSettings,
    CallSpeed,
    CallType,
)
from encoders.errors import EncodeError
from encoders.settings import Settings
from encoders.settings_access_point import AccessPoint
from encoders.settings_application import Browser, Mms
from encoders.settings_ways import Way, ways

WAP_GATEWAY_PORT = 9201
"""Connection-oriented WSP without WTLS: what a gateway without a given port is asked for."""

# fmt: off
_BEARERS: dict[str, Bearer] = {
    "GSM-GPRS": "GPRS",
    "GSM-CSD":  "GSM/CSD",
    "GSM-SMS":  "GSM/SMS",
    "GSM-USSD": "GSM/USSD",
    "ANSI-136-CSD": "IS-136/CSD",
}
_USUAL_BEARERS: dict[str, Bearer] = {"APN": "GPRS", "E164": "GSM/CSD"}
_METHODS: dict[str, AuthenticationType] = {"PAP": "PAP", "CHAP": "CHAP", "MS-CHAP": "MS_CHAP"}
_SPEEDS: dict[object, CallSpeed] = {
    "AUTOBAUDING": "AUTO", 9600: "9600", 14400: "14400", 19200: "19200", 28800: "28800", 38400: "38400",
    43200: "43200", 57600: "57600",
}
_CALL_TYPES: dict[str, CallType] = {"ANALOG-MODEM": "ANALOGUE", "V.110": "ISDN", "V.120": "ISDN"}
# fmt: on


def to_browser_settings(settings: Settings) -> tuple[BrowserSettings, ...]:
    """The documents that set a handset so, each to be sent on its own; `settings` are filled in already.

    An `EncodeError` leads with what these handsets cannot be told: an application other than browser and MMS has no
    place in this format and is left out, but settings with neither are refused.
    """
    documents = tuple(_documents(settings))
    if not documents:
        raise EncodeError("applications: a browser or MMS expected; this format has nothing else")
    return documents


def _documents(settings: Settings) -> Iterator[BrowserSettings]:
    for index, application in enumerate(settings.applications):
        path = f"applications[{index}]"
        name = application.name or settings.name
        if isinstance(application, Browser):
            yield BrowserSettings(
                name=name,
                addresses=_addresses(settings, application, path),
                home_page=application.home_page.url if application.home_page else None,
                bookmarks=tuple(Bookmark(name=page.name or page.url, url=page.url) for page in application.bookmarks),
            )
        elif isinstance(application, Mms):
            yield BrowserSettings(name=name, addresses=_addresses(settings, application, path), mmsc=application.mmsc)


def _addresses(settings: Settings, application: Browser | Mms, path: str) -> tuple[Address, ...]:
    found = ways(settings, application)
    if not found:
        raise EncodeError(f"{path}.access_points: an access point expected; give one")
    return tuple(address for way in found for address in _of_way(way))


def _of_way(way: Way) -> Iterator[Address]:
    """One address for each bearer that this format knows."""
    point = way.point
    bearers = [_BEARERS[bearer] for bearer in point.bearers if bearer in _BEARERS]
    if not point.bearers and point.address_type in _USUAL_BEARERS:
        bearers = [_USUAL_BEARERS[point.address_type]]
    if not bearers:
        raise EncodeError(f"access point {point.id}: a bearer among {', '.join(_BEARERS)} expected")
    for bearer in bearers:
        yield _address(way, bearer)


def _address(way: Way, bearer: Bearer) -> Address:
    point = way.point
    login = next((one for one in point.authentications if one.method in _METHODS), None)
    if point.authentications and login is None:
        raise EncodeError(f"access point {point.id}: PAP, CHAP or MS-CHAP expected among its authentications")
    proxy_login = way.proxy.authentications[0] if way.proxy and way.proxy.authentications else None
    address = way.address.address if way.address else None
    return Address(
        bearer=bearer,
        proxy=address,
        port=(way.port or WAP_GATEWAY_PORT) if address else None,
        proxy_type="IPV4" if address and _is_ipv4(address) else None,
        proxy_user=proxy_login.user if proxy_login else None,
        proxy_password=proxy_login.password if proxy_login else None,
        dial_string=point.address if "CSD" in bearer else None,
        call_type=_call_type(point) if "CSD" in bearer else None,
        call_speed=_speed(point) if "CSD" in bearer else None,
        apn=point.address if bearer == "GPRS" else None,
        sms_centre=point.address if bearer == "GSM/SMS" else None,
        ussd_code=point.address if bearer == "GSM/USSD" else None,
        ppp_authentication=_METHODS[login.method] if login else None,
        ppp_user=login.user if login else None,
        ppp_password=login.password if login else None,
        ppp_login="AUTOMATIC" if login else None,
    )


def _call_type(point: AccessPoint) -> CallType | None:
    call_type = point.call.call_type if point.call else None
    if call_type is not None and call_type not in _CALL_TYPES:
        raise EncodeError(f"access point {point.id}: a call type of {', '.join(_CALL_TYPES)} expected; got {call_type}")
    return None if call_type is None else _CALL_TYPES[call_type]


def _speed(point: AccessPoint) -> CallSpeed | None:
    speed = point.call.link_speed_bit_s if point.call else None
    if speed is not None and speed not in _SPEEDS:
        raise EncodeError(f"access point {point.id}: a speed of {', '.join(map(str, _SPEEDS))} expected; got {speed}")
    return None if speed is None else _SPEEDS[speed]


def _is_ipv4(address: str) -> bool:
    try:
        IPv4Address(address)
    except ValueError:
        return False
    return True
