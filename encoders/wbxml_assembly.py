"""From fragments of a document to its octets: string table and code pages of attribute space, as short as can be."""

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

from encoders.errors import EncodeError
from encoders.octets import encode_uintvar
from encoders.wbxml_strings import StringPlan, octets_of, plan_strings
from encoders.wbxml_text import TokenText, moves_through
from encoders.wbxml_tokens import MIBENUM_UTF_8, VERSION_1_1, VERSION_1_3
from encoders.wbxml_vocabulary import SWITCH_OCTETS, Piece, Vocabulary, inline, switch


class LiteralName(NamedTuple):
    """A LITERAL token with the name it stands for, which must be in the string table (WAP-192 clause 5.8.4.5)."""

    token: int
    name: str


Fragment = Piece | str | bytes | LiteralName
"""What a document is written from: octets that depend on the page, a text, fixed octets, a name without a token."""

_NEVER = 1 << 32
"""Cost in octets of what a page cannot say: more than any document."""


def assemble(fragments: Sequence[Fragment], vocabulary: Vocabulary, names: Sequence[str] = ()) -> bytes:
    """The whole document in WBXML 1.3 and UTF-8; `EncodeError` for a text that no string can hold.

    `names` are those of the literal names among the fragments.
    """
    strings = plan_strings([fragment for fragment in fragments if fragment.__class__ is str], names, vocabulary)
    if strings.has_token_texts or vocabulary.pages > 2:
        body = _on_planned_pages([_piece(fragment, strings) for fragment in fragments], vocabulary.pages)
    else:
        body = _on_lazy_pages(fragments, strings)
    start = _start(VERSION_1_3, vocabulary.public_id)
    return b"".join((start, encode_uintvar(len(strings.table)), strings.table, *body))


def assemble_plainly(fragments: Sequence[Fragment], vocabulary: Vocabulary) -> bytes:
    """The whole document in WBXML 1.1 and UTF-8, every text inline, for a document type of one code page.

    What handsets read that were made before string tables and page switches among attributes were of use.
    """
    assert vocabulary.pages == 1, "WBXML 1.1 has no page switch among attributes"
    return b"".join((_start(VERSION_1_1, vocabulary.public_id), b"\x00", *map(_plain_octets, fragments)))


@cache
def _start(version: int, public_id: int) -> bytes:
    """What every document of a type begins with: version, public identifier, charset (WAP-192 clause 5.3)."""
    return bytes((version,)) + encode_uintvar(public_id) + bytes((MIBENUM_UTF_8,))


def _plain_octets(fragment: Fragment) -> bytes:
    if isinstance(fragment, bytes):
        return fragment
    if isinstance(fragment, str):
        return inline(*octets_of((fragment,)))
    if isinstance(fragment, LiteralName):
        raise EncodeError(f"name {fragment.name!r} has no token; it would need a string table")
    octets, _ = fragment.moves[0]
    return octets


def _on_lazy_pages(fragments: Sequence[Fragment], strings: StringPlan) -> list[bytes]:
    """Octets of all fragments, going to another page only when the current one lacks a piece.

    Exact for two pages where each piece is equally long on all pages that have it: a switch made earlier than needed
    can be put off at no cost.
    """
    page = 0
    body: list[bytes] = []
    append, texts = body.append, strings.pieces
    for fragment in fragments:
        if fragment.__class__ is Piece:
            octets, page = fragment.moves[page]
            append(octets)
        elif fragment.__class__ is bytes:
            append(fragment)
        else:
            written = texts[fragment] if fragment.__class__ is str else _piece(fragment, strings)
            assert isinstance(written, bytes), "a text that depends on the page is planned"
            append(written)
    return body


def _piece(fragment: Fragment, strings: StringPlan) -> Piece | TokenText | bytes:
    if isinstance(fragment, str):
        return strings.pieces[fragment]
    if isinstance(fragment, LiteralName):
        return bytes((fragment.token,)) + strings.offsets[fragment.name]
    return fragment


def _on_planned_pages(pieces: Sequence[Piece | TokenText | bytes], pages: int) -> list[bytes]:
    """Octets of all pieces, each on the page that makes the document shortest.

    A dynamic programme from the end: `future[page]` is the length of all that follows when `page` is the current one.
    """
    future = [0] * pages
    moves: list[Sequence[tuple[bytes, int]]] = []
    for piece in reversed(pieces):
        if isinstance(piece, bytes):
            moves.append([(piece, page) for page in range(pages)])
            continue
        future, here = moves_through(piece, future) if isinstance(piece, TokenText) else _moves(piece, future)
        moves.append(here)
    page = 0
    body: list[bytes] = []
    for move in reversed(moves):
        octets, page = move[page]
        body.append(octets)
    return body


def _moves(piece: Piece, future: Sequence[int]) -> tuple[list[int], list[tuple[bytes, int]]]:
    """For each page before the piece: octets from there to the end of the document, and the move to take."""
    costs = [
        _NEVER if octets is None else len(octets) + after for octets, after in zip(piece.choices, future, strict=True)
    ]
    best = costs.index(min(costs))
    there = piece.lead + switch(best) + (piece.choices[best] or b"")
    elsewhere = costs[best] + SWITCH_OCTETS
    moves = [
        (there, best) if octets is None or costs[page] > elsewhere else (piece.lead + octets, page)
        for page, octets in enumerate(piece.choices)
    ]
    return [min(cost, elsewhere) for cost in costs], moves
