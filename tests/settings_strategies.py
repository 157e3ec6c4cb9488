"""Hypothesis strategies for settings that client provisioning can carry: every field, ids unique, links that meet."""

from collections.abc import Callable
from datetime import UTC, datetime
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

SECRET_MARK = "hush"
"""Leads every secret that is drawn, so that a test can look for it."""
OTHER_BEARERS = tuple(bearer for bearer in get_args(Bearer) if not bearer.endswith("-GPRS"))
"""Bearers that are not for an APN alone."""
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
networks = st.from_regex("[0-9]{2,3}", fullmatch=True)
ip_addresses = st.ip_addresses().map(str)
wsp_versions = st.sampled_from(["1.1", "1.2", "1.3", "2.0"])


def maybe(values: st.SearchStrategy[Value]) -> st.SearchStrategy[Value | None]:
    """A value or None."""
    return st.none() | values


def few(values: st.SearchStrategy[Value], *, least: int = 0) -> st.SearchStrategy[tuple[Value, ...]]:
    """At most two values, or `least`."""
    return st.lists(values, min_size=least, max_size=max(2, least)).map(tuple)


def some(ids: tuple[str, ...], *, least: int = 0) -> st.SearchStrategy[tuple[str, ...]]:
    """At most two of the ids there are."""
    return st.lists(st.sampled_from(ids), min_size=least, max_size=2).map(tuple) if ids else st.just(())


extra_parms = st.lists(
    st.builds(
        ExtraParm,
        name=st.from_regex("X-[A-Z0-9!<&\"']{1,6}", fullmatch=True),
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
    security_parameter_index=maybe(st.from_regex("[0-9A-Fa-f]{1,8}", fullmatch=True)),
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
vendor_blocks: st.SearchStrategy[VendorBlock] = st.recursive(
    st.builds(VendorBlock, type=identifiers, parms=extra_parms),
    lambda inner: st.builds(VendorBlock, type=identifiers, parms=extra_parms, blocks=few(inner)),
    max_leaves=3,
)


@st.composite
def access_points(draw: st.DrawFn, identifier: str) -> AccessPoint:
    """One access point with this id."""
    version = draw(st.sampled_from([None, "IPV4", "IPV6", "IPV4V6"]))
    addresses = {"IPV4": st.ip_addresses(v=4), "IPV6": st.ip_addresses(v=6)}.get(str(version), st.ip_addresses())
    kind = draw(st.sampled_from(["APN", "E164", "ALPHA", "SCODE", "TETRA-ITSI", "MAN", "IPV4", "IPV6"]))
    address = draw(ip_addresses if kind.startswith("IPV") else texts)
    return AccessPoint(
        id=identifier,
        name=draw(texts),
        address=address,
        address_type=("IPV6" if ":" in address else "IPV4") if kind.startswith("IPV") else kind,  # type: ignore[arg-type]
        bearers=draw(few(st.sampled_from(get_args(Bearer) if kind == "APN" else OTHER_BEARERS))),
        internet=draw(st.booleans()),
        authentications=draw(few(authentications)),
        ip_version=version,  # type: ignore[arg-type]
        local_address=draw(maybe(addresses.map(str))),
        dns_servers=draw(few(ip_addresses)),
        linger_s=draw(maybe(uint32)),
        call=draw(maybe(calls)),
        qos=draw(maybe(qualities)),
        mobile_ip=draw(maybe(mobile_ips)),
        validities=draw(few(validities)),
    )


@st.composite
def physical_proxies(draw: st.DrawFn, place: int, points: tuple[str, ...]) -> PhysicalProxy:
    """One address of a proxy, at this place of its list."""
    return PhysicalProxy(
        id=draw(st.sampled_from([None, f"address {place}"])),
        address=draw(plain_texts | ip_addresses),
        address_type=draw(st.sampled_from([None, "E164", "ALPHA", "SCODE", "TETRA-ITSI", "MAN"])),
        host_name=draw(maybe(texts)),
        access_points=draw(some((*points, "INTERNET"), least=1)),
        domains=draw(few(texts)),
        wsp_version=draw(maybe(wsp_versions)),
        push_enabled=draw(maybe(st.booleans())),
        pull_enabled=draw(maybe(st.booleans())),
        ports=draw(proxy_ports),
    )


@st.composite
def proxies(draw: st.DrawFn, identifier: str, points: tuple[str, ...]) -> Proxy:
    """One proxy with this id, reached over these access points."""
    return Proxy(
        id=identifier,
        name=draw(texts),
        addresses=tuple(draw(physical_proxies(place, points)) for place in range(draw(st.integers(1, 2)))),
        provider_id=draw(maybe(texts)),
        domains=draw(few(texts)),
        ports=draw(proxy_ports),
        authentications=draw(
            few(
                st.builds(
                    ProxyAuthentication,
                    method=st.sampled_from(["HTTP-BASIC", "HTTP-DIGEST", "WTLS-SS"]),
                    user=maybe(texts),
                    password=maybe(secrets),
                )
            )
        ),
        password=draw(maybe(secrets)),
        push_authentication=draw(st.sampled_from([None, "HTTP-BASIC", "HTTP-DIGEST"])),
        home_page=draw(maybe(urls)),
        home_page_user=draw(maybe(texts)),
        home_page_password=draw(maybe(secrets)),
        trusted=draw(st.booleans()),
        master=draw(st.booleans()),
        wsp_version=draw(maybe(wsp_versions)),
        push_enabled=draw(maybe(st.booleans())),
        pull_enabled=draw(maybe(st.booleans())),
    )


def applications(points: tuple[str, ...], gateways: tuple[str, ...]) -> st.SearchStrategy[Application]:
    """Any application that uses these access points and proxies."""

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
    return st.one_of(
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


@st.composite
def settings(draw: st.DrawFn) -> Settings:
    """Settings with at least one access point."""
    points = tuple(draw(st.lists(identifiers, min_size=1, max_size=2, unique=True)))
    gateways = tuple(draw(st.lists(identifiers, max_size=2, unique=True)))
    return Settings(
        name=draw(texts),
        access_points=tuple(draw(access_points(point)) for point in points),
        proxies=tuple(draw(proxies(gateway, points)) for gateway in gateways),
        applications=draw(few(applications(points, gateways))),
        bootstraps=draw(
            few(
                st.builds(
                    Bootstrap,
                    name=maybe(texts),
                    provisioning_url=maybe(urls),
                    country=maybe(countries),
                    networks=few(networks),
                    proxies=some(gateways),
                    contexts_allowed=maybe(uint32),
                )
            )
        ),
        client_identity=draw(maybe(texts)),
        access_rules=draw(
            few(
                st.builds(
                    AccessRule,
                    name=maybe(texts),
                    app_ids=few(texts),
                    ports=few(port_numbers),
                    domains=few(texts),
                    access_points=some(points),
                    proxies=some(gateways),
                )
            )
        ),
        vendor_configurations=draw(
            few(st.builds(VendorConfiguration, name=texts, parms=extra_parms, blocks=few(vendor_blocks)))
        ),
    )
