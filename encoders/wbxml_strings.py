"""The string table of one WBXML document, and how each of its texts is written with it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from encoders.errors import EncodeError
from encoders.octets import encode_uintvar
from encoders.wbxml_string_table import MARK, MARKS, laid_out, share_parts, shared_words
from encoders.wbxml_text import text_with_tokens
from encoders.wbxml_tokens import STR_T
from encoders.wbxml_vocabulary import Piece, Vocabulary, inline

_REFERENCE = bytes((STR_T,))


class StringPlan(NamedTuple):
    """The string table and how each text is written with it."""

    table: bytes
    pieces: Mapping[str, Piece | bytes]
    """Each text in attribute space."""
    offsets: Mapping[str, bytes]
    """Where each name stands in the table."""
    depends_on_page: bool
    """True when some text is written differently on different code pages."""


def plan_strings(texts: Sequence[str], names: Sequence[str], vocabulary: Vocabulary) -> StringPlan:
    """The string table for a document that holds `texts`, and `names` that can stand nowhere else."""
    counts = Counter(texts)
    octets = octets_of(list(counts))
    joined = b"\x00".join(octets)
    words = shared_words(joined)
    has_tokens = vocabulary.value_pattern.search(joined) is not None
    if not (words or names or has_tokens or len(counts) < len(texts)):
        return StringPlan(b"", dict(zip(counts, map(inline, octets), strict=True)), {}, depends_on_page=False)
    uses = {
        text: count
        for text, count in zip(octets, counts.values(), strict=True)
        if (count - 1) * len(text) > 1 and not (has_tokens and vocabulary.value_pattern.fullmatch(text))
    }
    name_octets = octets_of(names)
    uses.update(dict.fromkeys(name_octets, 1))
    singles = [text for text in octets if text not in uses]
    parts, marked = share_parts(singles, list(uses), words)
    if parts:
        _enter(parts, singles, marked, uses)
    table, places = laid_out(uses)
    offsets = {string: encode_uintvar(place) for string, place in places.items()}
    written = _written(singles, marked, parts, offsets)
    if has_tokens:
        inside = {part: _REFERENCE + offsets[part] for part in parts}
        for text in singles:
            if text not in offsets and vocabulary.value_pattern.search(text):
                written[text] = text_with_tokens(text, inside, vocabulary)
    return StringPlan(
        table,
        {text: written[found] for text, found in zip(counts, octets, strict=True)},
        {name: offsets[found] for name, found in zip(names, name_octets, strict=True)},
        any(isinstance(piece, Piece) for piece in written.values()),
    )


def octets_of(texts: Sequence[str]) -> list[bytes]:
    """UTF-8 of texts that NUL-ended strings can hold; `EncodeError` for any other."""
    if not texts:
        return []
    try:
        octets = "\x00".join(texts).encode().split(b"\x00")
    except UnicodeEncodeError as error:
        raise EncodeError(f"text with the lone surrogate {error.object[error.start]!r}: leave it out") from None
    if len(octets) != len(texts):
        wrong = next(text for text in texts if "\x00" in text)
        raise EncodeError(f"text {wrong!r}: U+0000 cannot stand in a WBXML string; leave it out")
    return octets


def _enter(parts: Sequence[bytes], singles: Sequence[bytes], marked: Sequence[bytes], uses: dict[bytes, int]) -> None:
    """Put the parts into the table, longest first.

    A text that is an inline string and then this part costs two octets less when all of it is the entry.
    """
    ends = b"\x00".join((*uses, b""))
    for part, mark in sorted(zip(parts, MARKS, strict=False), key=_part_length, reverse=True):
        if part + b"\x00" not in ends:
            entry = part
            for text, form in zip(singles, marked, strict=True):
                if form.endswith(mark) and form != mark and MARK.search(form, 0, len(form) - len(mark)) is None:
                    entry = text
                    break
            uses[entry] = 1
            ends += entry + b"\x00"
        uses[part] = uses.get(part, 0) + 1


def _part_length(part_and_mark: tuple[bytes, bytes]) -> int:
    return len(part_and_mark[0])


def _written(
    singles: Sequence[bytes], marked: Sequence[bytes], parts: Sequence[bytes], offsets: Mapping[bytes, bytes]
) -> dict[bytes, Piece | bytes]:
    """Octets of each text and of each string of the table."""
    written: dict[bytes, Piece | bytes] = {text: inline(text) for text in singles}
    if parts:
        by_mark = {mark: _REFERENCE + offsets[part] for mark, part in zip(MARKS, parts, strict=False)}
        for text, form in zip(singles, marked, strict=True):
            if form != text:
                written[text] = b"".join(by_mark.get(run) or inline(run) for run in MARK.split(form) if run)
    for string, offset in offsets.items():
        written[string] = _REFERENCE + offset
    return written
