"""The string table of one WBXML document, and how each of its texts is written with it."""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from encoders.errors import EncodeError
from encoders.octets import encode_uintvar
from encoders.wbxml_string_table import (
    LONGEST_PLANNED_OCTETS,
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


PLANNED_TABLES = 1024
"""String tables that are remembered: documents of one profile mostly differ in texts that share nothing."""


class StringPlan(NamedTuple):
    """The string table and how each text is written with it."""

    table: bytes
    pieces: Mapping[str, TokenText | bytes]
    """Each text in attribute space."""
    offsets: Mapping[str, bytes]
    """Where each name stands in the table."""
    has_token_texts: bool


class TablePlan(NamedTuple):
    """A string table and what is written with it."""

    table: bytes
    offsets: Mapping[bytes, bytes]
    """Where each string of the table stands."""
    texts: Mapping[bytes, bytes]
    """The texts that are written with references, or as one."""
    parts: Mapping[bytes, bytes]
    """References to the strings that may stand inside a text."""


def plan_strings(texts: Sequence[str], names: Sequence[str], vocabulary: Vocabulary) -> StringPlan:
    """The string table for a document that holds `texts`, and `names` that can stand nowhere else."""
    counts: dict[str, int] = {}
    for text in texts:  # a Counter takes half as long again for so few
        counts[text] = counts.get(text, 0) + 1
    octets = octets_of(list(counts))
    joined = b"\x00".join(octets)
    words = shared_words(joined)
    has_tokens = len(joined) <= LONGEST_PLANNED_OCTETS and vocabulary.value_pattern.search(joined) is not None
    if not (words or names or has_tokens or len(counts) < len(texts)):
        return StringPlan(b"", dict(zip(counts, map(inline, octets), strict=True)), {}, has_token_texts=False)
    forms = _forms(octets, vocabulary) if has_tokens else {}
    name_octets = octets_of(names)
    uses = _worth_an_entry(dict(zip(octets, counts.values(), strict=True)), forms)
    if names:
        uses |= dict.fromkeys(name_octets, 1)
    related = _related([text for text in octets if text not in uses], words, uses, joined)
    plan = _planned_table(tuple([(text, forms.get(text, text)) for text in related]), tuple(uses.items()))
    token_texts = {text: token_text(text, plan.parts, vocabulary) for text in forms if text not in plan.offsets}
    written: Mapping[bytes, TokenText | bytes] = {**plan.texts, **token_texts}
    return StringPlan(
        plan.table,
        {text: written.get(found) or inline(found) for text, found in zip(counts, octets, strict=True)},
        {name: plan.offsets[found] for name, found in zip(names, name_octets, strict=True)},
        has_token_texts=bool(token_texts),
    )


def _related(singles: Sequence[bytes], words: Iterable[bytes], entries: Iterable[bytes], joined: bytes) -> list[bytes]:
    """The texts that share a word with another one or hold an entry of the table: all others stay as they are."""
    if len(joined) > LONGEST_PLANNED_OCTETS:
        return []
    probes = [*words, *[entry for entry in entries if joined.count(entry) > 1]]
    related: list[bytes] = []
    for text in singles:
        for probe in probes:
            if probe in text:
                related.append(text)
                break
    return related


@lru_cache(PLANNED_TABLES)
def _planned_table(texts: tuple[tuple[bytes, bytes], ...], entries: tuple[tuple[bytes, int], ...]) -> TablePlan:
    """The string table with these entries and numbers of uses, and with the parts that `texts` share.

    Each text comes with its form: itself, or with marks for value tokens.
    """
    uses = dict(entries)
    singles = dict(texts)
    words = shared_words(b"\x00".join((*singles, *uses)))
    parts, marked_texts = share_parts(singles, list(uses), words) if singles else ([], [])
    if parts:
        _enter(parts, list(singles), marked_texts, uses)
    table, places = laid_out(uses)
    offsets = {string: encode_uintvar(place) for string, place in places.items()}
    return TablePlan(
        table,
        offsets,
        _written(singles, marked_texts, parts, offsets),
        {part: _REFERENCE + offsets[part] for part in parts},
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
    singles: Iterable[bytes], marked_texts: Sequence[bytes], parts: Sequence[bytes], offsets: Mapping[bytes, bytes]
) -> dict[bytes, bytes]:
    """Octets of the texts with marks and of all strings of the table."""
    by_mark = {mark: _REFERENCE + offsets[part] for mark, part in zip(MARKS, parts, strict=False)}
    written = {
        text: b"".join(by_mark.get(run) or inline(run) for run in MARK.split(form) if run)
        for text, form in zip(singles, marked_texts, strict=True)
        if form != text and TOKEN_MARK not in form
    }
    return written | {string: _REFERENCE + offset for string, offset in offsets.items()}
