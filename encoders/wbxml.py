"""WBXML of any document type: a tree of elements <-> octets (WAP-192, WBXML 1.3; 1.0 to 1.3 are decoded)."""

from collections.abc import Iterator, Set
from dataclasses import dataclass

from encoders.errors import DecodeError, EncodeError
from encoders.octets import Cursor, encode_uintvar
from encoders.wbxml_assembly import Fragment, LiteralName, assemble, assemble_plainly
from encoders.wbxml_strings import octets_of
from encoders.wbxml_tokens import (
    CHARSETS,
    END,
    ENTITY,
    EXTENSION_TOKENS,
    HAS_ATTRIBUTES,
    HAS_CONTENT,
    LITERAL,
    LITERAL_TAGS,
    MIBENUM_UTF_8,
    OPAQUE,
    PI,
    PUBLIC_ID_IN_STRING_TABLE,
    STR_I,
    STR_T,
    SWITCH_PAGE,
    TAG_IDENTITY,
    VERSION_1_0,
    VERSION_1_1,
    VERSION_1_3,
)
from encoders.wbxml_vocabulary import Vocabulary, inline

MAX_DEPTH = 32
"""Elements inside one another; the deepest document in use (PXLOGICAL, PXPHYSICAL, PORT, parm) needs five."""
MAX_TABLE_TEXT_OCTETS = 1 << 20
"""Text that references may draw from the string table: two octets can name the whole table, so it is counted."""

MAX_CODE_POINT = 0x10FFFF
SURROGATES = range(0xD800, 0xE000)

Value = str | bytes
"""Text, or the octets of an OPAQUE."""

_END = bytes((END,))


@dataclass(frozen=True, slots=True)
class Element:
    """One element: attributes in their order, content of texts, opaque octets and elements."""

    name: str
    attributes: tuple[tuple[str, Value], ...] = ()
    content: "tuple[Element | Value, ...]" = ()


def encode(root: Element, vocabulary: Vocabulary) -> bytes:
    """Octets of the document in WBXML 1.3 and UTF-8, as short as the token tables allow; `EncodeError` otherwise."""
    fragments: list[Fragment] = []
    _write_element(root, vocabulary, fragments, MAX_DEPTH)
    names = [fragment.name for fragment in fragments if isinstance(fragment, LiteralName)]
    return assemble(fragments, vocabulary, names)


def encode_plainly(root: Element, vocabulary: Vocabulary) -> bytes:
    """Octets in WBXML 1.1 without string table; `EncodeError` also for a name without token."""
    fragments: list[Fragment] = []
    _write_element(root, vocabulary, fragments, MAX_DEPTH)
    return assemble_plainly(fragments, vocabulary)


def decode(octets: bytes, vocabulary: Vocabulary) -> Element:
    """The root element of a WBXML 1.0 to 1.3 document of this document type; `DecodeError` otherwise."""
    reader = _Reader(octets, vocabulary)
    root = reader.document()
    if not reader.cursor.at_end:
        raise DecodeError(f"octet {reader.cursor.position}: octets after the root element")
    return root


def elements_of(element: Element) -> Iterator[Element]:
    """The elements inside an element that holds nothing else; white space between them says nothing."""
    for child in element.content:
        if isinstance(child, Element):
            yield child
        elif isinstance(child, bytes) or not child.isspace():
            raise DecodeError(f"{element.name}: {child!r} between the elements")


def attributes_of(element: Element, known: Set[str]) -> dict[str, Value]:
    """The attributes of an element by name, each known and given at most once."""
    attributes: dict[str, Value] = {}
    for name, value in element.attributes:
        if name not in known:
            raise DecodeError(f"unknown attribute {name!r} of {element.name!r}")
        if name in attributes:
            raise DecodeError(f"attribute {name!r} of {element.name!r} given twice")
        attributes[name] = value
    return attributes


def _write_element(
    element: Element, vocabulary: Vocabulary, fragments: list[Fragment], depth: int, tag_page: int = 0
) -> int:
    """Append the fragments of `element`; the code page that tag space is left on."""
    if not depth:
        raise EncodeError(f"{element.name}: more than {MAX_DEPTH} elements inside one another")
    flags = (HAS_ATTRIBUTES if element.attributes else 0) | (HAS_CONTENT if element.content else 0)
    tokens = vocabulary.tag_tokens.get(element.name)
    if tokens is None:
        fragments.append(LiteralName(LITERAL | flags, element.name))
    else:
        if tag_page not in tokens:
            tag_page = min(tokens)
            fragments.append(bytes((SWITCH_PAGE, tag_page)))
        fragments.append(bytes((tokens[tag_page] | flags,)))
    if element.attributes:
        for name, value in element.attributes:
            _write_attribute(name, value, vocabulary, fragments)
        fragments.append(_END)
    if element.content:
        for item in element.content:
            if isinstance(item, Element):
                tag_page = _write_element(item, vocabulary, fragments, depth - 1, tag_page)
            else:
                fragments.append(_opaque(item) if isinstance(item, bytes) else inline(*octets_of((item,))))
        fragments.append(_END)
    return tag_page


def _write_attribute(name: str, value: Value, vocabulary: Vocabulary, fragments: list[Fragment]) -> None:
    """Append the fragments of one attribute.

    Deviation: a start token that holds part of a value is used for just that value and never continued, though clause
    5.8.3 allows it: handsets look a parm up by its token, so that "NAME" and a continuation would be read as NAME.
    """
    if isinstance(value, str) and (exact := vocabulary.start_pieces.get((name, value))) is not None and value:
        fragments.append(exact)
        return
    start = vocabulary.start_pieces.get((name, ""))
    fragments.append(LiteralName(LITERAL, name) if start is None else start)
    if isinstance(value, bytes):
        fragments.append(_opaque(value))
    elif value:
        fragments.append(vocabulary.value_pieces.get(value, value))


def _opaque(octets: bytes) -> bytes:
    return bytes((OPAQUE,)) + encode_uintvar(len(octets)) + octets


class _Reader:
    """Where a document is read: the cursor, the header's facts and the two code pages."""

    __slots__ = (
        "attribute_page",
        "codec",
        "cursor",
        "string_table",
        "table_text_left",
        "tag_page",
        "version",
        "vocabulary",
    )

    def __init__(self, octets: bytes, vocabulary: Vocabulary) -> None:
        self.cursor = Cursor(octets)
        self.vocabulary = vocabulary
        self.tag_page = self.attribute_page = 0
        self.table_text_left = MAX_TABLE_TEXT_OCTETS

    def document(self) -> Element:
        """Header and root element (clauses 5.3 to 5.7)."""
        self._read_header()
        while True:
            token = self._tag_token()
            if token != PI:
                break
            self._attributes()
        root = self._element(token, MAX_DEPTH)
        while not self.cursor.at_end and self.cursor.peek() == PI:
            self.cursor.octet()
            self._attributes()
        return root

    def _read_header(self) -> None:
        self.version = self.cursor.octet()
        if self.version > VERSION_1_3:
            raise DecodeError(f"octet 0: version {self.version:02X}; 00 to 03 are WBXML 1.0 to 1.3")
        public_id = self.cursor.uintvar()
        public_id_offset = self.cursor.uintvar() if public_id == PUBLIC_ID_IN_STRING_TABLE else None
        charset = MIBENUM_UTF_8 if self.version == VERSION_1_0 else self.cursor.uintvar()
        if charset not in CHARSETS:
            raise DecodeError(f"charset {charset}: known are the MIBenums {sorted(CHARSETS)}")
        self.codec = CHARSETS[charset]
        self.string_table = self.cursor.take(self.cursor.uintvar())
        if public_id_offset is not None:
            text = self._table_text(public_id_offset)
            if text != self.vocabulary.public_id_text:
                raise DecodeError(f"public id {text!r}; {self.vocabulary.public_id_text!r} expected")
        elif public_id != self.vocabulary.public_id:
            raise DecodeError(f"public id {public_id:#x}; {self.vocabulary.public_id:#x} expected")

    def _tag_token(self) -> int:
        """The next token of tag space, after any page switches."""
        while (token := self.cursor.octet()) == SWITCH_PAGE:
            self.tag_page = self.cursor.octet()
        return token

    def _element(self, token: int, depth: int) -> Element:
        """The element that begins with `token` (clause 5.8.2)."""
        if not depth:
            raise DecodeError(f"octet {self.cursor.position}: more than {MAX_DEPTH} elements inside one another")
        if token in LITERAL_TAGS:
            name = self._table_text(self.cursor.uintvar())
        else:
            name = self.vocabulary.tags.get((self.tag_page, token & TAG_IDENTITY), "")
            if not name:
                raise self._error(f"no tag token {token & TAG_IDENTITY:02X} on page {self.tag_page}")
        attributes = self._attributes() if token & HAS_ATTRIBUTES else ()
        content = self._content(depth) if token & HAS_CONTENT else ()
        return Element(name, attributes, content)

    def _content(self, depth: int) -> tuple[Element | Value, ...]:
        """What stands between a tag and its END; texts side by side are one text."""
        content: list[Element | Value] = []
        texts: list[str] = []
        while True:
            token = self._tag_token()
            text = self._text(token)
            if text is not None:
                texts.append(text)
                continue
            if texts:
                content.append("".join(texts))
                texts.clear()
            if token == END:
                return tuple(content)
            if token == PI:
                self._attributes()
            elif token == OPAQUE:
                content.append(self.cursor.take(self.cursor.uintvar()))
            else:
                content.append(self._element(token, depth - 1))

    def _attributes(self) -> tuple[tuple[str, Value], ...]:
        """The attributes up to END (clause 5.8.3)."""
        attributes: list[tuple[str, Value]] = []
        pieces: list[Value] = []
        name = None
        while (token := self.cursor.octet()) != END:
            if token == SWITCH_PAGE:
                if self.version <= VERSION_1_1:
                    raise self._error("SWITCH_PAGE among attributes needs WBXML 1.2 or later")
                self.attribute_page = self.cursor.octet()
            elif (piece := self._value_piece(token)) is not None:
                pieces.append(piece)
            else:
                if name is not None:
                    attributes.append((name, self._joined(pieces)))
                name, prefix = self._attribute_start(token)
                pieces = [prefix] if prefix else []
            if name is None and pieces:
                raise self._error("attribute value before any attribute name")
        if name is not None:
            attributes.append((name, self._joined(pieces)))
        return tuple(attributes)

    def _joined(self, pieces: list[Value]) -> Value:
        """A value is the run of its pieces; opaque octets stand alone."""
        if len(pieces) == 1:
            return pieces[0]
        texts = [piece for piece in pieces if isinstance(piece, str)]
        if len(texts) != len(pieces):
            raise self._error("OPAQUE together with text in one attribute value")
        return "".join(texts)

    def _attribute_start(self, token: int) -> tuple[str, str]:
        if token == LITERAL:
            return self._table_text(self.cursor.uintvar()), ""
        start = self.vocabulary.starts.get((self.attribute_page, token))
        if start is None:
            raise self._error(f"no attribute token {token:02X} on page {self.attribute_page}")
        return start

    def _value_piece(self, token: int) -> Value | None:
        """The piece of an attribute value that begins with `token`, or None where it begins an attribute."""
        text = self._text(token)
        if text is not None:
            return text
        if token == OPAQUE:
            return self.cursor.take(self.cursor.uintvar())
        # Deviation: a value token that its page lacks is looked up on page 0. MTK and OmaSharp repeat tokens of page 0
        # (9A-D3) on page 1 of PROV 1.0; no table gives them another meaning there.
        values = self.vocabulary.values
        return values.get((self.attribute_page, token)) or values.get((0, token))

    def _text(self, token: int) -> str | None:
        """The text of a string or an entity (clauses 5.8.4.1 and 5.8.4.3), or None for any other token."""
        if token == STR_I:
            return self._characters(self.cursor.c_string())
        if token == STR_T:
            return self._table_text(self.cursor.uintvar())
        if token == ENTITY:
            return self._character(self.cursor.uintvar())
        if token in EXTENSION_TOKENS:
            raise self._error(f"extension token {token:02X}: this document type has none")
        return None

    def _table_text(self, offset: int) -> str:
        """The text from `offset` to the next NUL of the string table; it may begin inside an entry (clause 5.7)."""
        end = self.string_table.find(0, offset)
        if end < 0:
            # Some encoders leave out the last NUL; the table's length ends its last string as well.
            end = len(self.string_table)
        if offset >= end and offset >= len(self.string_table):
            raise self._error(f"string table offset {offset}: the table has {len(self.string_table)} octets")
        self.table_text_left -= end - offset
        if self.table_text_left < 0:
            raise self._error(f"more than {MAX_TABLE_TEXT_OCTETS} octets drawn from the string table")
        return self._characters(self.string_table[offset:end])

    def _characters(self, octets: bytes) -> str:
        try:
            return octets.decode(self.codec)
        except UnicodeDecodeError as error:
            raise self._error(f"text is not {self.codec}: {error.reason}") from None

    def _character(self, code_point: int) -> str:
        if not 0 < code_point <= MAX_CODE_POINT or code_point in SURROGATES:
            raise self._error(f"entity {code_point:#x} is no character")
        return chr(code_point)

    def _error(self, rule: str) -> DecodeError:
        return DecodeError(f"octet {self.cursor.position}: {rule}")
