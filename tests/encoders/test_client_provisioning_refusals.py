"""Settings that client provisioning cannot say or send: each refusal leads with the field."""

from datetime import UTC, datetime
from typing import Any

import pytest

from encoders.client_provisioning_settings import to_document
from encoders.errors import EncodeError
from encoders.settings import Bootstrap, Settings, VendorBlock, VendorConfiguration
from encoders.settings_access_point import AccessAuthentication, AccessPoint, Validity
from encoders.settings_application import (
    DataSync,
    DeviceManagement,
    Mail,
    Mms,
    OtherApplication,
    Server,
)
from encoders.settings_part import ExtraParm
from encoders.settings_proxy import PhysicalProxy, Proxy
from encoders.settings_qos import QualityOfService


def point(**fields: Any) -> AccessPoint:
    """An access point, usual but for these fields."""
    return AccessPoint(**({"id": "a", "name": "A", "address": "apn"} | fields))


def proxy(*addresses: PhysicalProxy) -> Proxy:
    """A proxy at these addresses."""
    return Proxy(id="p", name="P", addresses=addresses)


def reached(**fields: Any) -> PhysicalProxy:
    """An address of a proxy, usual but for these fields."""
    return PhysicalProxy(**({"address": "192.0.2.1", "access_points": ("INTERNET",)} | fields))


def nested(depth: int) -> VendorBlock:
    """Vendor blocks inside one another."""
    return VendorBlock(type="T", blocks=(nested(depth - 1),) if depth > 1 else ())


REFUSALS: list[tuple[dict[str, Any], str]] = [
    ({}, "settings: nothing to set; give an access point, a proxy or an application"),
    (
        {"access_points": (point(authentications=(AccessAuthentication(method="MS-CHAP"),)),)},
        "access_points[0].authentications[0].method: OMA client provisioning has no word for MS-CHAP; use PAP or CHAP",
    ),
    (
        {"access_points": (point(), point(id="b", qos=QualityOfService(max_bitrate_uplink_kbit_s=65)))},
        "access_points[1].qos.max_bitrate_uplink_kbit_s: 65 has no code; nearest: 64 and 72",
    ),
    (
        {"access_points": (point(validities=(Validity(until=datetime(1969, 7, 20, tzinfo=UTC)),)),)},
        "access_points[0].validities[0].until: VALIDUNTIL counts from 1970 to 2106; got 1969-07-20T00:00:00+00:00",
    ),
    (
        {"access_points": (point(validities=(Validity(until=datetime(2106, 2, 8, tzinfo=UTC)),)),)},
        "access_points[0].validities[0].until: VALIDUNTIL counts from 1970 to 2106; got 2106-02-08T00:00:00+00:00",
    ),
    (
        {"access_points": (point(address_type="E164", bearers=("ANSI-136-GPRS", "GSM-GPRS")),)},
        "access_points[0].address_type: APN expected for the bearer ANSI-136-GPRS; got E164",
    ),
    (
        {"proxies": (proxy(reached(address="{proxy}", address_type="IPV4")),)},
        "proxies[0].addresses[0].address: '{proxy}' is not an IPV4 address; a host name is of the type ALPHA",
    ),
    (
        {"applications": (Mms(mmsc="http://mmsc.example/ mms"),)},
        "applications[0].mmsc: ' ' cannot stand in an address; take it out or escape it",
    ),
    (
        {"access_points": (point(dns_servers=("192.0.2.53", "dns.example")),)},
        "access_points[0].dns_servers[1]: 'dns.example' is not an IP address",
    ),
    (
        {"access_points": (point(local_address="here"),)},
        "access_points[0].local_address: 'here' is not an IP address",
    ),
    (
        {"access_points": (point(local_address="192.0.2.7", ip_version="IPV6"),)},
        "access_points[0].local_address: '192.0.2.7' is not an IPV6 address; a host name is of the type ALPHA",
    ),
    (
        {"access_points": (point(name="line\nbreak"),)},
        "access_points[0].name: character U+000A cannot be sent; take it out",
    ),
    (
        {"access_points": (point(address="{apn"),)},
        "access_points[0].address: lone '{' at character 1: write '{{' for the brace itself, "
        "or '{name}' (a-z, 0-9, _) for a value to fill in",
    ),
    (
        {"proxies": (proxy(reached(address="proxy.example", address_type="IPV4")),)},
        "proxies[0].addresses[0].address: 'proxy.example' is not an IPV4 address; a host name is of the type ALPHA",
    ),
    (
        {"proxies": (proxy(reached(access_points=("a",))),)},
        "proxies[0].addresses[0].access_points[0]: no access point with the id 'a' in these settings; there: none",
    ),
    (
        {"proxies": (proxy(reached(id="2"), reached()),)},
        "proxies[0].addresses[1].id: '2' is the id of an earlier address too",
    ),
    (
        {"applications": (Mail(provider_id="m"),)},
        "applications[0]: mail needs `incoming`, `outgoing` or both",
    ),
    ({"applications": (DataSync(),)}, "applications[0]: give either `url` or `server`"),
    (
        {"applications": (DeviceManagement(provider_id="d", url="u", server=Server(address="s")),)},
        "applications[0]: give either `url` or `server`",
    ),
    (
        {"applications": (Mms(mmsc="http://m.example", max_size_kb=1, parms=(ExtraParm(name="MS", value="2"),)),)},
        "applications[0].parms[0].name: 'MS' has a field of its own; use that",
    ),
    (
        {"applications": (OtherApplication(app_id="554", parms=(ExtraParm(name="NAME", value="N"),)),)},
        "applications[0].parms[0].name: 'NAME' has a field of its own; use that",
    ),
    (
        {"vendor_configurations": (VendorConfiguration(name="V", parms=(ExtraParm(name="NAME", value="N"),)),)},
        "vendor_configurations[0].parms[0].name: 'NAME' has a field of its own; use that",
    ),
    ({"client_identity": "a\tb"}, "client_identity: character U+0009 cannot be sent; take it out"),
    (
        {"bootstraps": (Bootstrap(proxies=("p",)),)},
        "bootstraps[0].proxies[0]: no proxy with the id 'p' in these settings; there: none",
    ),
    (
        {"vendor_configurations": (VendorConfiguration(name="V", blocks=(nested(9),)),)},
        f"vendor_configurations[0]{'.blocks[0]' * 8}.blocks: deeper than 8 blocks inside each other",
    ),
    ({"access_points": (point(name=""),)}, "access_points[0].name: Expected `str` of length >= 1"),
]


@pytest.mark.parametrize(("parts", "text"), REFUSALS)
def test_what_cannot_be_said_is_refused_by_its_field(parts: dict[str, Any], text: str) -> None:
    with pytest.raises(EncodeError) as refusal:
        to_document(Settings(name="A", **parts))
    assert str(refusal.value) == text
