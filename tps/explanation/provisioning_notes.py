"""A provisioning document in WBXML, token by token (WAP-192; OMA ProvCont 1.1)."""

from encoders.client_provisioning import VOCABULARY
from encoders.client_provisioning_document import PARM
from encoders.errors import DecodeError
from encoders.octets import Cursor
from encoders.wbxml_tokens import (
    CHARSETS,
    END,
    ENTITY,
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
)
from tps.explanation.note import Note


def provisioning_notes(octets: bytes, secret_parms: frozenset[int] = frozenset()) -> tuple[Note, ...]:
    """Every octet of a document that `client_provisioning.decode` takes, in order; `DecodeError` for other octets.

    `secret_parms` are places of parameters (see `tps.explanation.secret_parms`) whose values are marked as secret.
    """
    walk = _Walk(octets, secret_parms)
    walk.header()
    walk.body()
    return tuple(sorted(walk.notes))


class _Walk:
    """Where the reading is, and what was noted."""

    def __init__(self, octets: bytes, secret_parms: frozenset[int]) -> None:
        self.notes: list[Note] = []
        self._cursor = Cursor(octets)
        self._secret_parms = secret_parms
        self._codec = CHARSETS[MIBENUM_UTF_8]
        self._table_start = 0
        self._table = b""
        self._secret_entries: set[int] = set()
        self._pages = {"tag": 0, "attribute": 0}
        self._parm = -1
        self._open: list[str] = []

    def header(self) -> None:
        """Version, document type, charset, string table (WAP-192 clauses 5.4 to 5.7)."""
        version = self._cursor.octet()
        self._note(0, f"WBXML version 1.{version}")
        start = self._cursor.position
        public_id = self._cursor.uintvar()
        if public_id == PUBLIC_ID_IN_STRING_TABLE:
            self._cursor.uintvar()
            self._note(start, "document type: by its name in the string table")
        else:
            known = VOCABULARY.public_id_text if public_id == VOCABULARY.public_id else "unknown"
            self._note(start, f"document type {public_id:#x}: {known}")
        if version != VERSION_1_0:
            start = self._cursor.position
            charset = self._cursor.uintvar()
            self._codec = CHARSETS.get(charset, self._codec)
            self._note(start, f"charset {charset}: {self._codec}")
        start = self._cursor.position
        length = self._cursor.uintvar()
        self._note(start, f"string table of {length} octets" if length else "no string table")
        self._table_start = self._cursor.position
        self._table = self._cursor.take(length)

    def body(self) -> None:
        """All elements, then the string table: which of its entries are secret is known by then."""
        while not self._cursor.at_end:
            self._content()
        position = 0
        for entry in self._table.split(b"\0"):
            octets = self._table[position : position + len(entry) + 1]
            if octets:
                meaning = f"entry {position}: {self._shown(entry)}"
                secret = position in self._secret_entries
                self.notes.append(Note(self._table_start + position, octets, meaning, 1, secret))
            position += len(octets)

    def _content(self) -> None:
        """One token of tag space (clause 5.8.2)."""
        start = self._cursor.position
        token = self._cursor.octet()
        text = self._text(token)
        if token == SWITCH_PAGE:
            self._switch(start, "tag")
        elif token == END:
            if not self._open:
                raise DecodeError(f"octet {start}: END outside of any element")
            self._note(start, f"end of {self._open.pop()}")
        elif text is not None:
            self._note(start, f"text {text}")
        elif token == PI:
            self._note(start, "processing instruction")
            self._attributes()
        else:
            self._element(start, token)

    def _element(self, start: int, token: int) -> None:
        if token in LITERAL_TAGS:
            name = self._from_table(self._cursor.uintvar())
        else:
            name = VOCABULARY.tags.get((self._pages["tag"], token & TAG_IDENTITY), "unknown element")
        follow = [what for bit, what in ((HAS_ATTRIBUTES, "attributes"), (HAS_CONTENT, "content")) if token & bit]
        self._note(start, f"element {name}" + (f"; {' and '.join(follow)} follow" if follow else ""))
        self._parm += name == PARM
        if token & HAS_ATTRIBUTES:
            self._attributes()
        if token & HAS_CONTENT:
            self._open.append(name)

    def _attributes(self) -> None:
        """The attributes up to END (clause 5.8.3)."""
        self._open.append("attributes")
        is_value = False
        while True:
            start = self._cursor.position
            token = self._cursor.octet()
            secret = is_value and self._parm in self._secret_parms
            text = self._text(token, secret=secret)
            if token == END:
                self._open.pop()
                self._note(start, "end of attributes")
                return
            if token == SWITCH_PAGE:
                self._switch(start, "attribute")
            elif text is not None:
                self._note(start, text, secret=secret)
            elif (self._pages["attribute"], token) in VOCABULARY.values:
                self._note(start, f'"{VOCABULARY.values[self._pages["attribute"], token]}"', secret=secret)
            else:
                is_value = self._attribute_start(start, token)

    def _attribute_start(self, start: int, token: int) -> bool:
        """Whether it is the value of a parameter that begins here."""
        if token == LITERAL:
            self._note(start, f"attribute {self._from_table(self._cursor.uintvar())} =")
            return False
        found = VOCABULARY.starts.get((self._pages["attribute"], token))
        if found is None:
            raise DecodeError(f"octet {start}: no attribute token {token:02X} on page {self._pages['attribute']}")
        name, prefix = found
        self._note(start, f'{name}="{prefix}"' if prefix else f"{name} =")
        return name == "value"

    def _switch(self, start: int, space: str) -> None:
        self._pages[space] = self._cursor.octet()
        self._note(start, f"code page {self._pages[space]} of {space}s from here on")

    def _text(self, token: int, *, secret: bool = False) -> str | None:
        """What a string, an entity or an OPAQUE says; None for any other token."""
        if token == STR_I:
            return self._shown(self._cursor.c_string())
        if token == STR_T:
            offset = self._cursor.uintvar()
            if secret:
                self._secret_entries.add(self._table.rfind(b"\0", 0, offset) + 1)
            return f'"{self._from_table(offset)}" (entry {offset})'
        if token == ENTITY:
            return f"character U+{self._cursor.uintvar():04X}"
        if token == OPAQUE:
            return f"{len(self._cursor.take(self._cursor.uintvar()))} opaque octets"
        return None

    def _from_table(self, offset: int) -> str:
        if offset >= len(self._table):
            raise DecodeError(f"string table offset {offset}: the table has {len(self._table)} octets")
        return self._table[offset:].split(b"\0", 1)[0].decode(self._codec, "replace")

    def _shown(self, octets: bytes) -> str:
        return f'"{octets.decode(self._codec, "replace")}"'

    def _note(self, start: int, meaning: str, *, secret: bool = False) -> None:
        octets = self._cursor.octets[start : self._cursor.position]
        self.notes.append(Note(start, octets, meaning, len(self._open), secret))
