"""OMA Client Provisioning documents: `wap-provisioningdoc` <-> WBXML and XML (OMA ProvCont 1.1)."""

from collections.abc import Set

from encoders import client_provisioning_tokens as tokens
from encoders import wbxml
from encoders.client_provisioning_document import (
    CHARACTERISTIC,
    MAX_NESTED_CHARACTERISTICS,
    PARM,
    ROOT,
    Characteristic,
    Document,
    Parm,
)
from encoders.client_provisioning_xml import decode_xml, encode_xml
from encoders.errors import DecodeError, EncodeError
from encoders.wbxml_assembly import Fragment, assemble
from encoders.wbxml_tokens import END, HAS_ATTRIBUTES, HAS_CONTENT
from encoders.wbxml_vocabulary import Vocabulary, joined

__all__ = [
    "MEDIA_TYPE_WBXML",
    "MEDIA_TYPE_XML",
    "VOCABULARY",
    "Characteristic",
    "Document",
    "Parm",
    "decode",
    "decode_xml",
    "encode",
    "encode_xml",
]

MEDIA_TYPE_WBXML = "application/vnd.wap.connectivity-wbxml"
MEDIA_TYPE_XML = "text/vnd.wap.connectivity-xml"

VOCABULARY = Vocabulary(
    public_id=tokens.PUBLIC_ID,
    public_id_text=tokens.PUBLIC_ID_TEXT,
    tags=tokens.TAGS,
    attribute_starts=tokens.ATTRIBUTE_STARTS,
    attribute_values=tokens.ATTRIBUTE_VALUES,
)

# The three tags stand on tag page 0, which no document needs to leave; each is written with its first attribute.
_ROOT_TAG, _CHARACTERISTIC_TAG, _PARM_TAG = (VOCABULARY.tag_tokens[name][0] for name in (ROOT, CHARACTERISTIC, PARM))
_END = bytes((END,))
_CHARACTERISTIC = bytes((_CHARACTERISTIC_TAG | HAS_ATTRIBUTES | HAS_CONTENT,))
_EMPTY_CHARACTERISTIC = bytes((_CHARACTERISTIC_TAG | HAS_ATTRIBUTES,))
_PARM = bytes((_PARM_TAG | HAS_ATTRIBUTES,))

_STARTS = VOCABULARY.start_pieces
_VALUE = _STARTS["value", ""]
_VERSION = _STARTS["version", ""]
_TYPES = {text: start for (attribute, text), start in _STARTS.items() if attribute == "type"}
_NAMES = {text: start for (attribute, text), start in _STARTS.items() if attribute == "name"}

_OPENINGS = {text: joined(_CHARACTERISTIC, start, _END) for text, start in _TYPES.items() if text}
_OTHER_OPENING = joined(_CHARACTERISTIC, _TYPES[""])
_EMPTY_CHARACTERISTICS = {text: joined(_EMPTY_CHARACTERISTIC, start, _END) for text, start in _TYPES.items() if text}
_OTHER_EMPTY_CHARACTERISTIC = joined(_EMPTY_CHARACTERISTIC, _TYPES[""])
_PARMS = {text: joined(_PARM, start, _VALUE) for text, start in _NAMES.items() if text}
_FLAGS = {text: joined(_PARM, start, _END) for text, start in _NAMES.items() if text}
_OTHER_PARM = joined(_PARM, _NAMES[""])
_VALUES = {text: joined(b"", value, _END) for text, value in VOCABULARY.value_pieces.items()}


def encode(document: Document) -> bytes:
    """The document in WBXML 1.3, as short as the token tables allow; `EncodeError` for a text it cannot hold."""
    flags = (HAS_CONTENT if document.items else 0) | (HAS_ATTRIBUTES if document.version is not None else 0)
    fragments: list[Fragment] = [bytes((_ROOT_TAG | flags,))]
    if document.version is not None:
        exact = VOCABULARY.start_pieces.get(("version", document.version)) if document.version else None
        fragments += (exact, _END) if exact is not None else (_VERSION, document.version, _END)
    if document.items:
        _write(document.items, fragments, MAX_NESTED_CHARACTERISTICS)
        fragments.append(_END)
    return assemble(fragments, VOCABULARY)


def _write(items: tuple[Parm | Characteristic, ...], fragments: list[Fragment], depth: int) -> None:
    """Append the fragments of `items`; `depth` characteristics may still stand inside one another."""
    append = fragments.append
    for item in items:
        if isinstance(item, Characteristic):
            _write_characteristic(item, fragments, depth)
            continue
        name, value = item.name, item.value
        if value is None:
            fragments += (_FLAGS[name],) if name in _FLAGS else (_OTHER_PARM, _some(name, "parm without name"), _END)
            continue
        if name in _PARMS:
            append(_PARMS[name])
        else:
            fragments += (_OTHER_PARM, _some(name, "parm without name"), _VALUE)
        if value in _VALUES:
            append(_VALUES[value])
        else:
            if value:
                append(value)
            append(_END)


def _write_characteristic(characteristic: Characteristic, fragments: list[Fragment], depth: int) -> None:
    if not depth:
        raise EncodeError(f"more than {MAX_NESTED_CHARACTERISTICS} characteristics inside one another")
    type_, items = characteristic.type, characteristic.items
    known, other = (_OPENINGS, _OTHER_OPENING) if items else (_EMPTY_CHARACTERISTICS, _OTHER_EMPTY_CHARACTERISTIC)
    if type_ in known:
        fragments.append(known[type_])
    else:
        fragments += (other, _some(type_, "characteristic without type"), _END)
    if items:
        _write(items, fragments, depth - 1)
        fragments.append(_END)


def _some(text: str, otherwise: str) -> str:
    if not text:
        raise EncodeError(otherwise)
    return text


def decode(octets: bytes) -> Document:
    """The document that WBXML 1.0 to 1.3 octets hold; `DecodeError` otherwise."""
    root = wbxml.decode(octets, VOCABULARY)
    if root.name != ROOT:
        raise DecodeError(f"root element {root.name!r}; {ROOT!r} expected")
    attributes = _attributes(root, {"version"})
    items = _items(root, MAX_NESTED_CHARACTERISTICS)
    if any(isinstance(item, Parm) for item in items):
        raise DecodeError("parm outside a characteristic")
    return Document(tuple(item for item in items if isinstance(item, Characteristic)), attributes.get("version"))


def _items(element: wbxml.Element, depth: int) -> tuple[Parm | Characteristic, ...]:
    """The parms and characteristics in an element; white space between them says nothing."""
    return tuple([_item(child, depth) for child in wbxml.elements_of(element)])


def _item(element: wbxml.Element, depth: int) -> Parm | Characteristic:
    if element.name == PARM:
        attributes = _attributes(element, {"name", "value"})
        if element.content:
            raise DecodeError("parm with content")
        return Parm(_wanted(attributes, "name", PARM), attributes.get("value"))
    if element.name != CHARACTERISTIC:
        raise DecodeError(f"element {element.name!r}; {CHARACTERISTIC!r} or {PARM!r} expected")
    if not depth:
        raise DecodeError(f"more than {MAX_NESTED_CHARACTERISTICS} characteristics inside one another")
    return Characteristic(_wanted(_attributes(element, {"type"}), "type", CHARACTERISTIC), _items(element, depth - 1))


def _attributes(element: wbxml.Element, known: Set[str]) -> dict[str, str]:
    """The attributes of an element by name, all of them text."""
    attributes: dict[str, str] = {}
    for name, value in wbxml.attributes_of(element, known).items():
        if isinstance(value, bytes):
            raise DecodeError(f"attribute {name!r} of {element.name!r}: OPAQUE octets; text expected")
        attributes[name] = value
    return attributes


def _wanted(attributes: dict[str, str], name: str, element: str) -> str:
    value = attributes.get(name)
    if not value:
        raise DecodeError(f"{element} without {name}")
    return value
