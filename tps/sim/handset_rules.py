"""What a handset of a given family makes of a decoded document: refuses it, or keeps what it understands of it."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from tps.sim.handset_behaviour import HandsetBehaviour
from tps.sim.handset_rejections import RefusedError, Rejection
from tps.sim.handset_wbxml import Characteristic, Parm, ProvisioningDocument

IDENTITIES = {"NAPDEF": "NAPID", "PXLOGICAL": "PROXY-ID", "APPLICATION": "APPID"}
"""The parameter that identifies a characteristic (OMA ProvCont clause 4)."""
_ANY_INTERNET = "INTERNET"
"""TO-NAPID with this value means any NAPDEF that is flagged INTERNET."""
_W4, _W7 = "w4", "w7"
_PPP = frozenset(("PAP", "CHAP"))


@dataclass(slots=True)
class Fitted:
    """What is left to install, and in words what was left out."""

    characteristics: list[Characteristic]
    left_out: list[str] = field(default_factory=list)


def fit(document: ProvisioningDocument, behaviour: HandsetBehaviour, *, signed: bool) -> Fitted:
    """What this handset installs of the document; raises `RefusedError`."""
    groups = document.characteristics
    if not groups:
        raise RefusedError(Rejection.EMPTY)
    _refuse_content(document, behaviour, signed=signed)
    _refuse_identities(groups, behaviour)
    _refuse_too_much(groups, behaviour)
    if behaviour.wants_links_inside:
        _refuse_dangling(groups)
    fitted = Fitted(list(groups))
    _leave_out(fitted, behaviour)
    if behaviour.wants_application_or_internet and not any(
        group.type == "APPLICATION" or (group.type == "NAPDEF" and _is_internet(group))
        for group in fitted.characteristics
    ):
        raise RefusedError(Rejection.EMPTY, "neither an APPLICATION nor an access point flagged INTERNET")
    return fitted


def _refuse_content(document: ProvisioningDocument, behaviour: HandsetBehaviour, *, signed: bool) -> None:
    if behaviour.refuses_opaque and document.has_opaque:
        raise RefusedError(Rejection.OPAQUE)
    for group in document.characteristics:
        if group.type == "VENDORCONFIG" and behaviour.refuses_vendorconfig:
            raise RefusedError(Rejection.VENDORCONFIG)
        if group.type == "BOOTSTRAP" and not signed and group.value("PROVURL") is not None:
            raise RefusedError(Rejection.PROVURL_UNSIGNED)


def _refuse_identities(groups: Sequence[Characteristic], behaviour: HandsetBehaviour) -> None:
    seen: Counter[tuple[str, str]] = Counter()
    for group in groups:
        if group.type not in IDENTITIES:
            continue
        identity = group.value(IDENTITIES[group.type])
        if not identity:
            raise RefusedError(Rejection.INCOMPLETE, f"{group.type} without {IDENTITIES[group.type]}")
        if group.type == "NAPDEF" and behaviour.napid_max is not None and len(identity) > behaviour.napid_max:
            raise RefusedError(Rejection.NAPID_TOO_LONG, f"{identity}: {len(identity)} characters")
        if group.type != "APPLICATION":
            seen[group.type, identity] += 1
    twice = next((f"{kind} {identity}" for (kind, identity), count in seen.items() if count > 1), None)
    if twice is not None and behaviour.wants_links_inside:
        raise RefusedError(Rejection.DUPLICATE, twice)


def _refuse_too_much(groups: Sequence[Characteristic], behaviour: HandsetBehaviour) -> None:
    access_points = sum(group.type == "NAPDEF" for group in groups)
    if behaviour.napdefs_max is not None and access_points > behaviour.napdefs_max:
        raise RefusedError(Rejection.NAPDEFS_TOO_MANY, f"{access_points} of them")
    urls = [url for group in groups if group.type == "BOOTSTRAP" for url in group.values("PROVURL")]
    if behaviour.provurl_once and len(set(urls)) < len(urls):
        raise RefusedError(Rejection.PROVURL_REPEATED)


def _refuse_dangling(groups: Sequence[Characteristic]) -> None:
    access_points = {napid for group in groups if group.type == "NAPDEF" for napid in group.values("NAPID")}
    proxies = {proxy for group in groups if group.type == "PXLOGICAL" for proxy in group.values("PROXY-ID")}
    if any(group.type == "NAPDEF" and _is_internet(group) for group in groups):
        access_points.add(_ANY_INTERNET)
    for group in _with_all_below(groups):
        for napid in group.values("TO-NAPID"):
            if napid not in access_points:
                raise RefusedError(Rejection.DANGLING, f"TO-NAPID {napid} in {group.type}")
        for proxy in group.values("TO-PROXY"):
            if proxy not in proxies:
                raise RefusedError(Rejection.DANGLING, f"TO-PROXY {proxy} in {group.type}")


def _leave_out(fitted: Fitted, behaviour: HandsetBehaviour) -> None:
    """Apply what the family drops without a word, one trait after the other."""
    if behaviour.wants_physical_proxy_id:
        _drop_proxies_without_physical_id(fitted)
    if behaviour.bearers is not None:
        _drop_values(fitted, "BEARER", behaviour.bearers)
    if behaviour.address_types is not None:
        _drop_values(fitted, "NAP-ADDRTYPE", behaviour.address_types)
    if behaviour.wants_napauth_type:
        _drop_untyped_authentication(fitted)
    if behaviour.w4_name_max is not None:
        _cut_w4_names(fitted, behaviour.w4_name_max)
    if behaviour.first_w4_only:
        _keep_first_w4(fitted)
    if behaviour.wants_both_w7_credentials:
        _drop_half_secured_w7(fitted)
    if behaviour.only_linked_access_points:
        _drop_unlinked_access_points(fitted)


def _drop(fitted: Fitted, dropped: Iterable[Characteristic], why: str) -> None:
    # By identity: two equal characteristics are two.
    gone = {id(group) for group in dropped}
    for group in fitted.characteristics:
        if id(group) in gone:
            fitted.left_out.append(f"{group.type} {group.value(IDENTITIES.get(group.type, '')) or ''}: {why}")
    fitted.characteristics = [group for group in fitted.characteristics if id(group) not in gone]


def _drop_proxies_without_physical_id(fitted: Fitted) -> None:
    proxies = [
        group
        for group in fitted.characteristics
        if group.type == "PXLOGICAL"
        and any(not physical.value("PHYSICAL-PROXY-ID") for physical in group.of_type("PXPHYSICAL"))
    ]
    names = {name for proxy in proxies for name in proxy.values("PROXY-ID")}
    users = [
        group
        for group in fitted.characteristics
        if group.value("APPID") == _W4 and not names.isdisjoint(group.values("TO-PROXY"))
    ]
    _drop(fitted, [*proxies, *users], "a PXPHYSICAL has no PHYSICAL-PROXY-ID")


def _drop_values(fitted: Fitted, name: str, kept: frozenset[str]) -> None:
    for at, group in enumerate(fitted.characteristics):
        if group.type != "NAPDEF" or kept.issuperset(group.values(name)):
            continue
        items = tuple(
            item for item in group.items if not isinstance(item, Parm) or item.name != name or item.value in kept
        )
        fitted.characteristics[at] = replace(group, items=items)
        fitted.left_out.append(f"NAPDEF {group.value('NAPID')}: {name} {', '.join(group.values(name))}")


def _drop_untyped_authentication(fitted: Fitted) -> None:
    for at, group in enumerate(fitted.characteristics):
        untyped = [info for info in group.of_type("NAPAUTHINFO") if info.value("AUTHTYPE") not in _PPP]
        if group.type == "NAPDEF" and untyped:
            items = tuple(item for item in group.items if item not in untyped)
            fitted.characteristics[at] = replace(group, items=items)
            fitted.left_out.append(f"NAPDEF {group.value('NAPID')}: NAPAUTHINFO without AUTHTYPE PAP or CHAP")


def _cut_w4_names(fitted: Fitted, name_max: int) -> None:
    for at, group in enumerate(fitted.characteristics):
        if group.value("APPID") == _W4 and len(group.value("NAME") or "") > name_max:
            items = tuple(
                Parm("NAME", item.value[:name_max])
                if isinstance(item, Parm) and item.name == "NAME" and item.value
                else item
                for item in group.items
            )
            fitted.characteristics[at] = replace(group, items=items)
            fitted.left_out.append(f"APPLICATION w4: NAME after {name_max} characters")


def _keep_first_w4(fitted: Fitted) -> None:
    accounts = [group for group in fitted.characteristics if group.value("APPID") == _W4]
    _drop(fitted, accounts[1:], "there is one already")


def _drop_half_secured_w7(fitted: Fitted) -> None:
    def complete(group: Characteristic) -> bool:
        types = {info.value("AAUTHLEVEL"): info.value("AAUTHTYPE") for info in group.of_type("APPAUTH")}
        return "APPSRV" in types and types.get("CLIENT") == "DIGEST"

    half = [group for group in fitted.characteristics if group.value("APPID") == _W7 and not complete(group)]
    _drop(fitted, half, "APPSRV and CLIENT credentials are needed, CLIENT as DIGEST")


def _drop_unlinked_access_points(fitted: Fitted) -> None:
    linked = {napid for group in _with_all_below(fitted.characteristics) for napid in group.values("TO-NAPID")}
    unlinked = [
        group
        for group in fitted.characteristics
        if group.type == "NAPDEF" and not _is_internet(group) and linked.isdisjoint(group.values("NAPID"))
    ]
    _drop(fitted, unlinked, "nothing points to it")


def _is_internet(group: Characteristic) -> bool:
    return group.value("INTERNET") is not None


def _with_all_below(groups: Iterable[Characteristic]) -> list[Characteristic]:
    found = list(groups)
    for group in found:  # grows while it is read: breadth first
        found.extend(group.groups)
    return found
