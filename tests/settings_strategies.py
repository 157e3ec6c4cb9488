"""Hypothesis strategies for settings that client provisioning can carry: every field, ids unique, links that meet.

Every strategy is made once, at import or behind a cache: one that is made anew in each draw is also checked anew, which
takes longer than drawing from it.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from itertools import chain
from typing import Any, TypeVar, get_args

from hypothesis import strategies as st

from encoders import settings_qos
from encoders.settings import AccessRule, Bootstrap, Settings, VendorBlock, VendorConfiguration
from encoders.settings_access_point import (
    AccessAuthentication,
    AccessPoint,
    Bearer,
    CallType,
    CircuitCall,
    MobileIp,
    Validity,
)
from encoders.settings_application import (
    Application,
    Bookmark,
    Browser,
    Credential,
    Database,
    DataSync,
    DeviceManagement,
    IncomingMail,
    InstantMessaging,
    Login,
    Mail,
    MailServer,
    Mms,
    OtherApplication,
    Resource,
    Server,
    SyncType,
)
from encoders.settings_part import ExtraParm
from encoders.settings_proxy import PhysicalProxy, Port, Proxy, ProxyAuthentication

Value = TypeVar("Value")
Ids = tuple[str, ...]

SECRET_MARK = "hush"
"""Leads every secret that is drawn, so that a test can look for it."""
OTHER_BEARERS = tuple(bearer for bearer in get_args(Bearer) if not bearer.endswith("-GPRS"))
"""Bearers that are not for an APN alone."""
POINTS: tuple[Ids, ...] = (("internet",), ("0", "mms.-"))
GATEWAYS: tuple[Ids, ...] = ((), ("internet",), ("wap", "mms.-"))
"""Ids of the access points and proxies there are: few sets, so that what links to them is made once for each."""
SERVICES = ("CL-WSP", "CO-WSP", "CL-SEC-WSP", "CO-SEC-WSP", "OTA-HTTP-TO", "OTA-HTTP-TLS-PO")

characters = st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="{}\ufffe\uffff")
plain_texts = st.text(characters, min_size=1, max_size=12)
templates = st.sampled_from(["{msisdn}", "{imsi}@example", "{{", "a }} b", "{ppp_user}-{imei}"])
texts = plain_texts | templates
urls = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"], exclude_characters='<>"{}'), min_size=1)
urls |= st.sampled_from(["http://{msisdn}.example/", "http://example/{{a}}"])
secrets = texts.map(lambda text: SECRET_MARK + text)
identifiers = st.text("abcdefghijklmnopqrstuvwxyz0123456789.-", min_size=1, max_size=16)
uint32 = st.integers(0, 2**32 - 1)
port_numbers = st.integers(1, 65535)
countries = st.integers(0, 999).map("{:03d}".format)
networks = st.text("0123456789", min_size=2, max_size=3)
ip_addresses = st.ip_addresses().map(str)
wsp_versions = st.sampled_from(["1.1", "1.2", "1.3", "2.0"])


def maybe(values: st.SearchStrategy[Value]) -> st.SearchStrategy[Value | None]:
    """A value or None."""
    return st.none() | values


def few(values: st.SearchStrategy[Value], *, least: int = 0) -> st.SearchStrategy[tuple[Value, ...]]:
    """At most two values, or `least`."""
    return st.lists(values, min_size=least, max_size=max(2, least)).map(tuple)


def some(ids: Ids, *, least: int = 0) -> st.SearchStrategy[Ids]:
    """At most two of the ids there are."""
    return few(st.sampled_from(ids), least=least) if ids else st.just(())


extra_parms = st.lists(
    st.builds(
        ExtraParm,
        name=st.text("ABCXYZ019!<&\"'", min_size=1, max_size=6).map("X-".__add__),
        value=maybe(st.text(characters, max_size=12) | templates),
    ),
    max_size=2,
    unique_by=lambda parm: parm.name,
).map(tuple)

authentications = st.builds(
    AccessAuthentication,
    method=st.sampled_from(["PAP", "CHAP", "MD5"]),
    user=maybe(st.just("") | texts),
    password=maybe(secrets),
    entities=few(st.sampled_from(["AAA", "HA"])),
    security_parameter_index=maybe(st.text("0123456789ABCDEFabcdef", min_size=1, max_size=8)),
)
link_speeds = st.just("AUTOBAUDING") | st.integers(1, 2**32 - 1)
calls = st.builds(
    CircuitCall,
    call_type=maybe(st.sampled_from(get_args(CallType))),
    link_speed_bit_s=maybe(link_speeds),
    downlink_speed_bit_s=maybe(link_speeds),
)
qualities = st.builds(
    settings_qos.QualityOfService,
    **{field: maybe(st.sampled_from(sorted(codes, key=str))) for _, field, codes in settings_qos.PARMS},
)
mobile_ips = st.builds(
    MobileIp,
    max_retries=maybe(uint32),
    first_retry_timeout=maybe(uint32),
    reregistration_threshold_s=maybe(uint32),
    reverse_tunnelling=st.booleans(),
)
validities = st.builds(
    Validity,
    country=maybe(countries),
    network=maybe(networks),
    system_identity=maybe(texts),
    operator_code=maybe(texts),
    until=maybe(st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))),  # noqa: DTZ001
)
servers = st.builds(
    Server,
    address=plain_texts | ip_addresses,
    address_type=st.sampled_from([None, "ALPHA"]),
    ports=few(st.builds(Port, number=port_numbers, services=few(st.sampled_from(["25", "465", "995"])))),
)
proxy_ports = few(st.builds(Port, number=port_numbers, services=few(st.sampled_from(SERVICES))))
proxy_authentications = st.builds(
    ProxyAuthentication,
    method=st.sampled_from(["HTTP-BASIC", "HTTP-DIGEST", "WTLS-SS"]),
    user=maybe(texts),
    password=maybe(secrets),
)
methods = few(st.sampled_from(["BASIC", "DIGEST", "HTTP-BASIC", "X509"]))
logins = st.builds(Login, methods=methods, user=maybe(texts), password=maybe(secrets), data=maybe(secrets))
credentials = st.builds(
    Credential,
    level=st.sampled_from([None, "APPSRV", "CLIENT", "OBEX"]),
    methods=methods,
    user=maybe(texts),
    password=maybe(secrets),
    data=maybe(secrets),
)
bookmarks = st.builds(Bookmark, url=urls, name=maybe(texts), login=maybe(logins))
database_fields: dict[str, st.SearchStrategy[Any]] = {
    "uri": urls,
    "name": maybe(texts),
    "content_types": few(texts),
    "client_uri": maybe(texts),
    "sync_type": maybe(st.sampled_from(get_args(SyncType))),
    "login": maybe(logins),
}
innermost_vendor_blocks = st.builds(VendorBlock, type=identifiers, parms=extra_parms)
inner_vendor_blocks = st.builds(VendorBlock, type=identifiers, parms=extra_parms, blocks=few(innermost_vendor_blocks))
vendor_blocks = st.builds(VendorBlock, type=identifiers, parms=extra_parms, blocks=few(inner_vendor_blocks))
vendor_configurations = st.builds(VendorConfiguration, name=texts, parms=extra_parms, blocks=few(vendor_blocks))


ADDRESSES: dict[Any, st.SearchStrategy[str]] = {
    **dict.fromkeys(("APN", "E164", "ALPHA", "SCODE", "TETRA-ITSI", "MAN"), texts),
    "IPV4": st.ip_addresses(v=4).map(str),
    "IPV6": st.ip_addresses(v=6).map(str),
}
"""Kinds of address of an access point, and the addresses of each."""
LOCAL_ADDRESSES: dict[Any, st.SearchStrategy[str | None]] = {
    None: maybe(ip_addresses),
    "IPV4": maybe(ADDRESSES["IPV4"]),
    "IPV6": maybe(ADDRESSES["IPV6"]),
    "IPV4V6": maybe(ip_addresses),
}
"""IP versions of an access point, and the addresses that the handset may have of each."""
address_kinds, ip_versions = st.sampled_from(list(ADDRESSES)), st.sampled_from(list(LOCAL_ADDRESSES))
bearers_of_apns, other_bearers = few(st.sampled_from(get_args(Bearer))), few(st.sampled_from(OTHER_BEARERS))
other_access_point_fields: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {
        "name": texts,
        "internet": st.booleans(),
        "authentications": few(authentications),
        "dns_servers": few(ip_addresses),
        "linger_s": maybe(uint32),
        "call": maybe(calls),
        "qos": maybe(qualities),
        "mobile_ip": maybe(mobile_ips),
        "validities": few(validities),
    }
)


@st.composite
def access_points(draw: st.DrawFn, identifier: str) -> AccessPoint:
    """One access point with this id."""
    kind, version = draw(address_kinds), draw(ip_versions)
    return AccessPoint(
        id=identifier,
        address=draw(ADDRESSES[kind]),
        address_type=kind,
        bearers=draw(bearers_of_apns if kind == "APN" else other_bearers),
        ip_version=version,
        local_address=draw(LOCAL_ADDRESSES[version]),
        **draw(other_access_point_fields),
    )


@cache
def physical_proxies(place: int, points: Ids) -> st.SearchStrategy[PhysicalProxy]:
    """One address of a proxy, at this place of its list."""
    return st.builds(
        PhysicalProxy,
        id=st.sampled_from([None, f"address {place}"]),
        address=plain_texts | ip_addresses,
        address_type=st.sampled_from([None, "E164", "ALPHA", "SCODE", "TETRA-ITSI", "MAN"]),
        host_name=maybe(texts),
        access_points=some((*points, "INTERNET"), least=1),
        domains=few(texts),
        wsp_version=maybe(wsp_versions),
        push_enabled=maybe(st.booleans()),
        pull_enabled=maybe(st.booleans()),
        ports=proxy_ports,
    )


@cache
def proxies(identifier: str, points: Ids) -> st.SearchStrategy[Proxy]:
    """One proxy with this id, reached over these access points."""
    first, second = physical_proxies(0, points), physical_proxies(1, points)
    return st.builds(
        Proxy,
        id=st.just(identifier),
        name=texts,
        addresses=st.tuples(first) | st.tuples(first, second),
        provider_id=maybe(texts),
        domains=few(texts),
        ports=proxy_ports,
        authentications=few(proxy_authentications),
        password=maybe(secrets),
        push_authentication=st.sampled_from([None, "HTTP-BASIC", "HTTP-DIGEST"]),
        home_page=maybe(urls),
        home_page_user=maybe(texts),
        home_page_password=maybe(secrets),
        trusted=st.booleans(),
        master=st.booleans(),
        wsp_version=maybe(wsp_versions),
        push_enabled=maybe(st.booleans()),
        pull_enabled=maybe(st.booleans()),
    )


@cache
def applications(points: Ids, gateways: Ids) -> st.SearchStrategy[tuple[Application, ...]]:
    """Applications that use these access points and proxies, of each kind one or none, so that few draws try all."""

    def build(application: Callable[..., Value], **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Value]:
        shared: dict[str, st.SearchStrategy[Any]] = {
            "name": maybe(texts),
            "provider_id": maybe(texts),
            "proxies": some(gateways),
            "access_points": some((*points, "INTERNET")),
            "parms": extra_parms,
        }
        return st.builds(application, **shared | fields)

    def by_url_or_server(
        application: Callable[..., Value], **fields: st.SearchStrategy[Any]
    ) -> st.SearchStrategy[Value]:
        return build(application, url=urls, **fields) | build(application, server=servers, **fields)

    mail_server: dict[str, st.SearchStrategy[Any]] = {
        "address": plain_texts | ip_addresses,
        "port": maybe(port_numbers),
        "tls": st.booleans(),
        "login": maybe(logins),
    }
    incoming = st.builds(IncomingMail, protocol=st.sampled_from(["POP3", "IMAP4"]), **mail_server)
    outgoing = st.builds(MailServer, **mail_server)
    kinds: tuple[st.SearchStrategy[Application], ...] = (
        build(Browser, home_page=maybe(bookmarks), bookmarks=few(bookmarks)),
        build(
            Mms,
            mmsc=urls,
            max_size_kb=maybe(uint32),
            creation_mode=maybe(texts),
            resubmission_mode=maybe(texts),
            postcard_address=maybe(texts),
        ),
        by_url_or_server(DataSync, credentials=few(credentials), databases=few(st.builds(Database, **database_fields))),
        by_url_or_server(DeviceManagement, provider_id=texts, credentials=few(credentials), start_now=st.booleans()),
        build(Mail, provider_id=texts, address=maybe(texts), incoming=incoming, outgoing=maybe(outgoing)),
        build(Mail, provider_id=texts, address=maybe(texts), outgoing=outgoing),
        build(
            InstantMessaging,
            urls=few(urls, least=1),
            content_types=few(texts),
            services=maybe(texts),
            client_id_prefix=maybe(texts),
            credentials=few(credentials),
        ),
        build(
            OtherApplication,
            app_id=st.sampled_from(["554", "w9010", "ap0004", "w2"]),
            content_types=few(texts),
            protocol=maybe(texts),
            urls=few(urls),
            servers=few(servers),
            credentials=few(credentials),
            resources=few(st.builds(Resource, home_page=st.booleans(), **database_fields)),
        ),
    )
    return st.tuples(*(st.lists(kind, max_size=1) for kind in kinds)).map(lambda drawn: tuple(chain(*drawn)))


@cache
def settings_with(points: Ids, gateways: Ids) -> st.SearchStrategy[Settings]:
    """Settings with these access points and proxies."""
    bootstraps = st.builds(
        Bootstrap,
        name=maybe(texts),
        provisioning_url=maybe(urls),
        country=maybe(countries),
        networks=few(networks),
        proxies=some(gateways),
        contexts_allowed=maybe(uint32),
    )
    access_rules = st.builds(
        AccessRule,
        name=maybe(texts),
        app_ids=few(texts),
        ports=few(port_numbers),
        domains=few(texts),
        access_points=some(points),
        proxies=some(gateways),
    )
    return st.builds(
        Settings,
        name=texts,
        access_points=st.tuples(*(access_points(point) for point in points)),
        proxies=st.tuples(*(proxies(gateway, points) for gateway in gateways)),
        applications=applications(points, gateways),
        bootstraps=few(bootstraps),
        client_identity=maybe(texts),
        access_rules=few(access_rules),
        vendor_configurations=few(vendor_configurations),
    )


def settings() -> st.SearchStrategy[Settings]:
    """Settings with at least one access point."""
    return st.one_of(*(settings_with(points, gateways) for gateways in GATEWAYS for points in POINTS))
