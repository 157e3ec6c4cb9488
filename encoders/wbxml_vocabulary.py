"""The token tables of one WBXML document type, and their inverse for the encoder."""

import re
from collections.abc import Sequence

from encoders.wbxml_tokens import STR_I

Piece = bytes | tuple[bytes | None, ...]
"""Octets in attribute space: the same on every code page, or one choice a page (None: the page has no short form)."""

TagRow = tuple[int, int, str]
"""Code page, token, element name."""
StartRow = tuple[int, int, str, str]
"""Code page, token, attribute name, start of its value."""
ValueRow = tuple[int, int, str]
"""Code page, token, text."""

SWITCH_OCTETS = 2
"""Length of SWITCH_PAGE with its page number."""
INLINE_OCTETS = 2
"""Length of STR_I with its final NUL, around the text."""


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
        public_id_text: str,
        tags: Sequence[TagRow],
        attribute_starts: Sequence[StartRow],
        attribute_values: Sequence[ValueRow],
    ) -> None:
        self.public_id = public_id
        self.public_id_text = public_id_text
        self.pages = 1 + max(page for page, *_ in (*attribute_starts, *attribute_values))
        """Number of code pages in attribute space."""
        self.tags = {(page, token): name for page, token, name in tags}
        self.starts = {(page, token): (name, prefix) for page, token, name, prefix in attribute_starts}
        self.values = {(page, token): text for page, token, text in attribute_values}
        self.tag_tokens: dict[str, dict[int, int]] = {}
        for page, token, name in tags:
            self.tag_tokens.setdefault(name, {})[page] = token
        self.start_pieces = {
            start: self._piece({page: token for (page, token), other in self.starts.items() if other == start})
            for start in self.starts.values()
        }
        """(name, prefix) to its token on each page."""
        self.value_tokens = tuple(
            {text.encode(): token for (on, token), text in self.values.items() if on == page}
            for page in range(self.pages)
        )
        """For each page: text to token."""
        texts = sorted({text.encode() for text in self.values.values()}, key=len, reverse=True)
        self.value_pattern = re.compile(b"|".join(map(re.escape, texts)) if texts else b"(?!)")
        """Finds octets of a text that a value token can stand for."""
        self.value_pieces = {
            text: self._piece({page: token for (page, token), other in self.values.items() if other == text})
            for text in self.values.values()
            if self._always_worth_a_switch(text)
        }
        """Text to its token on each page, where that token is worth going to its page and back."""

    @staticmethod
    def _always_worth_a_switch(text: str) -> bool:
        """True when the token saves no less than two page switches, so that no plan without it is shorter."""
        return len(text.encode()) + INLINE_OCTETS - 1 >= 2 * SWITCH_OCTETS

    def _piece(self, tokens: dict[int, int]) -> tuple[bytes | None, ...]:
        return tuple(bytes((tokens[page],)) if page in tokens else None for page in range(self.pages))


def joined(*pieces: Piece) -> Piece:
    """The pieces one after the other: a page has them only when it has each."""
    pages = max(1 if isinstance(piece, bytes) else len(piece) for piece in pieces)
    choices = [(piece,) * pages if isinstance(piece, bytes) else piece for piece in pieces]
    return tuple(None if None in choice else b"".join(filter(None, choice)) for choice in zip(*choices, strict=True))


def inline(text: bytes) -> bytes:
    """`text` as an inline string (WAP-192 clause 5.8.4.1)."""
    return bytes((STR_I,)) + text + b"\x00"
