"""Client Provisioning documents as XML (text/vnd.wap.connectivity-xml, OMA ProvCont 1.1)."""

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
from encoders.xml_text import escaped, parse, without_doctype

_ATTRIBUTES = {ROOT: {"version"}, CHARACTERISTIC: {"type"}, PARM: {"name", "value"}}
_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
_DOCTYPE = f'<!DOCTYPE {ROOT} PUBLIC "{PUBLIC_ID_TEXT}"\n  "{SYSTEM_ID}">\n'
_INDENT = "  "


def encode_xml(document: Document, *, doctype: bool = True) -> bytes:
    """The document as indented XML in UTF-8; `EncodeError` for what XML has no way to write."""
    lines: list[str] = []
    version = "" if document.version is None else f' version="{escaped(document.version)}"'
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
            value = "" if item.value is None else f' value="{escaped(item.value)}"'
            lines.append(f'{indent}<parm name="{escaped(item.name or _nameless(PARM))}"{value}/>')
            continue
        if depth > MAX_NESTED_CHARACTERISTICS:
            raise EncodeError(f"more than {MAX_NESTED_CHARACTERISTICS} characteristics inside one another")
        opening = f'{indent}<characteristic type="{escaped(item.type or _nameless(CHARACTERISTIC))}"'
        if item.items:
            lines.append(f"{opening}>")
            _write(item.items, lines, depth + 1)
            lines.append(f"{indent}</characteristic>")
        else:
            lines.append(f"{opening}/>")


def _nameless(element: str) -> NoReturn:
    raise EncodeError(f"{element} without {'name' if element == PARM else 'type'}")


def decode_xml(octets: bytes) -> Document:
    """The document that the XML holds; `DecodeError` with the line number otherwise.

    Nothing is fetched and no entity is declared: a DOCTYPE is passed over, one with an internal subset is refused.
    """
    reader = _Reader()
    parse(without_doctype(octets), reader.parser)
    return reader.document()


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
