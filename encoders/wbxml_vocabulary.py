"""The token tables of one WBXML document type, and their inverse for the encoder."""

import re
from collections.abc import Sequence
from typing import NamedTuple, TypeVar

from encoders.wbxml_tokens import STR_I, SWITCH_PAGE

_Meaning = TypeVar("_Meaning", str, tuple[str, str])

TagRow = tuple[int, int, str]
"""Code page, token, element name."""
StartRow = tuple[int, int, str, str]
"""Code page, token, attribute name, start of its value."""
ValueRow = tuple[int, int, str]
"""Code page, token, text."""

SWITCH_OCTETS = 2
"""Length of SWITCH_PAGE with its page number."""
INLINE_OCTETS = 2
"""Length of STR_I and the NUL around an inline string."""


_STR_I = bytes((STR_I,))


class Piece(NamedTuple):
    """Octets of attribute space that depend on the current code page."""

    lead: bytes
    """Octets in front of any page switch: the tag whose attributes these are."""
    choices: tuple[bytes | None, ...]
    """What follows on each page; None where the page has no token for it."""
    moves: tuple[tuple[bytes, int], ...]
    """From each page: all octets, with a switch only where there is no choice, and the page that this leads to."""


def piece(choices: tuple[bytes | None, ...], lead: bytes = b"") -> Piece:
    """A piece with its moves; at least one page has it."""
    moves = []
    for page, octets in enumerate(choices):
        if octets is not None:
            moves.append((lead + octets, page))
        else:
            other, found = next((other, found) for other, found in enumerate(choices) if found is not None)
            moves.append((lead + switch(other) + found, other))
    return Piece(lead, choices, tuple(moves))


def joined(lead: bytes, *parts: Piece | bytes) -> Piece:
    """`lead` and the parts one after the other: a page has them when it has each."""
    pages = max(len(part.choices) for part in parts if isinstance(part, Piece))
    rows = [part.choices if isinstance(part, Piece) else (part,) * pages for part in parts]
    return piece(
        tuple(None if None in row else b"".join(filter(None, row)) for row in zip(*rows, strict=True)),
        lead,
    )


def switch(page: int) -> bytes:
    """SWITCH_PAGE to a code page (WAP-192 clause 5.8.4.7.2)."""
    return bytes((SWITCH_PAGE, page))


def inline(text: bytes) -> bytes:
    """`text` as an inline string (WAP-192 clause 5.8.4.1)."""
    return _STR_I + text + b"\x00"


class Vocabulary:
    """Token tables of a document type (WAP-192 clause 5.8), looked up by token and by text."""

    __slots__ = (
        "pages", "public_id", "public_id_text", "start_pieces", "starts", "tag_tokens", "tags",
        "value_pattern", "value_pieces", "value_tokens", "values",
    )  # fmt: skip

    def __init__(
        self,
        *,
        public_id: int,
        public_id_text: str | None = None,
        tags: Sequence[TagRow],
        attribute_starts: Sequence[StartRow],
        attribute_values: Sequence[ValueRow],
    ) -> None:
        self.public_id = public_id
        self.public_id_text = public_id_text
        """None where the document type has no name of its own."""
        self.tags = {(page, token): name for page, token, name in tags}
        self.starts = {(page, token): (name, prefix) for page, token, name, prefix in attribute_starts}
        self.values = {(page, token): text for page, token, text in attribute_values}
        self.pages = 1 + max(page for page, _ in (*self.starts, *self.values))
        """Number of code pages in attribute space."""
        self.tag_tokens: dict[str, dict[int, int]] = {}
        """Element name to its token on each page that has one."""
        for page, token, name in tags:
            self.tag_tokens.setdefault(name, {})[page] = token
        self.start_pieces = self._pieces(self.starts)
        """(attribute name, start of its value) to its token on each page."""
        # A token that saves less than two page switches is left to the planning of texts, which weighs it.
        self.value_pieces = {
            text: found
            for text, found in self._pieces(self.values).items()
            if len(text) + INLINE_OCTETS - 1 >= 2 * SWITCH_OCTETS
        }
        """Text to its token on each page, where it is worth going to that page and back."""
        self.value_tokens = tuple(
            {text.encode(): bytes((token,)) for (on, token), text in self.values.items() if on == page}
            for page in range(self.pages)
        )
        """For each page: text to token."""
        self.value_pattern = re.compile(b"|".join(re.escape(text.encode()) for text in self.values.values()) or b"(?!)")
        """Finds a text with a token anywhere in octets."""

    def _pieces(self, table: dict[tuple[int, int], _Meaning]) -> dict[_Meaning, Piece]:
        """The inverse of a token table."""
        tokens: dict[_Meaning, dict[int, bytes]] = {}
        for (page, token), meaning in table.items():
            tokens.setdefault(meaning, {})[page] = bytes((token,))
        return {
            meaning: piece(tuple(found.get(page) for page in range(self.pages))) for meaning, found in tokens.items()
        }
