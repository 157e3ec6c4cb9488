"""WBXML (WAP-192) of a provisioning document, read by the handset's own decoder."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from tps.sim.handset_octets import DecodeError, Reader
from tps.sim.handset_tokens import ATTRIBUTE_STARTS, ATTRIBUTE_VALUES, TAGS

_SWITCH_PAGE, _END, _ENTITY, _STR_I, _LITERAL, _STR_T, _OPAQUE = 0x00, 0x01, 0x02, 0x03, 0x04, 0x83, 0xC3
"""Global tokens (WAP-192 clause 7.1)."""
_CONTENT, _ATTRIBUTES = 0x40, 0x80
"""Flags in a tag token (clause 5.8.2)."""
_VERSION_MAX = 0x03
_SWITCH_PAGE_IN_ATTRIBUTES_SINCE = 0x02
"""WBXML 1.2 (clause 5.8.1): 1.1 knows one attribute code page."""
_CHARSET_SINCE = 0x01
"""WBXML 1.0 has no charset octet."""
_PROV_1_0 = 0x0B
"""Public id of -//WAPFORUM//DTD PROV 1.0//EN (OMA ProvCont clause 7)."""
_PUBLIC_ID_TEXT = "-//WAPFORUM//DTD PROV 1.0//EN"
_CHARSETS = {0: "utf-8", 3: "ascii", 4: "latin-1", 106: "utf-8"}
"""MIBenum of IANA; 0 is unknown, which everybody reads as UTF-8."""
_ROOT, _CHARACTERISTIC, _PARM = "wap-provisioningdoc", "characteristic", "parm"
_DEPTH_MAX = 16
_TEXT_MAX = 1 << 20
"""Octets of text in a document: a small document can name a long string of its table over and over."""
_CODE_POINT_MAX = 0x10FFFF

_Entry = TypeVar("_Entry", str, tuple[str, str])


@dataclass(frozen=True, slots=True)
class Parm:
    """A parameter; None is a flag without a value."""

    name: str
    value: str | None


@dataclass(frozen=True, slots=True)
class Characteristic:
    """A named group of parameters and groups, in document order."""

    type: str
    items: tuple["Parm | Characteristic", ...]

    @property
    def parms(self) -> tuple[Parm, ...]:
        """Its own parameters."""
        return tuple(item for item in self.items if isinstance(item, Parm))

    @property
    def groups(self) -> tuple["Characteristic", ...]:
        """The groups directly in it."""
        return tuple(item for item in self.items if isinstance(item, Characteristic))

    def of_type(self, name: str) -> tuple["Characteristic", ...]:
        """The groups of this type directly in it."""
        return tuple(group for group in self.groups if group.type == name)

    def values(self, name: str) -> tuple[str, ...]:
        """The values of this parameter; a flag counts as empty text."""
        return tuple(parm.value or "" for parm in self.parms if parm.name == name)

    def value(self, name: str) -> str | None:
        """The first value of this parameter, or None when it is absent."""
        return next(iter(self.values(name)), None)


@dataclass(frozen=True, slots=True)
class ProvisioningDocument:
    """The characteristics of a document, and what only some handsets mind about it."""

    characteristics: tuple[Characteristic, ...]
    version: str | None = None
    has_opaque: bool = False


@dataclass(slots=True)
class _Open:
    """An element that is being read."""

    name: str
    attributes: Mapping[str, str]
    items: list[Parm | Characteristic] = field(default_factory=list)


def decode_document(octets: bytes, *, falls_back_to_page_0: bool = False) -> ProvisioningDocument:
    """The document in `octets`; raises `DecodeError`.

    Tolerant handsets look a value token up on page 0 when page 1 does not know it; the others call that an error.
    """
    return _Decoder(octets, falls_back_to_page_0).document()


class _Decoder:
    """State of one decoding: the two current code pages, which END does not reset, and the string table."""

    def __init__(self, octets: bytes, falls_back_to_page_0: bool) -> None:
        self._reader = reader = Reader(octets)
        self._falls_back = falls_back_to_page_0
        self._tag_page = self._attribute_page = 0
        self._text_left = _TEXT_MAX
        self._has_opaque = False
        self._version = reader.octet()
        if self._version > _VERSION_MAX:
            raise DecodeError(f"WBXML version octet {self._version:#04x}: 1.0 to 1.3 are known")
        public_id = reader.uintvar()
        public_id_at = reader.uintvar() if public_id == 0 else None
        self._charset = self._read_charset() if self._version >= _CHARSET_SINCE else "utf-8"
        self._strings = reader.take(reader.uintvar())
        if public_id != _PROV_1_0 and (public_id_at is None or self._string_at(public_id_at) != _PUBLIC_ID_TEXT):
            raise DecodeError(f"public id {public_id:#x}: PROV 1.0 is {_PROV_1_0:#x}")

    def document(self) -> ProvisioningDocument:
        """The whole document, to its last octet."""
        root = self._elements()
        if self._reader:
            raise DecodeError(f"octet {self._reader.at}: more after the end of the document")
        groups = tuple(item for item in root.items if isinstance(item, Characteristic))
        return ProvisioningDocument(groups, root.attributes.get("version"), self._has_opaque)

    def _elements(self) -> _Open:
        """Read from the root to its END; the stack is ours, so that depth costs no recursion."""
        root, has_content = self._open(self._tag_token())
        if root.name != _ROOT:
            raise DecodeError(f"{root.name} as the root: {_ROOT} expected")
        stack = [root] if has_content else []
        while stack:
            token = self._tag_token()
            if token == _END:
                closed = stack.pop()
                if stack:
                    stack[-1].items.append(_closed(closed))
                continue
            if token in (_STR_I, _STR_T, _ENTITY):
                self._blank(token)
                continue
            element, has_content = self._open(token)
            if element.name == _ROOT or stack[-1].name == _PARM or (element.name == _PARM and len(stack) == 1):
                raise DecodeError(f"octet {self._reader.at}: {element.name} inside {stack[-1].name}")
            if has_content:
                if len(stack) >= _DEPTH_MAX:
                    raise DecodeError(f"octet {self._reader.at}: more than {_DEPTH_MAX} levels")
                stack.append(element)
            else:
                stack[-1].items.append(_closed(element))
        return root

    def _read_charset(self) -> str:
        charset = self._reader.uintvar()
        if charset not in _CHARSETS:
            raise DecodeError(f"charset {charset}: UTF-8 (106) expected")
        return _CHARSETS[charset]

    def _tag_token(self) -> int:
        """The next token in tag position, after any page switches before it."""
        while (token := self._reader.octet()) == _SWITCH_PAGE:
            self._tag_page = self._reader.octet()
        return token

    def _open(self, token: int) -> tuple[_Open, bool]:
        """An element up to its content, and whether content follows."""
        identity = token & ~(_CONTENT | _ATTRIBUTES)
        if identity == _LITERAL:
            name = self._string_at(self._reader.uintvar())
        else:
            name = _look_up(TAGS, self._tag_page, identity, "tag")
        if name not in (_ROOT, _CHARACTERISTIC, _PARM):
            raise DecodeError(f"octet {self._reader.at}: element {name!r} is not of this document type")
        attributes = self._attributes() if token & _ATTRIBUTES else {}
        for needed in {_CHARACTERISTIC: ("type",), _PARM: ("name",)}.get(name, ()):
            if needed not in attributes:
                raise DecodeError(f"octet {self._reader.at}: {name} without {needed}")
        return _Open(name, attributes), bool(token & _CONTENT)

    def _attributes(self) -> dict[str, str]:
        pieces: dict[str, list[str]] = {}
        current: list[str] | None = None
        while (token := self._reader.octet()) != _END:
            if token == _SWITCH_PAGE:
                self._switch_attribute_page()
            elif token == _LITERAL or (token < 0x80 and token not in (_ENTITY, _STR_I)):
                current = self._start(token, pieces)
            elif current is None:
                raise DecodeError(f"octet {self._reader.at}: value {token:#04x} before any attribute")
            else:
                current.append(self._piece(token))
        return {name: "".join(value) for name, value in pieces.items()}

    def _switch_attribute_page(self) -> None:
        if self._version < _SWITCH_PAGE_IN_ATTRIBUTES_SINCE:
            raise DecodeError(f"octet {self._reader.at}: SWITCH_PAGE among attributes needs WBXML 1.2")
        self._attribute_page = self._reader.octet()

    def _start(self, token: int, pieces: dict[str, list[str]]) -> list[str]:
        if token == _LITERAL:
            name, prefix = self._string_at(self._reader.uintvar()), ""
        else:
            name, prefix = _look_up(ATTRIBUTE_STARTS, self._attribute_page, token, "attribute")
        if name in pieces:
            raise DecodeError(f"octet {self._reader.at}: attribute {name} twice")
        pieces[name] = [prefix]
        return pieces[name]

    def _piece(self, token: int) -> str:
        """One piece of an attribute value (clause 5.8.3)."""
        reader = self._reader
        if token == _STR_I:
            return self._text(reader.text())
        if token == _STR_T:
            return self._string_at(reader.uintvar())
        if token == _ENTITY:
            return _entity(reader.uintvar())
        if token == _OPAQUE:
            self._has_opaque = True
            return self._text(reader.take(reader.uintvar()))
        if self._falls_back and token not in ATTRIBUTE_VALUES.get(self._attribute_page, {}):
            return _look_up(ATTRIBUTE_VALUES, 0, token, "value")
        return _look_up(ATTRIBUTE_VALUES, self._attribute_page, token, "value")

    def _blank(self, token: int) -> None:
        if self._piece(token).strip():
            raise DecodeError(f"octet {self._reader.at}: text between elements")

    def _string_at(self, offset: int) -> str:
        """The string of the table that begins at `offset`, which may be in the middle of another."""
        end = self._strings.find(b"\0", offset)
        if offset >= len(self._strings) or end < 0:
            raise DecodeError(f"string table offset {offset}: no string of the {len(self._strings)} octets")
        return self._text(self._strings[offset:end])

    def _text(self, octets: bytes) -> str:
        self._text_left -= len(octets)
        if self._text_left < 0:
            raise DecodeError(f"more than {_TEXT_MAX} octets of text")
        try:
            return octets.decode(self._charset)
        except UnicodeDecodeError as error:
            raise DecodeError(f"text is not {self._charset}: {error.reason}") from error


def _look_up(table: Mapping[int, Mapping[int, _Entry]], page: int, token: int, kind: str) -> _Entry:
    entry = table.get(page, {}).get(token)
    if entry is None:
        raise DecodeError(f"{kind} token {token:#04x} means nothing on code page {page}")
    return entry


def _entity(code: int) -> str:
    if code > _CODE_POINT_MAX or 0xD800 <= code <= 0xDFFF:
        raise DecodeError(f"ENTITY {code:#x}: no character")
    return chr(code)


def _closed(element: _Open) -> Parm | Characteristic:
    if element.name == _PARM:
        return Parm(element.attributes["name"], element.attributes.get("value"))
    return Characteristic(element.attributes["type"], tuple(element.items))
