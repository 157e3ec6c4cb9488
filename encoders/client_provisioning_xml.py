"""Client Provisioning documents as XML (text/vnd.wap.connectivity-xml, OMA ProvCont 1.1)."""

import re
from typing import NoReturn
from xml.parsers import expat

from encoders.client_provisioning_document import (
    CHARACTERISTIC,
    MAX_NESTED_CHARACTERISTICS,
    PARM,
    ROOT,
    Characteristic,
    Document,
    Parm,
)
from encoders.client_provisioning_tokens import PUBLIC_ID_TEXT, SYSTEM_ID
from encoders.errors import DecodeError, EncodeError

MAX_XML_OCTETS = 1 << 20
"""Length of XML that is read: twenty times what the longest concatenated SMS carries."""

_CHARSETS = {"utf-8", "us-ascii", "iso-8859-1"}
_UTF_16_BEGINNINGS = (b"\xfe\xff", b"\xff\xfe", b"\x00<", b"<\x00")
_ATTRIBUTES = {ROOT: {"version"}, CHARACTERISTIC: {"type"}, PARM: {"name", "value"}}
_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
_DOCTYPE = f'<!DOCTYPE {ROOT} PUBLIC "{PUBLIC_ID_TEXT}"\n  "{SYSTEM_ID}">\n'
_INDENT = "  "

_ESCAPES = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\t": "&#9;", "\n": "&#10;", "\r": "&#13;"}
)
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 clause 2.2 cannot write, not even as references."""


def encode_xml(document: Document, *, doctype: bool = True) -> bytes:
    """The document as indented XML in UTF-8; `EncodeError` for what XML has no way to write."""
    lines: list[str] = []
    version = "" if document.version is None else f' version="{_escaped(document.version)}"'
    if document.items:
        lines.append(f"<{ROOT}{version}>")
        _write(document.items, lines, 1)
        lines.append(f"</{ROOT}>")
    else:
        lines.append(f"<{ROOT}{version}/>")
    return (_DECLARATION + (_DOCTYPE if doctype else "") + "\n".join(lines) + "\n").encode()


def _write(items: tuple[Parm | Characteristic, ...], lines: list[str], depth: int) -> None:
    """Append the lines of `items`, indented as deep as they stand."""
    indent = _INDENT * depth
    for item in items:
        if isinstance(item, Parm):
            value = "" if item.value is None else f' value="{_escaped(item.value)}"'
            lines.append(f'{indent}<parm name="{_escaped(item.name or _nameless(PARM))}"{value}/>')
            continue
        if depth > MAX_NESTED_CHARACTERISTICS:
            raise EncodeError(f"more than {MAX_NESTED_CHARACTERISTICS} characteristics inside one another")
        opening = f'{indent}<characteristic type="{_escaped(item.type or _nameless(CHARACTERISTIC))}"'
        if item.items:
            lines.append(f"{opening}>")
            _write(item.items, lines, depth + 1)
            lines.append(f"{indent}</characteristic>")
        else:
            lines.append(f"{opening}/>")


def _nameless(element: str) -> NoReturn:
    raise EncodeError(f"{element} without {'name' if element == PARM else 'type'}")


def _escaped(text: str) -> str:
    wrong = _NOT_XML.search(text)
    if wrong:
        raise EncodeError(f"text {text!r}: XML cannot hold U+{ord(wrong[0]):04X}; leave it out")
    return text.translate(_ESCAPES)


def decode_xml(octets: bytes) -> Document:
    """The document that the XML holds; `DecodeError` with the line number otherwise.

    Nothing is fetched and no entity is declared: a DOCTYPE is passed over, one with an internal subset is refused.
    """
    if len(octets) > MAX_XML_OCTETS:
        raise DecodeError(f"XML of {len(octets)} octets: at most {MAX_XML_OCTETS} are read")
    reader = _Reader()
    _parse(_without_doctype(octets), reader.parser)
    return reader.document()


def _parse(octets: bytes, parser: expat.XMLParserType) -> None:
    parser.XmlDeclHandler = _check_declaration
    try:
        parser.Parse(octets, True)
    except expat.ExpatError as error:
        raise DecodeError(f"line {error.lineno}: {expat.ErrorString(error.code)}") from None


def _check_declaration(_version: str, encoding: str | None, _standalone: int) -> None:
    if encoding is not None and encoding.lower() not in _CHARSETS:
        raise DecodeError(f"line 1: encoding {encoding!r}; UTF-8 expected")


def _without_doctype(octets: bytes) -> bytes:
    """The same XML with its DOCTYPE blanked out, lines kept.

    Behind a DOCTYPE with an external subset that is not read, XML 1.0 clause 4.1 lets an undeclared entity pass, and
    expat drops it without a word. Without the DOCTYPE it is the error that it should be.
    """
    if octets.startswith(_UTF_16_BEGINNINGS):
        raise DecodeError("line 1: UTF-16; UTF-8 expected")
    parser = expat.ParserCreate()
    ends: list[int] = []

    def doctype(_name: str, _system: str | None, _public: str | None, has_internal_subset: int) -> None:
        if has_internal_subset:
            raise DecodeError(f"line {parser.CurrentLineNumber}: DOCTYPE with an internal subset; leave the subset out")
        ends.append(parser.CurrentByteIndex + 1)

    parser.StartDoctypeDeclHandler = doctype
    _parse(octets, parser)
    if not ends:
        return octets
    end = ends[0]
    start = octets.rindex(b"<!DOCTYPE", 0, end)
    return octets[:start] + b"\n" * octets.count(b"\n", start, end) + octets[end:]


class _Reader:
    """Where the parser is: the open characteristics, and the document once its root is closed."""

    def __init__(self) -> None:
        self.parser = expat.ParserCreate()
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self._version: str | None = None
        self._types: list[str] = []
        self._items: list[list[Parm | Characteristic]] = []
        self._in_parm = False

    def document(self) -> Document:
        """The document, once all octets are parsed."""
        characteristics = (item for item in self._items[0] if isinstance(item, Characteristic))
        return Document(tuple(characteristics), self._version)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if name not in _ATTRIBUTES:
            self._refuse(f"unknown element {name!r}; {CHARACTERISTIC!r} or {PARM!r} expected")
        for unknown in attributes.keys() - _ATTRIBUTES[name]:
            self._refuse(f"unknown attribute {unknown!r} of {name!r}")
        if self._in_parm:
            self._refuse(f"{name!r} inside a parm")
        if name == CHARACTERISTIC:
            self._start_characteristic(attributes)
        elif name == PARM:
            self._add_parm(attributes)
        elif self._items:
            self._refuse(f"{ROOT!r} inside another element")
        else:
            self._version = attributes.get("version")
            self._items.append([])

    def _start_characteristic(self, attributes: dict[str, str]) -> None:
        if not self._items:
            self._refuse(f"root {CHARACTERISTIC!r}; {ROOT!r} expected")
        if len(self._types) == MAX_NESTED_CHARACTERISTICS:
            self._refuse(f"more than {MAX_NESTED_CHARACTERISTICS} characteristics inside one another")
        self._types.append(attributes.get("type") or self._refuse("characteristic without type"))
        self._items.append([])

    def _add_parm(self, attributes: dict[str, str]) -> None:
        if not self._types:
            self._refuse("parm outside a characteristic")
        self._items[-1].append(
            Parm(attributes.get("name") or self._refuse("parm without name"), attributes.get("value"))
        )
        self._in_parm = True

    def _end(self, name: str) -> None:
        if name == PARM:
            self._in_parm = False
        elif name == CHARACTERISTIC:
            items = self._items.pop()
            self._items[-1].append(Characteristic(self._types.pop(), tuple(items)))

    def _text(self, text: str) -> None:
        if not text.isspace():
            self._refuse(f"text {text.strip()!r} between the elements")

    def _refuse(self, rule: str) -> NoReturn:
        raise DecodeError(f"line {self.parser.CurrentLineNumber}: {rule}")
