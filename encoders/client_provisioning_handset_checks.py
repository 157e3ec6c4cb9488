"""What to check before a document is sent: links, identities, explicit types, and lengths that handsets cut."""

from collections.abc import Iterator, Sequence
from enum import Enum
from ipaddress import IPv4Address, IPv6Address, ip_address

from encoders.client_provisioning_document import ROOT
from encoders.client_provisioning_finding import Block, Finding, error, warning

ANY_INTERNET = "INTERNET"
"""As TO-NAPID: any NAPDEF that is flagged INTERNET."""
PACKET_BEARERS = frozenset(("GSM-GPRS", "ANSI-136-GPRS"))
"""Bearers whose NAP-ADDRESS is an access point name."""


class Authentication(Enum):
    """How a document is protected on its way (OMA ProvBoot 1.1 clause 4.2)."""

    NONE = "no authentication"
    NETWPIN = "NETWPIN"
    USERPIN = "USERPIN"
    USERNETWPIN = "USERNETWPIN"
    USERPINMAC = "USERPINMAC"


LONGEST_TEXTS = (
    ("NAPDEF", "NAPID", 16, "Windows Mobile refuses"),
    ("BOOTSTRAP", "PROVURL", 256, "Windows Mobile refuses"),
    ("BOOTSTRAP", "NAME", 50, "Nokia S60 cuts"),
)
"""Characteristic, parm, characters, and what happens to longer ones."""


def handset_findings(blocks: Sequence[Block], authentication: Authentication | None) -> Iterator[Finding]:
    """Findings beyond the content model; `authentication` None leaves out what depends on it."""
    everything = list(_all(blocks))
    yield from _links(everything)
    yield from _identities(everything)
    yield from _address_types(everything)
    yield from _lengths(everything)
    yield from _bootstrap(everything, authentication)
    if not any(block.type == "APPLICATION" for block in blocks) and not _internet_access_points(everything):
        yield warning(
            ROOT, "APPLICATION or a NAPDEF flagged INTERNET expected; several handsets store nothing without one"
        )


def _all(blocks: Sequence[Block]) -> Iterator[Block]:
    for block in blocks:
        if block.type != "VENDORCONFIG":
            yield block
            yield from _all(block.blocks())


def _internet_access_points(blocks: Sequence[Block]) -> list[Block]:
    return [block for block in blocks if block.type == "NAPDEF" and block.parms_named("INTERNET")]


def _links(blocks: Sequence[Block]) -> Iterator[Finding]:
    """TO-NAPID, TO-PROXY and BOOTSTRAP PROXY-ID name something in the document."""
    access_points = {block.value("NAPID") for block in blocks if block.type == "NAPDEF"}
    if _internet_access_points(blocks):
        access_points.add(ANY_INTERNET)
    proxies = {block.value("PROXY-ID") for block in blocks if block.type == "PXLOGICAL"}
    for block in blocks:
        for path, parm in block.parms():
            if parm.name == "TO-NAPID" and parm.value not in access_points:
                if parm.value == ANY_INTERNET:
                    yield warning(
                        path, "no NAPDEF here is flagged INTERNET; flag one, or be sure that the handset has one"
                    )
                else:
                    yield warning(
                        path, f"no NAPDEF here has NAPID {parm.value!r}; add it, or be sure that the handset has it"
                    )
            if parm.value not in proxies and (
                parm.name == "TO-PROXY" or (parm.name == "PROXY-ID" and block.type == "BOOTSTRAP")
            ):
                yield error(path, f"no PXLOGICAL has PROXY-ID {parm.value!r}; add it or change the link")


def _identities(blocks: Sequence[Block]) -> Iterator[Finding]:
    """NAPID and PROXY-ID are unique."""
    for type_, name in (("NAPDEF", "NAPID"), ("PXLOGICAL", "PROXY-ID")):
        first: dict[str, str] = {}
        for block in blocks:
            value = block.value(name)
            if block.type == type_ and value is not None and first.setdefault(value, block.path) != block.path:
                yield error(f"{block.path}/{name}", f"{value!r} is taken by {first[value]}; each needs its own")


def _address_types(blocks: Sequence[Block]) -> Iterator[Finding]:
    """Types are sent explicitly and fit the bearer and the address."""
    for block in blocks:
        if block.type == "NAPDEF":
            yield from _access_point_address(block)
        elif block.type == "PXPHYSICAL":
            yield from _address(block, "PXADDR", "PXADDRTYPE")
        elif block.type == "APPADDR" and block.value("ADDRTYPE") is not None:
            yield from _address(block, "ADDR", "ADDRTYPE")


def _access_point_address(block: Block) -> Iterator[Finding]:
    bearers = {parm.value for _, parm in block.parms_named("BEARER")}
    kind, packet = block.value("NAP-ADDRTYPE"), sorted(bearer for bearer in bearers if bearer in PACKET_BEARERS)
    if kind is not None and kind != "APN" and packet and len(packet) == len(bearers):
        yield error(f"{block.path}/NAP-ADDRTYPE", f"APN expected for BEARER {packet[0]}; got {kind}")
    yield from _address(block, "NAP-ADDRESS", "NAP-ADDRTYPE")


def _address(block: Block, name: str, type_name: str) -> Iterator[Finding]:
    kind, address = block.value(type_name), block.value(name)
    if not block.parms_named(type_name):
        yield warning(f"{block.path}/{type_name}", "missing; handsets disagree on what that means, so say it")
    versions = {"IPV4": IPv4Address, "IPV6": IPv6Address}
    if address is not None and kind in versions:
        try:
            fits = isinstance(ip_address(address), versions[kind])
        except ValueError:
            fits = False
        if not fits:
            yield error(f"{block.path}/{name}", f"{kind} address expected, as {type_name} says; got {address!r}")


def _lengths(blocks: Sequence[Block]) -> Iterator[Finding]:
    for block in blocks:
        for type_, name, longest, what_happens in LONGEST_TEXTS:
            if block.type == type_:
                for path, parm in block.parms_named(name):
                    if parm.value is not None and len(parm.value) > longest:
                        yield warning(path, f"at most {longest} characters expected; {what_happens} longer ones")


def _bootstrap(blocks: Sequence[Block], authentication: Authentication | None) -> Iterator[Finding]:
    """PROVURL opens a privileged context, which handsets grant to an authenticated document only."""
    if authentication in (Authentication.NONE, Authentication.USERPINMAC):
        for block in blocks:
            for path, _ in block.parms_named("PROVURL"):
                yield error(path, f"NETWPIN, USERNETWPIN or USERPIN expected with PROVURL; got {authentication.value}")
