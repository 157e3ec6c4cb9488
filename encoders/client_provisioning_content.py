"""Content model of OMA ProvCont 1.1 as data: what each characteristic holds, how often, and what values look like."""

from dataclasses import dataclass
from enum import Enum


class Occurs(Enum):
    """How often something may stand in its parent, written as in a DTD."""

    ONE = "1"
    OPTIONAL = "?"
    SOME = "+"
    ANY = "*"

    @property
    def at_least_once(self) -> bool:
        """True when it must not be left out."""
        return self in (Occurs.ONE, Occurs.SOME)

    @property
    def at_most_once(self) -> bool:
        """True when it must not come again."""
        return self in (Occurs.ONE, Occurs.OPTIONAL)


class Kind(Enum):
    """What the value of a parm looks like."""

    TEXT = "text"
    FLAG = "no value: its presence says it"
    SWITCH = "0 or 1"
    WORD = "one of its words"
    WORD_OR_TEXT = "one of its words, or text"
    NUMBER = "decimal digits"
    NUMBER_OR_WORD = "decimal digits or one of its words"
    HEX = "hexadecimal digits without 0x"
    IP_ADDRESS = "an IPv4 or IPv6 address"
    URI = "a URI without blanks"


@dataclass(frozen=True, slots=True)
class ParmRule:
    """One parm of a characteristic."""

    name: str
    occurs: Occurs
    kind: Kind
    words: tuple[str, ...] = ()
    numbers: range = range(0x1_0000_0000)
    """Those allowed where the kind is a number."""


@dataclass(frozen=True, slots=True)
class CharacteristicRule:
    """One characteristic: its parms, and how often which characteristics stand below it."""

    parms: tuple[ParmRule, ...]
    children: tuple[tuple[str, Occurs], ...] = ()
    open_to_parms: bool = False
    """Further parms are the application's own affair."""
    open_to_all: bool = False
    """Anything may stand below."""


ADDRESS_TYPES = ("IPV4", "IPV6", "E164", "ALPHA", "APN", "SCODE", "TETRA-ITSI", "MAN")
PROXY_ADDRESS_TYPES = ("IPV4", "IPV6", "E164", "ALPHA", "SCODE", "TETRA-ITSI", "MAN")
BEARERS = (
    "GSM-USSD",
    "GSM-SMS",
    "ANSI-136-GUTS",
    "IS-95-CDMA-SMS",
    "IS-95-CDMA-CSD",
    "IS-95-CDMA-PACKET",
    "ANSI-136-CSD",
    "ANSI-136-GPRS",
    "GSM-CSD",
    "GSM-GPRS",
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
    "ANSI-136-GHOST",
    "MOBITEX-MPAK",
    "CDMA2000-1X-SIMPLE-IP",
    "CDMA2000-1X-MOBILE-IP",
)
SERVICES = (
    "CL-WSP",
    "CO-WSP",
    "CL-SEC-WSP",
    "CO-SEC-WSP",
    "CL-SEC-WTA",
    "CO-SEC-WTA",
    "OTA-HTTP-TO",
    "OTA-HTTP-TLS-TO",
    "OTA-HTTP-PO",
    "OTA-HTTP-TLS-PO",
)
CALL_TYPES = (
    "ANALOG-MODEM",
    "V.120",
    "V.110",
    "X.31",
    "BIT-TRANSPARENT",
    "DIRECT-ASYNCHRONOUS-DATA-SERVICE",
)
LATER_WORDS = {"BEARER": ("3G-GSM", "WLAN")}
"""Words newer than ProvCont 1.1, by parm; handsets were seen to take them."""
PORT_NUMBERS = range(1, 0x1_0000)

CONTENT: dict[str, CharacteristicRule] = {
    "PXLOGICAL": CharacteristicRule(
        parms=(
            ParmRule("PROXY-ID", Occurs.ONE, Kind.TEXT),
            ParmRule("PROXY-PW", Occurs.OPTIONAL, Kind.TEXT),
            ParmRule("PPGAUTH-TYPE", Occurs.OPTIONAL, Kind.WORD, ("HTTP-BASIC", "HTTP-DIGEST")),
            ParmRule("PROXY-PROVIDER-ID", Occurs.OPTIONAL, Kind.TEXT),
            ParmRule("NAME", Occurs.ONE, Kind.TEXT),
            ParmRule("DOMAIN", Occurs.ANY, Kind.TEXT),
            ParmRule("TRUST", Occurs.OPTIONAL, Kind.FLAG),
            ParmRule("MASTER", Occurs.OPTIONAL, Kind.FLAG),
            ParmRule("STARTPAGE", Occurs.OPTIONAL, Kind.URI),
            ParmRule("BASAUTH-ID", Occurs.OPTIONAL, Kind.TEXT),
            ParmRule("BASAUTH-PW", Occurs.OPTIONAL, Kind.TEXT),
            ParmRule("WSP-VERSION", Occurs.OPTIONAL, Kind.TEXT),
            ParmRule("PUSHENABLED", Occurs.OPTIONAL, Kind.SWITCH),
            ParmRule("PULLENABLED", Occurs.OPTIONAL, Kind.SWITCH),
        ),
        children=(
            ("PXAUTHINFO", Occurs.ANY),
            ("PORT", Occurs.ANY),
            ("PXPHYSICAL", Occurs.SOME),
        ),
    ),
    "PXAUTHINFO": CharacteristicRule(
        parms=(
            ParmRule("PXAUTH-TYPE", Occurs.ONE, Kind.WORD, ("HTTP-BASIC", "HTTP-DIGEST", "WTLS-SS")),
            ParmRule("PXAUTH-ID", Occurs.OPTIONAL, Kind.TEXT),
            ParmRule("PXAUTH-PW", Occurs.OPTIONAL, Kind.TEXT),
        ),
    ),
    "PORT": CharacteristicRule(
        parms=(
            ParmRule("PORTNBR", Occurs.ONE, Kind.NUMBER, numbers=PORT_NUMBERS),
            ParmRule("SERVICE", Occurs.ANY, Kind.WORD_OR_TEXT, SERVICES),
        ),
    ),
    "PXPHYSICAL": CharacteristicRule(
        parms=(
            ParmRule("PHYSICAL-PROXY-ID", Occurs.ONE, Kind.TEXT),
            ParmRule("DOMAIN", Occurs.ANY, Kind.TEXT),
            ParmRule("PXADDR", Occurs.ONE, Kind.TEXT),
            ParmRule("PXADDRTYPE", Occurs.OPTIONAL, Kind.WORD, PROXY_ADDRESS_TYPES),
            ParmRule("PXADDR-FQDN", Occurs.OPTIONAL, Kind.TEXT),
            ParmRule("WSP-VERSION", Occurs.OPTIONAL, Kind.TEXT),
            ParmRule("PUSHENABLED", Occurs.OPTIONAL, Kind.SWITCH),
            ParmRule("PULLENABLED", Occurs.OPTIONAL, Kind.SWITCH),
            ParmRule("TO-NAPID", Occurs.SOME, Kind.TEXT),
        ),
        children=(("PORT", Occurs.ANY),),
    ),
    "NAPDEF": CharacteristicRule(
        parms=(
            ParmRule("NAPID", Occurs.ONE, Kind.TEXT),
            ParmRule("BEARER", Occurs.ANY, Kind.WORD, BEARERS),
            ParmRule("NAME", Occurs.ONE, Kind.TEXT),
            ParmRule("INTERNET", Occurs.OPTIONAL, Kind.FLAG),
            ParmRule("NAP-ADDRESS", Occurs.ONE, Kind.TEXT),
            ParmRule("NAP-ADDRTYPE", Occurs.OPTIONAL, Kind.WORD, ADDRESS_TYPES),
            ParmRule("DNS-ADDR", Occurs.ANY, Kind.IP_ADDRESS),
            ParmRule("CALLTYPE", Occurs.OPTIONAL, Kind.WORD, CALL_TYPES),
            ParmRule("LOCAL-ADDR", Occurs.OPTIONAL, Kind.TEXT),
            ParmRule("LOCAL-ADDRTYPE", Occurs.OPTIONAL, Kind.WORD, ("IPV4", "IPV6")),
            ParmRule("LINKSPEED", Occurs.OPTIONAL, Kind.NUMBER_OR_WORD, ("AUTOBAUDING",)),
            ParmRule("DNLINKSPEED", Occurs.OPTIONAL, Kind.NUMBER_OR_WORD, ("AUTOBAUDING",)),
            ParmRule("LINGER", Occurs.OPTIONAL, Kind.NUMBER),
            ParmRule("DELIVERY-ERR-SDU", Occurs.OPTIONAL, Kind.HEX),
            ParmRule("DELIVERY-ORDER", Occurs.OPTIONAL, Kind.HEX),
            ParmRule("TRAFFIC-CLASS", Occurs.OPTIONAL, Kind.HEX),
            ParmRule("MAX-SDU-SIZE", Occurs.OPTIONAL, Kind.HEX),
            ParmRule("MAX-BITRATE-UPLINK", Occurs.OPTIONAL, Kind.HEX),
            ParmRule("MAX-BITRATE-DNLINK", Occurs.OPTIONAL, Kind.HEX),
            ParmRule("RESIDUAL-BER", Occurs.OPTIONAL, Kind.HEX),
            ParmRule("SDU-ERROR-RATIO", Occurs.OPTIONAL, Kind.HEX),
            ParmRule("TRAFFIC-HANDL-PRIO", Occurs.OPTIONAL, Kind.HEX),
            ParmRule("TRANSFER-DELAY", Occurs.OPTIONAL, Kind.HEX),
            ParmRule("GUARANTEED-BITRATE-UPLINK", Occurs.OPTIONAL, Kind.HEX),
            ParmRule("GUARANTEED-BITRATE-DNLINK", Occurs.OPTIONAL, Kind.HEX),
            ParmRule("MAX-NUM-RETRY", Occurs.OPTIONAL, Kind.NUMBER),
            ParmRule("FIRST-RETRY-TIMEOUT", Occurs.OPTIONAL, Kind.NUMBER),
            ParmRule("REREG-THRESHOLD", Occurs.OPTIONAL, Kind.NUMBER),
            ParmRule("T-BIT", Occurs.OPTIONAL, Kind.FLAG),
        ),
        children=(
            ("NAPAUTHINFO", Occurs.ANY),
            ("VALIDITY", Occurs.ANY),
        ),
    ),
    "NAPAUTHINFO": CharacteristicRule(
        parms=(
            ParmRule("AUTHTYPE", Occurs.ONE, Kind.WORD, ("PAP", "CHAP", "MD5")),
            ParmRule("AUTHNAME", Occurs.OPTIONAL, Kind.TEXT),
            ParmRule("AUTHSECRET", Occurs.OPTIONAL, Kind.TEXT),
            ParmRule("AUTH-ENTITY", Occurs.ANY, Kind.WORD_OR_TEXT, ("AAA", "HA")),
            ParmRule("SPI", Occurs.OPTIONAL, Kind.HEX),
        ),
    ),
    "VALIDITY": CharacteristicRule(
        parms=(
            ParmRule("COUNTRY", Occurs.OPTIONAL, Kind.TEXT),
            ParmRule("NETWORK", Occurs.OPTIONAL, Kind.TEXT),
            ParmRule("SID", Occurs.OPTIONAL, Kind.TEXT),
            ParmRule("SOC", Occurs.OPTIONAL, Kind.TEXT),
            ParmRule("VALIDUNTIL", Occurs.OPTIONAL, Kind.NUMBER),
        ),
    ),
    "BOOTSTRAP": CharacteristicRule(
        parms=(
            ParmRule("PROVURL", Occurs.OPTIONAL, Kind.URI),
            ParmRule("NETWORK", Occurs.ANY, Kind.TEXT),
            ParmRule("COUNTRY", Occurs.OPTIONAL, Kind.TEXT),
            ParmRule("PROXY-ID", Occurs.ANY, Kind.TEXT),
            ParmRule("NAME", Occurs.OPTIONAL, Kind.TEXT),
            ParmRule("CONTEXT-ALLOW", Occurs.OPTIONAL, Kind.NUMBER),
        ),
    ),
    "CLIENTIDENTITY": CharacteristicRule(
        parms=(ParmRule("CLIENT-ID", Occurs.ONE, Kind.TEXT),),
    ),
    "VENDORCONFIG": CharacteristicRule(
        parms=(ParmRule("NAME", Occurs.ONE, Kind.TEXT),),
        open_to_all=True,
    ),
    "APPLICATION": CharacteristicRule(
        parms=(
            ParmRule("APPID", Occurs.ONE, Kind.TEXT),
            ParmRule("PROVIDER-ID", Occurs.OPTIONAL, Kind.TEXT),
            ParmRule("NAME", Occurs.OPTIONAL, Kind.TEXT),
            ParmRule("AACCEPT", Occurs.OPTIONAL, Kind.TEXT),
            ParmRule("APROTOCOL", Occurs.OPTIONAL, Kind.TEXT),
            ParmRule("TO-PROXY", Occurs.ANY, Kind.TEXT),
            ParmRule("TO-NAPID", Occurs.ANY, Kind.TEXT),
            ParmRule("ADDR", Occurs.ANY, Kind.TEXT),
        ),
        children=(
            ("APPADDR", Occurs.ANY),
            ("APPAUTH", Occurs.ANY),
            ("RESOURCE", Occurs.ANY),
        ),
        open_to_parms=True,
    ),
    "APPADDR": CharacteristicRule(
        parms=(
            ParmRule("ADDR", Occurs.ONE, Kind.TEXT),
            ParmRule("ADDRTYPE", Occurs.OPTIONAL, Kind.WORD, (*ADDRESS_TYPES, "OBEX")),
        ),
        children=(("PORT", Occurs.ANY),),
    ),
    "APPAUTH": CharacteristicRule(
        parms=(
            ParmRule("AAUTHLEVEL", Occurs.OPTIONAL, Kind.WORD, ("APPSRV", "CLIENT", "OBEX")),
            ParmRule("AAUTHTYPE", Occurs.OPTIONAL, Kind.TEXT),
            ParmRule("AAUTHNAME", Occurs.OPTIONAL, Kind.TEXT),
            ParmRule("AAUTHSECRET", Occurs.OPTIONAL, Kind.TEXT),
            ParmRule("AAUTHDATA", Occurs.OPTIONAL, Kind.TEXT),
        ),
    ),
    "RESOURCE": CharacteristicRule(
        parms=(
            ParmRule("URI", Occurs.ONE, Kind.URI),
            ParmRule("NAME", Occurs.OPTIONAL, Kind.TEXT),
            ParmRule("AACCEPT", Occurs.OPTIONAL, Kind.TEXT),
            ParmRule("AAUTHTYPE", Occurs.OPTIONAL, Kind.TEXT),
            ParmRule("AAUTHNAME", Occurs.OPTIONAL, Kind.TEXT),
            ParmRule("AAUTHSECRET", Occurs.OPTIONAL, Kind.TEXT),
            ParmRule("AAUTHDATA", Occurs.OPTIONAL, Kind.TEXT),
            ParmRule("STARTPAGE", Occurs.OPTIONAL, Kind.FLAG),
            ParmRule("CLIURI", Occurs.OPTIONAL, Kind.TEXT),
            ParmRule("SYNCTYPE", Occurs.OPTIONAL, Kind.NUMBER, numbers=range(1, 7)),
            ParmRule("IMAGE", Occurs.OPTIONAL, Kind.TEXT),
        ),
    ),
    "ACCESS": CharacteristicRule(
        parms=(
            ParmRule("RULE", Occurs.SOME, Kind.TEXT),
            ParmRule("APPID", Occurs.ANY, Kind.TEXT),
            ParmRule("PORTNBR", Occurs.ANY, Kind.NUMBER, numbers=PORT_NUMBERS),
            ParmRule("DOMAIN", Occurs.ANY, Kind.TEXT),
            ParmRule("TO-NAPID", Occurs.ANY, Kind.TEXT),
            ParmRule("TO-PROXY", Occurs.ANY, Kind.TEXT),
        ),
    ),
}
ROOT_CHILDREN = (
    ("PXLOGICAL", Occurs.ANY),
    ("NAPDEF", Occurs.ANY),
    ("BOOTSTRAP", Occurs.ANY),
    ("CLIENTIDENTITY", Occurs.OPTIONAL),
    ("VENDORCONFIG", Occurs.ANY),
    ("APPLICATION", Occurs.ANY),
    ("ACCESS", Occurs.ANY),
)
