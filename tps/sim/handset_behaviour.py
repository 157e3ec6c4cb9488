"""How handsets differ in what they take: one frozen value per family, each trait with what it was seen in."""

from dataclasses import dataclass

from tps.sim.handset_trust import Security

ALL_SECURITY = frozenset(Security)


@dataclass(frozen=True, slots=True, kw_only=True)
class HandsetBehaviour:
    """What a handset insists on and what it leaves out."""

    name: str

    exact_content_type: bool = False
    """Only the content type octets that every family takes (seven receivers were compared)."""
    exact_mac_case: bool = False
    """The MAC is compared as text, so it must be upper-case (Intel)."""
    port_in_every_segment: bool = False
    """A segment without port element is lost, and the message with it."""
    takes_unsigned: bool = False
    security: frozenset[Security] = ALL_SECURITY
    pads_even_imsi: bool = False
    """Gecko: an IMSI with an even number of digits is filled up with 0, so the right MAC does not match."""
    pin_tries: int = 3

    page_0_values_everywhere: bool = False
    """A value token that page 1 lacks is looked up on page 0."""
    refuses_opaque: bool = False
    refuses_vendorconfig: bool = False
    wants_physical_proxy_id: bool = False
    """A PXLOGICAL whose PXPHYSICAL has no PHYSICAL-PROXY-ID is dropped, and the MMS account that used it."""
    wants_links_inside: bool = False
    """Each TO-NAPID and TO-PROXY must name something in the same document."""
    wants_application_or_internet: bool = False
    """A document with access points only, none flagged INTERNET, is refused as empty (Sony Ericsson)."""
    only_linked_access_points: bool = False
    """Access points are created only if something points to them or they are flagged INTERNET (S60)."""
    napid_max: int | None = None
    napdefs_max: int | None = None
    provurl_once: bool = False
    """A document that repeats a PROVURL is refused (Nokia 6220)."""
    segments_max: int | None = None
    narrow_references_only: bool = False
    """Segments with a 16-bit reference are lost."""
    bearers: frozenset[str] | None = None
    address_types: frozenset[str] | None = None
    """Other values of BEARER and NAP-ADDRTYPE are dropped (Windows Mobile)."""
    wants_napauth_type: bool = False
    """NAPAUTHINFO without AUTHTYPE PAP or CHAP is not stored (Windows Mobile)."""
    w4_name_max: int | None = None
    first_w4_only: bool = False
    wants_both_w7_credentials: bool = False
    """w7 needs APPSRV and CLIENT, and CLIENT must be DIGEST (Windows Mobile)."""


STRICT = HandsetBehaviour(
    name="strict",
    exact_content_type=True,
    exact_mac_case=True,
    port_in_every_segment=True,
    refuses_opaque=True,
    refuses_vendorconfig=True,
    wants_physical_proxy_id=True,
    wants_links_inside=True,
    wants_application_or_internet=True,
)
"""The sum of all families: what it installs, every one of them should."""

TOLERANT = HandsetBehaviour(name="tolerant", takes_unsigned=True, page_0_values_everywhere=True)
"""Any legal form, signed or not."""

S60 = HandsetBehaviour(name="S60", only_linked_access_points=True)

GECKO = HandsetBehaviour(
    name="Gecko",
    security=ALL_SECURITY - {Security.USERNETWPIN},
    pads_even_imsi=True,
    refuses_vendorconfig=True,
)

INTEL = HandsetBehaviour(name="Intel cpclient", exact_mac_case=True, first_w4_only=True)

SONY_ERICSSON = HandsetBehaviour(name="Sony Ericsson", wants_application_or_internet=True)

WINDOWS_MOBILE = HandsetBehaviour(
    name="Windows Mobile",
    security=ALL_SECURITY - {Security.USERPINMAC},
    napid_max=16,
    bearers=frozenset(("GSM-CSD", "GSM-GPRS")),
    address_types=frozenset(("E164", "APN")),
    wants_napauth_type=True,
    w4_name_max=40,
    first_w4_only=True,
    wants_both_w7_credentials=True,
)

FAMILIES = (STRICT, TOLERANT, S60, GECKO, INTEL, SONY_ERICSSON, WINDOWS_MOBILE)
