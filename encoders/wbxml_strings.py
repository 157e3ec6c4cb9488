"""The string table of one WBXML document, and how each of its texts is written with it."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from encoders.errors import EncodeError
from encoders.octets import encode_uintvar
from encoders.wbxml_string_table import (
    MARK,
    MARKS,
    REFERENCE_OCTETS,
    inline_length,
    laid_out,
    share_parts,
    shared_words,
)
from encoders.wbxml_text import TOKEN_MARK, TokenText, marked, token_text
from encoders.wbxml_tokens import STR_T
from encoders.wbxml_vocabulary import Vocabulary, inline

_REFERENCE = bytes((STR_T,))


class StringPlan(NamedTuple):
    """The string table and how each text is written with it."""

    table: bytes
    pieces: Mapping[str, TokenText | bytes]
    """Each text in attribute space."""
    offsets: Mapping[str, bytes]
    """Where each name stands in the table."""
    has_token_texts: bool


def plan_strings(texts: Sequence[str], names: Sequence[str], vocabulary: Vocabulary) -> StringPlan:
    """The string table for a document that holds `texts`, and `names` that can stand nowhere else."""
    counts = Counter(texts)
    octets = octets_of(list(counts))
    joined = b"\x00".join(octets)
    words = shared_words(joined)
    has_tokens = vocabulary.value_pattern.search(joined) is not None
    if not (words or names or has_tokens or len(counts) < len(texts)):
        return StringPlan(b"", dict(zip(counts, map(inline, octets), strict=True)), {}, has_token_texts=False)
    forms = _forms(octets, vocabulary) if has_tokens else {}
    name_octets = octets_of(names)
    uses = _worth_an_entry(dict(zip(octets, counts.values(), strict=True)), forms) | dict.fromkeys(name_octets, 1)
    singles = {text: forms.get(text, text) for text in octets if text not in uses}
    parts, marked_texts = share_parts(singles, list(uses), words)
    if parts:
        _enter(parts, list(singles), marked_texts, uses)
    table, places = laid_out(uses)
    offsets = {string: encode_uintvar(place) for string, place in places.items()}
    written = _written(singles, marked_texts, parts, offsets)
    token_texts = [text for text in forms if text not in offsets]
    for text in token_texts:
        written[text] = token_text(text, {part: _REFERENCE + offsets[part] for part in parts}, vocabulary)
    return StringPlan(
        table,
        {text: written[found] for text, found in zip(counts, octets, strict=True)},
        {name: offsets[found] for name, found in zip(names, name_octets, strict=True)},
        has_token_texts=bool(token_texts),
    )


def _forms(texts: Iterable[bytes], vocabulary: Vocabulary) -> dict[bytes, bytes]:
    """The texts that value tokens make shorter, with marks for the tokens."""
    forms = {
        text: marked(token_text(text, {}, vocabulary))
        for text in texts
        if vocabulary.value_pattern.search(text) is not None
    }
    return {text: form for text, form in forms.items() if form != text}


def _worth_an_entry(counts: Mapping[bytes, int], forms: Mapping[bytes, bytes]) -> dict[bytes, int]:
    """The texts that come often enough to pay for their place in the table, with their number."""
    if not forms:
        return {text: count for text, count in counts.items() if (count - 1) * len(text) > 1}
    return {
        text: count
        for text, count in counts.items()
        if count * (inline_length(forms.get(text, text)) - REFERENCE_OCTETS) > len(text) + 1
    }


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
                if form.endswith(mark) and form != mark and form == text[: len(form) - len(mark)] + mark:
                    entry = text
                    break
            uses[entry] = 1
            ends += entry + b"\x00"
        uses[part] = uses.get(part, 0) + 1


def _part_length(part_and_mark: tuple[bytes, bytes]) -> int:
    return len(part_and_mark[0])


def _written(
    singles: Iterable[bytes], marked: Sequence[bytes], parts: Sequence[bytes], offsets: Mapping[bytes, bytes]
) -> dict[bytes, TokenText | bytes]:
    """Octets of each text and of each string of the table."""
    written: dict[bytes, TokenText | bytes] = {text: inline(text) for text in singles}
    if parts:
        by_mark = {mark: _REFERENCE + offsets[part] for mark, part in zip(MARKS, parts, strict=False)}
        for text, form in zip(singles, marked, strict=True):
            if form != text and TOKEN_MARK not in form:
                written[text] = b"".join(by_mark.get(run) or inline(run) for run in MARK.split(form) if run)
    for string, offset in offsets.items():
        written[string] = _REFERENCE + offset
    return written
