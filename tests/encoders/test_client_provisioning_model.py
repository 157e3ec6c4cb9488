"""The checks of a provisioning document name the place, the rule and the fix."""

import pytest
from hypothesis import given

from encoders.client_provisioning import Characteristic, Document, Parm
from encoders.client_provisioning_content import CONTENT, ROOT_CHILDREN, Kind
from encoders.client_provisioning_model import Authentication, Finding, Severity, validate
from encoders.client_provisioning_tokens import ATTRIBUTE_STARTS, ATTRIBUTE_VALUES
from tests.strategies import documents

C, P = Characteristic, Parm

NAPDEF = (
    P("NAPID", "N1"),
    P("BEARER", "GSM-GPRS"),
    P("NAME", "Web"),
    P("INTERNET", None),
    P("NAP-ADDRESS", "web"),
    P("NAP-ADDRTYPE", "APN"),
)
PXPHYSICAL = (P("PHYSICAL-PROXY-ID", "1"), P("PXADDR", "10.0.0.1"), P("PXADDRTYPE", "IPV4"), P("TO-NAPID", "N1"))
PXLOGICAL = (P("PROXY-ID", "px"), P("NAME", "Proxy"), C("PXPHYSICAL", PXPHYSICAL))
SOUND = Document(
    (
        C("BOOTSTRAP", (P("PROVURL", "http://tps.example/"), P("PROXY-ID", "px"))),
        C("NAPDEF", (*NAPDEF, C("NAPAUTHINFO", (P("AUTHTYPE", "PAP"), P("AUTHNAME", ""))))),
        C("PXLOGICAL", PXLOGICAL),
        C("APPLICATION", (P("APPID", "w2"), P("TO-PROXY", "px"), P("TO-NAPID", "INTERNET"), P("CM", "1"))),
        C("ACCESS", (P("RULE", None), P("APPID", "w2"), P("TO-NAPID", "N1"))),
        C("VENDORCONFIG", (P("NAME", "V"), P("ANY", None), C("THING", (P("TO-NAPID", "x"), C("PORT", ()))))),
    ),
    "1.0",
)


def said(document: Document, severity: Severity, authentication: Authentication | None = None) -> list[str]:
    return [str(finding) for finding in validate(document, authentication) if finding.severity is severity]


def test_a_sound_document_has_no_findings() -> None:
    assert validate(SOUND) == ()
    assert validate(SOUND, Authentication.NETWPIN) == ()


def napdef(*changes: Parm | Characteristic) -> Document:
    """A document whose NAPDEF has these in place of the parms of the same name."""
    names = {change.name for change in changes if isinstance(change, Parm)}
    return Document((C("NAPDEF", (*(parm for parm in NAPDEF if parm.name not in names), *changes)),))


def without(*names: str) -> Document:
    return Document(
        (C("NAPDEF", tuple(parm for parm in NAPDEF if parm.name not in names)), C("APPLICATION", (P("APPID", "w2"),)))
    )


def with_proxy(*items: Parm | Characteristic) -> Document:
    return Document((C("NAPDEF", NAPDEF), C("PXLOGICAL", items)))


def with_physical(**values: str) -> Document:
    parms = tuple(P(parm.name, values.get(parm.name.replace("-", "_"), parm.value)) for parm in PXPHYSICAL)
    return with_proxy(*PXLOGICAL[:2], C("PXPHYSICAL", parms))


@pytest.mark.parametrize(
    ("document", "path", "message"),
    [
        (
            napdef(P("NAP-ADDRTYPE", "IPV4"), P("NAP-ADDRESS", "1.2.3.4")),
            "NAPDEF[1]/NAP-ADDRTYPE",
            "APN expected for BEARER GSM-GPRS; got IPV4",
        ),
        (
            napdef(P("BEARER", "GSM-CSD"), P("NAP-ADDRTYPE", "apn")),
            "NAPDEF[1]/NAP-ADDRTYPE",
            "IPV4 or IPV6 or E164 or ALPHA or APN or SCODE or TETRA-ITSI or MAN expected; got 'apn'",
        ),
        (without("NAME"), "NAPDEF[1]/NAME", "missing; exactly one expected"),
        (napdef(P("NAME", "a"), P("NAME", "b")), "NAPDEF[1]/NAME", "at most one expected; got 2"),
        (
            napdef(P("DNS-ADDR", "1.2.3.4"), P("DNS-ADDR", "1.2.3")),
            "NAPDEF[1]/DNS-ADDR[2]",
            "an IPv4 or IPv6 address expected; got '1.2.3'",
        ),
        (napdef(P("LINKSPEED", "fast")), "NAPDEF[1]/LINKSPEED", "AUTOBAUDING or 0 to 4294967295 expected; got 'fast'"),
        (napdef(P("LINGER", "-1")), "NAPDEF[1]/LINGER", "0 to 4294967295 expected; got '-1'"),
        (napdef(P("LINGER", "٣")), "NAPDEF[1]/LINGER", "0 to 4294967295 expected; got '٣'"),
        (
            napdef(P("RESIDUAL-BER", "0x70")),
            "NAPDEF[1]/RESIDUAL-BER",
            "hexadecimal digits without 0x expected; got '0x70'",
        ),
        (napdef(P("NAME", None)), "NAPDEF[1]/NAME", "value expected: text"),
        (napdef(C("PXPHYSICAL", ())), "NAPDEF[1]/PXPHYSICAL[1]", "PXLOGICAL expected around it; got NAPDEF"),
        (
            Document((C("PORT", ()),)),
            "PORT[1]",
            "PXLOGICAL or PXPHYSICAL or APPADDR expected around it; got wap-provisioningdoc",
        ),
        (with_proxy(*PXLOGICAL[:2]), "PXLOGICAL[1]/PXPHYSICAL", "missing; at least one expected"),
        (with_proxy(*PXLOGICAL, P("PUSHENABLED", "yes")), "PXLOGICAL[1]/PUSHENABLED", "0 or 1 expected; got 'yes'"),
        (
            with_proxy(*PXLOGICAL, P("STARTPAGE", "http://a b/")),
            "PXLOGICAL[1]/STARTPAGE",
            "a URI without blanks expected; got 'http://a b/'",
        ),
        (
            with_proxy(*PXLOGICAL, C("PORT", (P("PORTNBR", "0"),))),
            "PXLOGICAL[1]/PORT[1]/PORTNBR",
            "1 to 65535 expected; got '0'",
        ),
        (
            with_proxy(*PXLOGICAL, C("PORT", (P("PORTNBR", "65536"),))),
            "PXLOGICAL[1]/PORT[1]/PORTNBR",
            "1 to 65535 expected; got '65536'",
        ),
        (
            with_physical(PXADDR="proxy.example"),
            "PXLOGICAL[1]/PXPHYSICAL[1]/PXADDR",
            "IPV4 address expected, as PXADDRTYPE says; got 'proxy.example'",
        ),
        (
            with_physical(PXADDR="::1"),
            "PXLOGICAL[1]/PXPHYSICAL[1]/PXADDR",
            "IPV4 address expected, as PXADDRTYPE says; got '::1'",
        ),
        (Document((C("CLIENTIDENTITY", (P("CLIENT-ID", "a"),)),) * 2), "CLIENTIDENTITY", "at most one expected; got 2"),
        (Document((C("NAPDEF", NAPDEF),) * 2), "NAPDEF[2]/NAPID", "'N1' is taken by NAPDEF[1]; each needs its own"),
        (
            Document((C("APPLICATION", (P("APPID", "w2"), P("TO-PROXY", "gone"))),)),
            "APPLICATION[1]/TO-PROXY",
            "no PXLOGICAL has PROXY-ID 'gone'; add it or change the link",
        ),
        (
            Document((C("BOOTSTRAP", (P("PROXY-ID", "gone"),)),)),
            "BOOTSTRAP[1]/PROXY-ID",
            "no PXLOGICAL has PROXY-ID 'gone'; add it or change the link",
        ),
        (
            Document((C("ACCESS", (P("APPID", "w2"), P("RULE", "x"))),)),
            "ACCESS[1]/APPID",
            "RULE expected first; it opens the alternative that the following parms belong to",
        ),
        (
            Document((C("APPLICATION", (P("APPID", "w5"), C("RESOURCE", (P("URI", "./db"), P("SYNCTYPE", "7"))))),)),
            "APPLICATION[1]/RESOURCE[1]/SYNCTYPE",
            "1 to 6 expected; got '7'",
        ),
    ],
)
def test_what_breaks_the_standard_is_an_error(document: Document, path: str, message: str) -> None:
    assert said(document, Severity.ERROR) == [f"{path}: {message}"]


@pytest.mark.parametrize(
    ("document", "path", "message"),
    [
        (
            napdef(P("NAPID", "N" * 17)),
            "NAPDEF[1]/NAPID",
            "at most 16 characters expected; Windows Mobile refuses longer ones",
        ),
        (without("NAP-ADDRTYPE"), "NAPDEF[1]/NAP-ADDRTYPE", "missing; handsets disagree on what that means, so say it"),
        (
            napdef(P("BEARER", "3G-GSM")),
            "NAPDEF[1]/BEARER",
            "3G-GSM is newer than OMA ProvCont 1.1; older handsets drop it",
        ),
        (napdef(P("INTERNET", "1")), "NAPDEF[1]/INTERNET", "no value: its presence says it; leave '1' out"),
        (napdef(P("IFNETWORKS", "IPV4")), "NAPDEF[1]/IFNETWORKS", "unknown in NAPDEF; handsets skip it"),
        (napdef(C("WLAN", (C("PORT", ()),))), "NAPDEF[1]/WLAN[1]", "unknown in NAPDEF; handsets skip it"),
        (
            with_physical(TO_NAPID="N2"),
            "PXLOGICAL[1]/PXPHYSICAL[1]/TO-NAPID",
            "no NAPDEF here has NAPID 'N2'; add it, or be sure that the handset has it",
        ),
        (
            Document((C("APPLICATION", (P("APPID", "w2"), P("TO-NAPID", "INTERNET"))),)),
            "APPLICATION[1]/TO-NAPID",
            "no NAPDEF here is flagged INTERNET; flag one, or be sure that the handset has one",
        ),
        (
            Document((C("NAPDEF", tuple(parm for parm in NAPDEF if parm.name != "INTERNET")),)),
            "wap-provisioningdoc",
            "APPLICATION or a NAPDEF flagged INTERNET expected; several handsets store nothing without one",
        ),
    ],
)
def test_what_some_handsets_mishandle_is_a_warning(document: Document, path: str, message: str) -> None:
    assert said(document, Severity.WARNING) == [f"{path}: {message}"]
    assert said(document, Severity.ERROR) == []


@pytest.mark.parametrize("authentication", [Authentication.NONE, Authentication.USERPINMAC])
def test_provurl_needs_an_authentication_that_handsets_grant_it_for(authentication: Authentication) -> None:
    message = f"NETWPIN, USERNETWPIN or USERPIN expected with PROVURL; got {authentication.value}"
    assert said(SOUND, Severity.ERROR, authentication) == [f"BOOTSTRAP[1]/PROVURL: {message}"]


def test_a_circuit_switched_access_point_may_have_a_number() -> None:
    number = napdef(P("BEARER", "GSM-CSD"), P("NAP-ADDRTYPE", "E164"), P("NAP-ADDRESS", "+3581234567"))
    assert validate(number) == ()


def test_an_access_point_with_other_bearers_too_may_have_a_number() -> None:
    assert validate(napdef(P("BEARER", "GSM-GPRS"), P("BEARER", "GSM-CSD"), P("NAP-ADDRTYPE", "E164"))) == ()


def test_the_address_of_an_application_fits_the_type_it_gives() -> None:
    address = C("APPADDR", (P("ADDR", "server.example"), P("ADDRTYPE", "IPV6")))
    document = Document((C("APPLICATION", (P("APPID", "w7"), address)),))
    message = "IPV6 address expected, as ADDRTYPE says; got 'server.example'"
    assert said(document, Severity.ERROR) == [f"APPLICATION[1]/APPADDR[1]/ADDR: {message}"]


def test_an_ipv6_address_fits_its_type() -> None:
    assert validate(napdef(P("BEARER", "GSM-CSD"), P("NAP-ADDRTYPE", "IPV6"), P("NAP-ADDRESS", "2001:db8::1"))) == ()


def test_findings_come_in_the_order_of_the_document() -> None:
    findings = validate(Document((C("NAPDEF", (P("NAPID", "N1"),)), C("PXLOGICAL", ()))))
    assert [finding.path.split("/")[0] for finding in findings] == ["NAPDEF[1]"] * 2 + ["PXLOGICAL[1]"] * 3 + [
        "NAPDEF[1]",
        "wap-provisioningdoc",
    ]


@given(documents())
def test_any_document_can_be_checked(document: Document) -> None:
    assert all(isinstance(finding, Finding) and finding.path for finding in validate(document))


def test_every_name_of_the_token_tables_is_in_the_content_model() -> None:
    parms = {parm.name for rule in CONTENT.values() for parm in rule.parms}
    assert {prefix for _, _, name, prefix in ATTRIBUTE_STARTS if name == "name" and prefix} - parms == set()
    assert {prefix for _, _, name, prefix in ATTRIBUTE_STARTS if name == "type" and prefix} == CONTENT.keys()


def test_every_characteristic_has_a_place() -> None:
    placed = {name for name, _ in ROOT_CHILDREN} | {name for rule in CONTENT.values() for name, _ in rule.children}
    assert placed == CONTENT.keys()


def test_every_word_of_the_model_is_a_token_or_seen_as_text() -> None:
    words = {
        word
        for rule in CONTENT.values()
        for parm in rule.parms
        if parm.kind is not Kind.WORD_OR_TEXT
        for word in parm.words
    }
    assert words - {text for _, _, text in ATTRIBUTE_VALUES} == {"CLIENT"}
