"""What an Apple configuration profile says about the cellular network, and the keys of its property list.

Source: Apple's device management schema, profile payload com.apple.cellular (iOS 7 and later, watchOS 3.2 and later).
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NamedTuple
from uuid import UUID

Authentication = Literal["PAP", "CHAP"]
"""Left out, the device takes PAP."""
IpVersions = Literal[1, 2, 3]
"""Bits of a protocol mask: 1 IPv4, 2 IPv6, 3 both."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachApn:
    """The access point for attaching to the network (LTE)."""

    name: str
    authentication: Authentication | None = None
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    allowed_ip: IpVersions | None = None
    """iOS 10.3."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Apn:
    """An access point for data."""

    name: str
    authentication: Authentication | None = None
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    proxy_server: str | None = None
    proxy_port: int | None = None
    default_ip: IpVersions | None = None
    """iOS 10.3, deprecated with iOS 11."""
    allowed_ip: IpVersions | None = None
    allowed_ip_roaming: IpVersions | None = None
    allowed_ip_domestic_roaming: IpVersions | None = None
    enable_464xlat: bool | None = None
    """iOS 16."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cellular:
    """The cellular payload: at most one on a device, for the preferred SIM of data."""

    identifier: str
    uuid: UUID
    display_name: str | None = None
    attach_apn: AttachApn | None = None
    apns: tuple[Apn, ...] = ()
    """Devices use the first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A configuration profile with one cellular payload."""

    identifier: str
    """Stable for operator and service: a profile of the same identifier replaces the one on the device."""
    uuid: UUID
    """Tells one build of the profile from the next."""
    display_name: str
    cellular: Cellular
    description: str | None = None
    organization: str | None = None
    removal_disallowed: bool | None = None
    """Only supervised devices obey."""
    removal_date: datetime | None = None
    """With time zone, in whole seconds."""
    duration_until_removal_s: float | None = None
    """Counts from the installation; beside a date the earlier of the two holds."""


class Key(NamedTuple):
    """A key of the property list, the field it fills, the type of its value."""

    name: str
    field: str
    type: type
    required: bool = False


# fmt: off
PROFILE_KEYS = (
    Key("PayloadIdentifier",        "identifier",               str,  required=True),
    Key("PayloadUUID",              "uuid",                     UUID, required=True),
    Key("PayloadDisplayName",       "display_name",             str,  required=True),
    Key("PayloadDescription",       "description",              str),
    Key("PayloadOrganization",      "organization",             str),
    Key("PayloadRemovalDisallowed", "removal_disallowed",       bool),
    Key("RemovalDate",              "removal_date",             datetime),
    Key("DurationUntilRemoval",     "duration_until_removal_s", float),
)
CELLULAR_KEYS = (
    Key("PayloadIdentifier",        "identifier",               str,  required=True),
    Key("PayloadUUID",              "uuid",                     UUID, required=True),
    Key("PayloadDisplayName",       "display_name",             str),
)
ATTACH_APN_KEYS = (
    Key("Name",                     "name",                     str,  required=True),
    Key("AuthenticationType",       "authentication",           str),
    Key("Username",                 "user",                     str),
    Key("Password",                 "password",                 str),
    Key("AllowedProtocolMask",      "allowed_ip",               int),
)
APN_KEYS = (
    *ATTACH_APN_KEYS,
    Key("ProxyServer",                          "proxy_server",                str),
    Key("ProxyPort",                            "proxy_port",                  int),
    Key("DefaultProtocolMask",                  "default_ip",                  int),
    Key("AllowedProtocolMaskInRoaming",         "allowed_ip_roaming",          int),
    Key("AllowedProtocolMaskInDomesticRoaming", "allowed_ip_domestic_roaming", int),
    Key("EnableXLAT464",                        "enable_464xlat",              bool),
)
# fmt: on
