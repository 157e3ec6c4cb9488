"""Apple configuration profiles with a cellular payload <-> XML property lists (.mobileconfig), not yet signed.

For an iPhone, which takes no OMA client provisioning: the user opens the profile over HTTPS and confirms it. MMS, VoLTE
and VoWiFi cannot be set so.
"""

import plistlib
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import NAMESPACE_URL, UUID, uuid5

from encoders.errors import DecodeError, EncodeError
from encoders.mobileconfig_checks import faults
from encoders.mobileconfig_model import (
    APN_KEYS,
    ATTACH_APN_KEYS,
    CELLULAR_KEYS,
    PROFILE_KEYS,
    Apn,
    AttachApn,
    Cellular,
    Key,
    Profile,
)
from encoders.xml_text import without_doctype

__all__ = ["MEDIA_TYPE", "Apn", "AttachApn", "Cellular", "Profile", "decode", "derived_uuid", "encode", "faults"]

MEDIA_TYPE = "application/x-apple-aspen-config"

_PROFILE_TYPE = "Configuration"
_CELLULAR_TYPE = "com.apple.cellular"
_PAYLOAD_VERSION = 1
_UUID = re.compile("[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_INTEGER_MAX_BITS = 64
"""What a property list holds, by plistlib's own writer; its reader takes any number in hexadecimal."""

_PLIST_ERRORS = (ValueError, TypeError, AttributeError, IndexError, KeyError, OverflowError)
"""What plistlib lets out on well-formed XML that is no property list: `<key>` outside a `<dict>`, a wrong `<date>`."""

Plist = dict[str, object]
Part = TypeVar("Part", Profile, Cellular, AttachApn, Apn)


def derived_uuid(identifier: str, build: str) -> UUID:
    """The PayloadUUID of the payload `identifier` in this `build`: the same for the same two, another for any other.

    `build` is whatever changes with the content, such as the fingerprint of the settings; never a secret.
    """
    return uuid5(NAMESPACE_URL, f"urn:mobileconfig:{identifier}#{build}")


def encode(profile: Profile) -> bytes:
    """The profile as an XML property list in UTF-8, ready to be signed; `EncodeError` names field, rule and fix."""
    for fault in faults(profile):
        raise EncodeError(fault)
    return plistlib.dumps(_profile_dict(profile), fmt=plistlib.FMT_XML, sort_keys=False)


def _profile_dict(profile: Profile) -> Plist:
    return {
        "PayloadType": _PROFILE_TYPE,
        "PayloadVersion": _PAYLOAD_VERSION,
        **_values(profile, PROFILE_KEYS),
        "PayloadContent": [_cellular_dict(profile.cellular)],
    }


def _cellular_dict(cellular: Cellular) -> Plist:
    found: Plist = {
        "PayloadType": _CELLULAR_TYPE,
        "PayloadVersion": _PAYLOAD_VERSION,
        **_values(cellular, CELLULAR_KEYS),
    }
    if cellular.attach_apn is not None:
        found["AttachAPN"] = _values(cellular.attach_apn, ATTACH_APN_KEYS)
    if cellular.apns:
        found["APNs"] = [_values(apn, APN_KEYS) for apn in cellular.apns]
    return found


def _values(part: Part, keys: Sequence[Key]) -> Plist:
    """What is given, as a property list writes it."""
    given = ((key, getattr(part, key.field)) for key in keys)
    return {key.name: _written(value, key) for key, value in given if value is not None}


def _written(value: object, key: Key) -> object:
    match value:
        case UUID():
            return str(value).upper()
        case int() if key.type is float:
            return float(value)
        case datetime():
            return value.astimezone(UTC).replace(tzinfo=None)
    return value


def decode(octets: bytes) -> Profile:
    """The profile in an XML property list, unsigned; `DecodeError` also for a key or payload that is not known here."""
    try:
        root = plistlib.loads(without_doctype(octets), fmt=plistlib.FMT_XML)
    except DecodeError:
        raise
    except _PLIST_ERRORS as error:
        raise DecodeError(f"not a property list: {error}") from error
    found = _payload(root, _PROFILE_TYPE, "profile")
    payload, *others = _several(found.pop("PayloadContent", None), "profile.PayloadContent")
    if others:
        raise DecodeError(f"profile.PayloadContent: one payload expected; got {1 + len(others)}")
    profile = Profile(cellular=_cellular(payload), **_fields(found, PROFILE_KEYS, "profile"))
    for fault in faults(profile):
        raise DecodeError(fault)
    return profile


def _cellular(payload: object) -> Cellular:
    found = _payload(payload, _CELLULAR_TYPE, "PayloadContent[0]")
    attach_apn = found.pop("AttachAPN", None)
    apns = _several(found.pop("APNs"), "PayloadContent[0].APNs") if "APNs" in found else []
    return Cellular(
        attach_apn=None if attach_apn is None else AttachApn(**_fields(attach_apn, ATTACH_APN_KEYS, "AttachAPN")),
        apns=tuple(Apn(**_fields(apn, APN_KEYS, f"APNs[{index}]")) for index, apn in enumerate(apns)),
        **_fields(found, CELLULAR_KEYS, "PayloadContent[0]"),
    )


def _payload(value: object, type_: str, path: str) -> Plist:
    """A copy of the dictionary of a payload of this type, without its type and version."""
    found = _dictionary(value, path)
    for key, expected in (("PayloadType", type_), ("PayloadVersion", _PAYLOAD_VERSION)):
        given = found.pop(key, None)
        _verify_type(given, type(expected), f"{path}.{key}")
        if given != expected:
            raise DecodeError(f"{path}.{key}: {expected!r} expected; got {given!r}")
    return found


def _dictionary(value: object, path: str) -> Plist:
    if not isinstance(value, dict):
        raise DecodeError(f"{path}: a dictionary expected; got {type(value).__name__}")
    return dict(value)


def _several(value: object, path: str) -> list[object]:
    if not isinstance(value, list) or not value:
        raise DecodeError(f"{path}: an array with content expected; got {type(value).__name__}")
    return value


def _fields(value: object, keys: Sequence[Key], path: str) -> dict[str, Any]:
    """The fields that a dictionary fills, each of the type of its key."""
    found = _dictionary(value, path)
    fields: dict[str, Any] = {}
    for key in keys:
        given = found.pop(key.name, None)
        if given is not None:
            fields[key.field] = _read(given, key, f"{path}.{key.name}")
        elif key.required:
            raise DecodeError(f"{path}.{key.name}: missing")
    if found:
        raise DecodeError(f"{path}.{next(iter(found))}: not a key known here")
    return fields


def _read(value: object, key: Key, path: str) -> object:
    if key.type is UUID and isinstance(value, str) and _UUID.fullmatch(value):
        return UUID(value)
    _verify_type(value, key.type, path)
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) else value


def _verify_type(value: object, expected: type, path: str) -> None:
    """That a value is of this type, so that a message may show it: of arrays without end Python has no view."""
    # Not isinstance: a bool is an int to Python, and none to a property list.
    if type(value) is not expected:
        raise DecodeError(f"{path}: {expected.__name__} expected; got {type(value).__name__}")
    if isinstance(value, int) and value.bit_length() > _INTEGER_MAX_BITS:
        raise DecodeError(f"{path}: an integer of at most {_INTEGER_MAX_BITS} bits expected; got {value.bit_length()}")
