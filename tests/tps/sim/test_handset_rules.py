"""What the families of handsets make of a document."""

import pytest

from tps.sim.handset_behaviour import (
    FAMILIES,
    GECKO,
    INTEL,
    S60,
    SONY_ERICSSON,
    STRICT,
    TOLERANT,
    WINDOWS_MOBILE,
    HandsetBehaviour,
)
from tps.sim.handset_rejections import RefusedError, Rejection
from tps.sim.handset_rules import Fitted, fit
from tps.sim.handset_wbxml import Characteristic, Parm, ProvisioningDocument


def group(kind: str, *items: Parm | Characteristic, **parms: str | None) -> Characteristic:
    named = tuple(Parm(name.replace("_", "-"), value) for name, value in parms.items())
    return Characteristic(kind, named + items)


def fitted(behaviour: HandsetBehaviour, *groups: Characteristic, signed: bool = True, opaque: bool = False) -> Fitted:
    return fit(ProvisioningDocument(groups, has_opaque=opaque), behaviour, signed=signed)


def refusal(
    behaviour: HandsetBehaviour, *groups: Characteristic, signed: bool = True, opaque: bool = False
) -> Rejection:
    with pytest.raises(RefusedError) as caught:
        fitted(behaviour, *groups, signed=signed, opaque=opaque)
    return caught.value.reason


NET = group("NAPDEF", NAPID="net", INTERNET=None)
PROXY = group("PXLOGICAL", group("PXPHYSICAL", PHYSICAL_PROXY_ID="1", TO_NAPID="net"), PROXY_ID="px")
MMS = group("APPLICATION", APPID="w4", TO_PROXY="px", ADDR="http://mmsc.example")


@pytest.mark.parametrize("behaviour", FAMILIES, ids=lambda behaviour: behaviour.name)
def test_a_document_that_is_in_order_stays_whole(behaviour: HandsetBehaviour) -> None:
    kept = fitted(behaviour, NET, PROXY, MMS)
    assert kept.characteristics == [NET, PROXY, MMS]
    assert kept.left_out == []


@pytest.mark.parametrize(
    ("behaviour", "groups", "reason"),
    [
        (TOLERANT, [], Rejection.EMPTY),
        (TOLERANT, [group("NAPDEF", NAME="net")], Rejection.INCOMPLETE),
        (SONY_ERICSSON, [group("NAPDEF", NAPID="net")], Rejection.EMPTY),
        (GECKO, [NET, group("VENDORCONFIG", NAME="x")], Rejection.VENDORCONFIG),
        (STRICT, [NET, NET], Rejection.DUPLICATE),
        (STRICT, [NET, MMS], Rejection.DANGLING),
        (STRICT, [group("NAPDEF", NAPID="other"), PROXY, MMS], Rejection.DANGLING),
        (
            STRICT,
            [group("NAPDEF", NAPID="net"), group("APPLICATION", APPID="w2", TO_NAPID="INTERNET")],
            Rejection.DANGLING,
        ),
        (WINDOWS_MOBILE, [group("NAPDEF", NAPID="seventeen-letters")], Rejection.NAPID_TOO_LONG),
    ],
)
def test_a_family_refuses_what_it_cannot_use(
    behaviour: HandsetBehaviour, groups: list[Characteristic], reason: Rejection
) -> None:
    assert refusal(behaviour, *groups) is reason


def test_windows_mobile_takes_a_napid_of_sixteen_characters() -> None:
    assert fitted(WINDOWS_MOBILE, group("NAPDEF", NAPID="sixteen-letters-")).left_out == []


def test_opaque_data_and_unsigned_provurl_are_refused() -> None:
    assert refusal(STRICT, NET, opaque=True) is Rejection.OPAQUE
    bootstrap = group("BOOTSTRAP", PROVURL="http://tps.example")
    assert refusal(TOLERANT, NET, bootstrap, signed=False) is Rejection.PROVURL_UNSIGNED
    assert fitted(TOLERANT, NET, bootstrap).characteristics == [NET, bootstrap]


def test_internet_names_any_access_point_with_that_flag() -> None:
    browser = group("APPLICATION", APPID="w2", TO_NAPID="INTERNET")
    assert fitted(STRICT, NET, browser).characteristics == [NET, browser]


def test_a_proxy_without_physical_id_takes_its_mms_account_with_it() -> None:
    proxy = group("PXLOGICAL", group("PXPHYSICAL", TO_NAPID="net"), PROXY_ID="px")
    kept = fitted(STRICT, NET, proxy, MMS)
    assert kept.characteristics == [NET]
    assert len(kept.left_out) == 2


def test_s60_makes_no_access_point_that_nothing_points_to() -> None:
    alone = group("NAPDEF", NAPID="alone")
    kept = fitted(S60, NET, alone, PROXY, MMS)
    assert kept.characteristics == [NET, PROXY, MMS]
    assert kept.left_out == ["NAPDEF alone: nothing points to it"]


def test_intel_has_one_mms_account() -> None:
    second = group("APPLICATION", APPID="w4", TO_PROXY="px", ADDR="http://mmsc.example")
    assert fitted(INTEL, NET, PROXY, MMS, second).characteristics == [NET, PROXY, MMS]


def test_windows_mobile_drops_what_it_does_not_know() -> None:
    untyped = group("NAPAUTHINFO", AUTHNAME="web")
    typed = group("NAPAUTHINFO", AUTHTYPE="CHAP", AUTHNAME="web")
    net = group("NAPDEF", untyped, typed, NAPID="net", BEARER="GSM-USSD", NAP_ADDRTYPE="IPV4")
    kept = fitted(WINDOWS_MOBILE, net)
    assert kept.characteristics == [group("NAPDEF", typed, NAPID="net")]
    assert len(kept.left_out) == 3


def test_windows_mobile_cuts_the_name_of_mms() -> None:
    kept = fitted(WINDOWS_MOBILE, group("APPLICATION", APPID="w4", NAME="n" * 41))
    assert kept.characteristics[0].value("NAME") == "n" * 40


@pytest.mark.parametrize(
    ("client_type", "kept"), [("DIGEST", True), ("BASIC", False)], ids=["client is DIGEST", "client is BASIC"]
)
def test_windows_mobile_wants_both_credentials_of_w7(client_type: str, kept: bool) -> None:
    server = group("APPAUTH", AAUTHLEVEL="APPSRV", AAUTHTYPE="DIGEST")
    client = group("APPAUTH", AAUTHLEVEL="CLIENT", AAUTHTYPE=client_type)
    management = group("APPLICATION", server, client, APPID="w7", PROVIDER_ID="p")
    assert bool(fitted(WINDOWS_MOBILE, management).characteristics) == kept
