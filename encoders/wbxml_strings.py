"""How the texts of one WBXML document are written: inline, from the string table, or with tokens inside."""

from collections.abc import Sequence
from typing import NamedTuple

from encoders.errors import EncodeError
from encoders.octets import encode_uintvar
from encoders.wbxml_tokens import STR_T
from encoders.wbxml_vocabulary import Piece, Vocabulary, inline


class StringPlan(NamedTuple):
    """The string table and how each text is written with it."""

    table: bytes
    pieces: dict[str, Piece]
    offsets: dict[str, bytes]
    """Offset in the table of each name that must stand there."""
    depends_on_page: bool
    """True when some text is shorter on one code page than on another."""


def plan_strings(texts: Sequence[str], names: Sequence[str], vocabulary: Vocabulary) -> StringPlan:
    """The string table for a document that holds `texts`, and `names` that can stand nowhere else."""
    table, offsets = b"", {}
    for text in dict.fromkeys([*names, *[t for t in texts if texts.count(t) > 1 and len(t) > 1]]):
        offsets[text] = encode_uintvar(len(table))
        table += octets_of(text) + b"\x00"
    pieces: dict[str, Piece] = {
        t: bytes((STR_T,)) + offsets[t] if t in offsets else inline(octets_of(t)) for t in texts
    }
    return StringPlan(table, pieces, offsets, False)


def octets_of(text: str) -> bytes:
    """UTF-8 of a text that a NUL-ended string can hold."""
    if "\x00" in text:
        raise EncodeError(f"text {text!r}: U+0000 cannot stand in a WBXML string; leave it out")
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise EncodeError(f"text {text!r}: a lone surrogate is no character; leave it out") from None
