"""Provisioning documents rewritten so that their links stay whole: access points renamed or taken out.

What can only be reached over an access point that is taken out goes with it, because half of a service is worse than
none: it would replace settings that work. Vendors' own blocks (VENDORCONFIG) are left as they are.
"""

from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise

from encoders.client_provisioning_document import Characteristic, Document, Parm

Items = tuple[Parm | Characteristic, ...]
Rewrite = Callable[[Characteristic, Characteristic], Characteristic | None]
"""Given a characteristic as it was and with its inner ones rewritten: what stands there now, None for nothing."""

VENDOR_BLOCK = "VENDORCONFIG"


def rewritten(document: Document, rewrite: Rewrite) -> Document:
    """The document with every characteristic rewritten, the inner ones first; the same value where none changes."""
    items = tuple(after for item in document.items if (after := _rewritten(item, rewrite)) is not None)
    return document if items == document.items else Document(items, document.version)


def characteristics(document: Document) -> Iterator[Characteristic]:
    """Every characteristic but those inside vendors' own blocks, in document order."""
    waiting: list[Characteristic] = list(reversed(document.items))
    while waiting:
        block = waiting.pop()
        yield block
        if block.type != VENDOR_BLOCK:
            waiting.extend(item for item in reversed(block.items) if isinstance(item, Characteristic))


def values(block: Characteristic, name: str) -> list[str]:
    """The values of all parms of this name; those without a value are no links and no identities."""
    return [
        item.value for item in block.items if isinstance(item, Parm) and item.name == name and item.value is not None
    ]


def access_point_ids(document: Document) -> list[str]:
    """The NAPIDs of the document, in order."""
    return [napid for block in characteristics(document) if block.type == "NAPDEF" for napid in values(block, "NAPID")]


def with_renamed_access_points(document: Document, names: Mapping[str, str]) -> Document:
    """The document in which each NAPID, and each link to it, has its new name."""

    def rewrite(_: Characteristic, after: Characteristic) -> Characteristic:
        if after.type == VENDOR_BLOCK:
            return after
        named = ("NAPID", "TO-NAPID") if after.type == "NAPDEF" else ("TO-NAPID",)
        return Characteristic(after.type, tuple(_renamed(item, named, names) for item in after.items))

    return rewritten(document, rewrite)


def with_first_access_points(document: Document, count: int) -> tuple[Document, tuple[str, ...]]:
    """The document with its first `count` NAPDEFs, without what needs another; and the NAPIDs that are gone.

    A link to INTERNET (any access point that is flagged so) stays: the handset may have one of its own.
    """
    kept: list[str] = []
    removed: list[str] = []
    left = count

    def rewrite(before: Characteristic, after: Characteristic) -> Characteristic | None:
        nonlocal left
        if before.type != "NAPDEF":
            return after
        left -= 1
        (kept if left >= 0 else removed).extend(values(before, "NAPID"))
        return after if left >= 0 else None

    fewer = rewritten(document, rewrite)
    gone = frozenset(removed) - frozenset(kept)
    return _without_dead_ends(fewer, gone), tuple(removed)


def _rewritten(item: Characteristic, rewrite: Rewrite) -> Characteristic | None:
    if item.type == VENDOR_BLOCK:
        return rewrite(item, item)
    inner: list[Parm | Characteristic] = []
    for part in item.items:
        after = _rewritten(part, rewrite) if isinstance(part, Characteristic) else part
        if after is not None:
            inner.append(after)
    return rewrite(item, Characteristic(item.type, tuple(inner)))


def _renamed(item: Parm | Characteristic, named: tuple[str, ...], names: Mapping[str, str]) -> Parm | Characteristic:
    if isinstance(item, Parm) and item.name in named and item.value is not None:
        return Parm(item.name, names.get(item.value, item.value))
    return item


def _without_dead_ends(document: Document, access_points: frozenset[str]) -> Document:
    """The document without links to these access points, and without what is left with no way into the network."""
    before = _proxy_ids(document)
    document = rewritten(document, lambda was, now: _reachable_proxy(was, now, access_points))
    proxies = frozenset(before) - frozenset(_proxy_ids(document))
    gone = {"TO-NAPID": access_points, "TO-PROXY": proxies}
    return rewritten(document, lambda _, now: _reachable_service(now, gone, proxies))


def _proxy_ids(document: Document) -> list[str]:
    return [
        name for block in characteristics(document) if block.type == "PXLOGICAL" for name in values(block, "PROXY-ID")
    ]


def _reachable_proxy(
    before: Characteristic, after: Characteristic, access_points: frozenset[str]
) -> Characteristic | None:
    """A physical proxy needs an access point, a logical one a physical one."""
    if after.type == "PXPHYSICAL":
        items = _still_linked(after.items, {"TO-NAPID": access_points})
        return None if items is None else Characteristic(after.type, items)
    if after.type == "PXLOGICAL" and _has_address(before) and not _has_address(after):
        return None
    return after


def _has_address(proxy: Characteristic) -> bool:
    return any(isinstance(item, Characteristic) and item.type == "PXPHYSICAL" for item in proxy.items)


def _reachable_service(
    block: Characteristic, gone: Mapping[str, frozenset[str]], proxies: frozenset[str]
) -> Characteristic | None:
    """An application needs one of the ways it names; so does each alternative of ACCESS."""
    if block.type == "APPLICATION":
        items = _still_linked(block.items, gone)
        return None if items is None else Characteristic(block.type, items)
    if block.type == "ACCESS":
        alternatives = [_still_linked(alternative, gone) for alternative in _alternatives(block.items)]
        left = tuple(item for alternative in alternatives for item in alternative or ())
        return Characteristic(block.type, left) if left or not block.items else None
    if block.type == "BOOTSTRAP":
        return Characteristic(
            block.type, tuple(item for item in block.items if not _is_link(item, {"PROXY-ID": proxies}))
        )
    return block


def _still_linked(items: Items, gone: Mapping[str, frozenset[str]]) -> Items | None:
    """The items without links to what is gone; None where those were all the links there were."""
    left = tuple(item for item in items if not _is_link(item, gone))
    had_links = len(left) < len(items)
    return None if had_links and not any(isinstance(item, Parm) and item.name in gone for item in left) else left


def _is_link(item: Parm | Characteristic, targets: Mapping[str, frozenset[str]]) -> bool:
    return isinstance(item, Parm) and item.value in targets.get(item.name, ())


def _alternatives(items: Items) -> list[Items]:
    """The parms of ACCESS cut before each RULE, which opens an alternative (OMA ProvCont 1.1, ACCESS)."""
    starts = [place for place, item in enumerate(items) if isinstance(item, Parm) and item.name == "RULE"]
    bounds = sorted({0, *starts, len(items)})
    return [items[start:end] for start, end in pairwise(bounds)]
