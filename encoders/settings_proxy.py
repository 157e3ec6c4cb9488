"""Proxies (gateways) of the neutral settings: one logical proxy, reached at one or more physical addresses."""

from typing import Annotated, Literal

from msgspec import Meta

from encoders.settings_part import Identifier, Part, PortNumber, Secret, Text, Url, UserName

ProxyAddressType = Literal["IPV4", "IPV6", "E164", "ALPHA", "SCODE", "TETRA-ITSI", "MAN"]
ProxyAuthenticationMethod = Literal["HTTP-BASIC", "HTTP-DIGEST", "WTLS-SS"]
AccessPointIds = Annotated[
    tuple[Identifier, ...],
    Meta(description="Ids of access points to use; the word INTERNET means any that gives access to the Internet"),
]
Domains = Annotated[
    tuple[Text, ...],
    Meta(description="Domains, each with or without a path, served through it", examples=[["www.example.com/mms"]]),
]
WspVersion = Annotated[str, Meta(pattern=r"^[0-9]{1,2}\.[0-9]{1,2}$", examples=["1.3"])]


class Port(Part, frozen=True, kw_only=True):
    """A port and what is spoken there."""

    number: PortNumber
    services: Annotated[
        tuple[Text, ...],
        Meta(
            description="CL-WSP, CO-WSP, CL-SEC-WSP, CO-SEC-WSP, CL-SEC-WTA, CO-SEC-WTA, OTA-HTTP-TO, OTA-HTTP-TLS-TO, "
            "OTA-HTTP-PO or OTA-HTTP-TLS-PO; left out for an HTTP proxy",
            examples=[["CO-WSP"]],
        ),
    ] = ()


class ProxyAuthentication(Part, frozen=True, kw_only=True):
    """How the handset proves itself to the proxy."""

    method: Annotated[ProxyAuthenticationMethod, Meta(description="HTTP basic, HTTP digest or WTLS shared secret")]
    user: Annotated[UserName | None, Meta(description="User name at the proxy")] = None
    password: Annotated[Secret | None, Meta(description="Password at the proxy")] = None


class PhysicalProxy(Part, frozen=True, kw_only=True):
    """One address of a proxy."""

    id: Annotated[
        Identifier | None, Meta(description="Name inside its proxy; left out: its place in the list, from 1")
    ] = None
    address: Annotated[
        Text, Meta(description="IP address, host name or telephone number", examples=["192.0.2.10", "proxy.example"])
    ]
    address_type: Annotated[
        ProxyAddressType | None,
        Meta(description="What kind of address it is; left out: IPV4 or IPV6 as it is written, otherwise ALPHA"),
    ] = None
    host_name: Annotated[Text | None, Meta(description="Host name, besides the address")] = None
    access_points: Annotated[AccessPointIds, Meta(min_length=1)]
    domains: Domains = ()
    wsp_version: Annotated[WspVersion | None, Meta(description="WSP version it speaks")] = None
    push_enabled: Annotated[bool | None, Meta(description="It supports push")] = None
    pull_enabled: Annotated[bool | None, Meta(description="It supports browsing")] = None
    ports: Annotated[tuple[Port, ...], Meta(description="Ports here; they replace those of the proxy")] = ()


class Proxy(Part, frozen=True, kw_only=True):
    """A WAP gateway or HTTP proxy."""

    id: Annotated[Identifier, Meta(description="Name by which applications refer to it; usually like a domain")]
    name: Annotated[Text, Meta(description="Name shown to the user", examples=["Example gateway"])]
    addresses: Annotated[tuple[PhysicalProxy, ...], Meta(min_length=1, description="Where it is, the preferred first")]
    provider_id: Annotated[Identifier | None, Meta(description="Identity of whoever runs the proxy")] = None
    domains: Domains = ()
    ports: Annotated[
        tuple[Port, ...], Meta(description="Ports; with none at all the WAP ports 9200 to 9203 apply")
    ] = ()
    authentications: Annotated[
        tuple[ProxyAuthentication, ...], Meta(description="Ways to authenticate to it, the preferred first")
    ] = ()
    password: Annotated[
        Secret | None, Meta(description="Password with which the proxy proves itself to the handset")
    ] = None
    push_authentication: Annotated[
        Literal["HTTP-BASIC", "HTTP-DIGEST"] | None, Meta(description="How a push proxy gateway proves itself")
    ] = None
    home_page: Annotated[Url | None, Meta(description="Home page reached through it")] = None
    home_page_user: Annotated[UserName | None, Meta(description="User name for the home page")] = None
    home_page_password: Annotated[Secret | None, Meta(description="Password for the home page")] = None
    trusted: Annotated[bool, Meta(description="The handset may trust it; only in a privileged context")] = False
    master: Annotated[bool, Meta(description="It may deliver further settings; only in a privileged context")] = False
    wsp_version: Annotated[WspVersion | None, Meta(description="WSP version it speaks")] = None
    push_enabled: Annotated[bool | None, Meta(description="It supports push")] = None
    pull_enabled: Annotated[bool | None, Meta(description="It supports browsing")] = None
