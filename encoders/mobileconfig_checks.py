"""Checks of a configuration profile before it is written and after it is read: each fault with field, rule and fix."""

import re
from collections.abc import Iterator, Sequence
from typing import get_args

from encoders.mobileconfig_model import (
    APN_KEYS,
    ATTACH_APN_KEYS,
    CELLULAR_KEYS,
    PROFILE_KEYS,
    Apn,
    AttachApn,
    Authentication,
    IpVersions,
    Key,
    Profile,
)

APN_MAX_OCTETS = 100
"""3GPP TS 23.003 clause 9.1, network and operator identifier together."""
PORT_MAX = 0xFFFF
DURATION_MAX_S = 0x7FFF_FFFF
REMOVAL_YEARS = range(1970, 9999)

_IDENTIFIER = re.compile("[A-Za-z0-9-]+([.][A-Za-z0-9-]+)*")
_APN = re.compile("[!-~]+")
_NOT_TEXT = re.compile("[^\t\n\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot write, and carriage returns, which property lists turn into line feeds."""


def faults(profile: Profile) -> Iterator[str]:
    """What forbids using the profile, as `field: rule; fix`; nothing for a sound one."""
    cellular = profile.cellular
    yield from _texts(profile, PROFILE_KEYS, "")
    yield from _texts(cellular, CELLULAR_KEYS, "cellular.")
    for path, identifier in (("identifier", profile.identifier), ("cellular.identifier", cellular.identifier)):
        if not _IDENTIFIER.fullmatch(identifier):
            yield f"{path}: a reversed domain such as example.operator.internet expected; got {identifier!r}"
    if profile.identifier == cellular.identifier or profile.uuid == cellular.uuid:
        yield "cellular: its identifier and uuid must not be those of the profile; give it its own"
    if not profile.display_name.strip():
        yield "display_name: the name shown to the user expected; give one"
    yield from _removal(profile)
    if cellular.attach_apn is None and not cellular.apns:
        yield "cellular: no access point; give an attach_apn or one of apns"
    if cellular.attach_apn is not None:
        yield from _access_point(cellular.attach_apn, ATTACH_APN_KEYS, "cellular.attach_apn")
    for index, apn in enumerate(cellular.apns):
        path = f"cellular.apns[{index}]"
        yield from _access_point(apn, APN_KEYS, path)
        yield from _apn(apn, path)


def _texts(value: object, keys: Sequence[Key], prefix: str) -> Iterator[str]:
    for key in keys:
        text = getattr(value, key.field)
        if isinstance(text, str) and (found := _NOT_TEXT.search(text)):
            yield f"{prefix}{key.field}: character U+{ord(found[0]):04X} cannot be sent; take it out"


def _removal(profile: Profile) -> Iterator[str]:
    date, duration_s = profile.removal_date, profile.duration_until_removal_s
    if date is not None and (date.tzinfo is None or date.microsecond or date.year not in REMOVAL_YEARS):
        yield f"removal_date: whole seconds from 1970 to 9998 with a time zone expected; got {date.isoformat()}"
    if duration_s is not None and not 0 < duration_s <= DURATION_MAX_S:
        yield f"duration_until_removal_s: above 0, at most {DURATION_MAX_S} expected; got {duration_s}"


def _access_point(point: AttachApn | Apn, keys: Sequence[Key], path: str) -> Iterator[str]:
    """Faults in what both kinds of access point have."""
    yield from _texts(point, keys, f"{path}.")
    if not _APN.fullmatch(point.name) or len(point.name) > APN_MAX_OCTETS:
        yield f"{path}.name: an APN of 1 to {APN_MAX_OCTETS} ASCII characters, no blanks, expected; got {point.name!r}"
    if point.authentication not in (None, *get_args(Authentication)):
        yield f"{path}.authentication: PAP or CHAP expected, the device knows no other; got {point.authentication!r}"
    for field in (key.field for key in keys if "ProtocolMask" in key.name):
        mask = getattr(point, field)
        if mask is not None and mask not in get_args(IpVersions):
            yield f"{path}.{field}: 1 (IPv4), 2 (IPv6) or 3 (both) expected; got {mask}"


def _apn(apn: Apn, path: str) -> Iterator[str]:
    if apn.proxy_port is not None and not 0 < apn.proxy_port <= PORT_MAX:
        yield f"{path}.proxy_port: 1 to {PORT_MAX} expected; got {apn.proxy_port}"
    if apn.proxy_port is not None and apn.proxy_server is None:
        yield f"{path}.proxy_server: expected beside proxy_port; give the proxy or leave out its port"
    if apn.default_ip is not None and apn.allowed_ip is not None and apn.default_ip & ~apn.allowed_ip:
        yield f"{path}.default_ip: within allowed_ip ({apn.allowed_ip}) expected; got {apn.default_ip}"
