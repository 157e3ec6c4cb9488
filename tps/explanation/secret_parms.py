"""Which parameters of a provisioning document nobody should see: by their names, and where a subscriber's value stands.

A parameter is told by its place among all parameters of the document, counted from 0 in the order of the document.
"""

from collections.abc import Iterator

from encoders.client_provisioning import Characteristic, Document, Parm
from encoders.client_provisioning_settings import to_document
from encoders.settings import Settings, masked
from encoders.template import placeholders
from tps.decisions.triggers import BUILT_IN_VALUES

MASK = "***"
SECRET_NAMES = frozenset({"AUTHSECRET", "AAUTHSECRET", "AAUTHDATA", "PXAUTH-PW", "PROXY-PW", "BASAUTH-PW"})
"""OMA ProvCont 1.1 clause 4.5: the parameters that hold a password or the data of an authentication."""


def of_document(template: Document) -> frozenset[int]:
    """The secret parameters of a document whose placeholders are not filled yet."""
    return frozenset(place for place, parm in enumerate(parms(template.items)) if _is_secret(parm))


def of_settings(settings: Settings) -> frozenset[int]:
    """The secret parameters of the document of `settings`, with those that the settings mark as secret themselves."""
    shown, hidden = to_document(settings), to_document(masked(settings))
    pairs = zip(parms(shown.items), parms(hidden.items), strict=True)
    return of_document(shown) | frozenset(place for place, (one, other) in enumerate(pairs) if one != other)


def of_shaped(shaped: Document, original: Document, secret: frozenset[int]) -> frozenset[int]:
    """The secret parameters of a document that was shaped for a device: wherever those of the original stand now."""
    hidden = {parm for place, parm in enumerate(parms(original.items)) if place in secret}
    return frozenset(place for place, parm in enumerate(parms(shaped.items)) if parm in hidden)


def mask(document: Document, secret: frozenset[int]) -> Document:
    """The document as anyone may see it."""
    places = iter(range(sum(1 for _ in parms(document.items))))

    def shown(item: Parm | Characteristic) -> Parm | Characteristic:
        if isinstance(item, Characteristic):
            return Characteristic(item.type, tuple([shown(inner) for inner in item.items]))
        return Parm(item.name, MASK) if next(places) in secret and item.value else item

    items = tuple([shown(item) for item in document.items])
    return Document(tuple(item for item in items if isinstance(item, Characteristic)), document.version)


def parms(items: tuple[Parm | Characteristic, ...]) -> Iterator[Parm]:
    """All parameters in the order of the document."""
    for item in items:
        if isinstance(item, Parm):
            yield item
        else:
            yield from parms(item.items)


def _is_secret(parm: Parm) -> bool:
    """A subscriber's values are sealed on the disk, so whatever they fill is a secret as well."""
    return parm.name in SECRET_NAMES or bool(placeholders(parm.value or "") - BUILT_IN_VALUES)
