"""Access points of the neutral settings: how a handset reaches a network."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta

from encoders.settings_part import CountryCode, Identifier, Part, Secret, Text, Uint32, UserName
from encoders.settings_qos import QualityOfService

AddressType = Literal["APN", "E164", "IPV4", "IPV6", "ALPHA", "SCODE", "TETRA-ITSI", "MAN"]
Bearer = Literal[
    "GSM-GPRS",
    "GSM-CSD",
    "GSM-SMS",
    "GSM-USSD",
    "ANSI-136-GUTS",
    "ANSI-136-CSD",
    "ANSI-136-GPRS",
    "ANSI-136-GHOST",
    "IS-95-CDMA-SMS",
    "IS-95-CDMA-CSD",
    "IS-95-CDMA-PACKET",
    "CDMA2000-1X-SIMPLE-IP",
    "CDMA2000-1X-MOBILE-IP",
    "AMPS-CDPD",
    "PDC-CSD",
    "PDC-PACKET",
    "IDEN-SMS",
    "IDEN-CSD",
    "IDEN-PACKET",
    "FLEX/REFLEX",
    "PHS-SMS",
    "PHS-CSD",
    "TETRA-SDS",
    "TETRA-PACKET",
    "MOBITEX-MPAK",
]
CallType = Literal["ANALOG-MODEM", "V.120", "V.110", "X.31", "BIT-TRANSPARENT", "DIRECT-ASYNCHRONOUS-DATA-SERVICE"]
SecurityParameterIndex = Annotated[str, Meta(pattern="^[0-9A-Fa-f]{1,8}$")]
NetworkCode = Annotated[str, Meta(pattern="^[0-9]{2,3}$")]
Moment = Annotated[datetime, Meta(tz=True)]
LinkSpeed = (
    Annotated[int, Meta(ge=1, le=0xFFFF_FFFF, description="Speed in bit/s", examples=[9600, 14400])]
    | Literal["AUTOBAUDING"]
)


class AccessAuthentication(Part, frozen=True, kw_only=True):
    """How the subscriber proves himself to the access point (PPP), or to Mobile IP."""

    method: Annotated[
        Literal["PAP", "CHAP", "MS-CHAP", "MD5"],
        Meta(
            description="Authentication protocol; MD5 is for Mobile IP. OMA client provisioning has no word for MS-CHAP"
        ),
    ]
    user: Annotated[
        UserName | None,
        Meta(description="PPP user name; may hold placeholders", examples=["web", "{ppp_user}"]),
    ] = None
    password: Annotated[Secret | None, Meta(description="PPP password", examples=["{ppp_password}"])] = None
    entities: Annotated[
        tuple[Text, ...], Meta(description="Mobile IP: who checks the credentials", examples=[["AAA"], ["HA"]])
    ] = ()
    security_parameter_index: Annotated[
        SecurityParameterIndex | None,
        Meta(description="Mobile IP: SPI in hexadecimal, at most 8 digits", examples=["100"]),
    ] = None


class CircuitCall(Part, frozen=True, kw_only=True):
    """What a circuit-switched data call (CSD) to the access point looks like."""

    call_type: Annotated[CallType | None, Meta(description="Modem or ISDN protocol of the call")] = None
    link_speed_bit_s: Annotated[
        LinkSpeed | None,
        Meta(description="Wanted speed in bit/s, or AUTOBAUDING; the uplink when a downlink speed is given"),
    ] = None
    downlink_speed_bit_s: Annotated[LinkSpeed | None, Meta(description="Wanted downlink speed in bit/s")] = None


class Validity(Part, frozen=True, kw_only=True):
    """Where and until when an access point may be used."""

    country: Annotated[CountryCode | None, Meta(description="Mobile country code, 3 digits")] = None
    network: Annotated[NetworkCode | None, Meta(description="Mobile network code, 2 or 3 digits", examples=["91"])] = (
        None
    )
    system_identity: Annotated[Text | None, Meta(description="CDMA system identity (SID)")] = None
    operator_code: Annotated[Text | None, Meta(description="TDMA system operator code (SOC)")] = None
    until: Annotated[
        Moment | None,
        Meta(description="Last moment of use, with time zone", examples=["2031-01-01T00:00:00Z"]),
    ] = None


class MobileIp(Part, frozen=True, kw_only=True):
    """Registration of a Mobile IP client."""

    max_retries: Annotated[Uint32 | None, Meta(description="Registration attempts before giving up")] = None
    first_retry_timeout: Annotated[
        Uint32 | None,
        Meta(
            description="First retry timer, sent as it is: the standard's readers disagree on seconds or milliseconds"
        ),
    ] = None
    reregistration_threshold_s: Annotated[
        Uint32 | None, Meta(description="Seconds before expiry at which to register again")
    ] = None
    reverse_tunnelling: Annotated[bool, Meta(description="Ask for reverse tunnelling (T-bit)")] = False


class AccessPoint(Part, frozen=True, kw_only=True):
    """One way into a network: an APN, or a number to dial."""

    id: Annotated[
        Identifier,
        Meta(
            description="Name by which proxies and applications refer to it; keep to 16 characters for Windows Mobile"
        ),
    ]
    name: Annotated[Text, Meta(description="Name shown to the user", examples=["Example Internet"])]
    address: Annotated[
        Text, Meta(description="APN, or the number or address to dial", examples=["internet", "+358405202000"])
    ]
    address_type: Annotated[
        AddressType, Meta(description="What kind of address it is: APN for packet data, E164 for a telephone number")
    ] = "APN"
    bearers: Annotated[
        tuple[Bearer, ...],
        Meta(
            description="Bearers it can be reached over; left out: GSM-GPRS for an APN, GSM-CSD for a telephone number"
        ),
    ] = ()
    internet: Annotated[bool, Meta(description="It gives access to the general Internet")] = False
    authentications: Annotated[
        tuple[AccessAuthentication, ...], Meta(description="Ways to authenticate, the preferred first")
    ] = ()
    ip_version: Annotated[
        Literal["IPV4", "IPV6", "IPV4V6"] | None,
        Meta(
            description="IP version to ask for; IPV4V6 leaves the choice to handsets that are told one version at most"
        ),
    ] = None
    local_address: Annotated[Text | None, Meta(description="Fixed IP address of the handset itself")] = None
    dns_servers: Annotated[tuple[Text, ...], Meta(description="IP addresses of name servers")] = ()
    linger_s: Annotated[Uint32 | None, Meta(description="Seconds of idleness before the connection is closed")] = None
    call: Annotated[CircuitCall | None, Meta(description="Only for circuit-switched data")] = None
    qos: Annotated[QualityOfService | None, Meta(description="Quality of service to ask for")] = None
    mobile_ip: Annotated[MobileIp | None, Meta(description="Only for Mobile IP (CDMA2000)")] = None
    validities: Annotated[tuple[Validity, ...], Meta(description="Where and until when it may be used")] = ()
