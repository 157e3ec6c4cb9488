"""Which strings the string table of a WBXML document should hold (WAP-192 clause 5.7).

A reference costs two octets and may point into the middle of an entry, so an entry serves for each of its ends as well.
An inline string costs two octets more than its text. So the table saves all but two octets of a text that comes again,
and much of a part that several texts share. The very best table is as hard to find as the smallest grammar; parts are
therefore taken greedily, best first, and only those that hold a whole word.

While parts are chosen, the texts are one run of octets with NUL between them, and a chosen part is replaced by a
mark of two octets, as long as the reference that it stands for: the length of the document can be read off.
"""

import re
from bisect import insort
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise, product

from encoders.wbxml_text import TOKEN_MARK
from encoders.wbxml_vocabulary import INLINE_OCTETS

REFERENCE_OCTETS = 2
"""Length of STR_T with an offset below 128."""
SHORTEST_PART_OCTETS = 3
"""A reference to a shorter one saves nothing inside a text."""
MOST_PARTS = 64
MOST_CANDIDATES = 256
LONGEST_PLANNED_OCTETS = 8192
"""Bounds of parts, of what is weighed, and of all texts together; with more text, only whole texts are shared.

No handset takes as much. They keep the time for an odd document in proportion to its length.
"""
SHORT_OFFSETS = 128
"""Offsets below this take one octet."""

_NOT_UTF_8 = bytes((0xC1, *range(0xF5, 0x100)))
MARKS = tuple(map(bytes, product(_NOT_UTF_8, repeat=2)))
"""What stands for the first part, the second, and so on: octets that UTF-8 never uses."""
_ANY_MARK = MARKS[0]
MARK = re.compile(rb"([\xC1\xF5-\xFF]{2})")
"""Finds marks in a text."""

_CONTINUATION = bytes(range(0x80, 0xC0))
"""Octets inside a character of UTF-8."""
_WORDS = bytes(octet if octet >= 0x80 or chr(octet).isalnum() else ord(" ") for octet in range(256))
"""For `translate`: leaves words, characters outside ASCII being part of them."""
_RUNS = bytes(ord(" ") if octet in b"\x00" + TOKEN_MARK + _NOT_UTF_8 else ord("_") for octet in range(256))
"""For `translate`: leaves the runs of octets that stay inline."""


def shared_words(octets: bytes) -> set[bytes]:
    """Words that come more than once in texts joined by NUL."""
    words = octets.translate(_WORDS).split() if len(octets) <= LONGEST_PLANNED_OCTETS else ()
    seen: set[bytes] = set()
    shared: set[bytes] = set()
    for word in words:
        if word in seen:
            shared.add(word)
        elif len(word) >= SHORTEST_PART_OCTETS:
            seen.add(word)
    return shared


def share_parts(
    texts: Mapping[bytes, bytes], entries: Sequence[bytes], words: Iterable[bytes]
) -> tuple[list[bytes], list[bytes]]:
    """The parts of `texts` that shorten the document as entries of the table, and the texts with marks for them.

    Each text comes with its form: itself, or with marks for value tokens. `entries` are in the table already; those of
    them that stand inside a text come first among the parts.
    """
    octets = b"\x00".join(texts.values())
    length = inline_length(octets)
    ends = b"\x00".join((*entries, b""))
    parts: list[bytes] = []
    for entry in sorted(entries, key=len, reverse=True):
        if entry in octets and len(parts) < MOST_PARTS:
            shorter = octets.replace(entry, MARKS[len(parts)])
            if (shorter_length := inline_length(shorter)) < length:
                octets, length = shorter, shorter_length
                parts.append(entry)
    gains = sorted(
        (gain, part)
        for part in _candidates(list(texts), entries, words)
        if (gain := length - inline_length(octets.replace(part, _ANY_MARK)) - _price(part, ends)) > 0
    )
    while gains and len(parts) < MOST_PARTS:
        _, part = gains.pop()
        shorter = octets.replace(part, MARKS[len(parts)])
        shorter_length = inline_length(shorter)
        gain = length - shorter_length - _price(part, ends)
        if gains and gain < gains[-1][0]:
            insort(gains, (gain, part))
        elif gain > 0:
            octets, length = shorter, shorter_length
            ends += part + b"\x00"
            parts.append(part)
    return parts, octets.split(b"\x00")


def inline_length(octets: bytes) -> int:
    """Octets of the texts when marks are references and all else is inline (their number of NULs included)."""
    return len(octets) + INLINE_OCTETS * len(octets.translate(_RUNS).split())


def _price(part: bytes, ends: bytes) -> int:
    """Octets that `part` adds to the table, whose strings are the NUL-ended ones of `ends`."""
    return 0 if part + b"\x00" in ends else len(part) + 1


def _candidates(texts: Sequence[bytes], entries: Sequence[bytes], words: Iterable[bytes]) -> set[bytes]:
    """What two texts, or a text and an entry, share around a word: with and without further words to its left."""
    found: set[bytes] = set()
    for word in words:
        places = [(text[at:], text[:at], True) for text in texts if (at := text.find(word)) >= 0]
        if places:
            places += [(text[at:], text[:at], False) for text in entries if (at := text.find(word)) >= 0]
            places.sort()
        for (tail, head, inline), (other_tail, other_head, other_inline) in pairwise(places):
            if not (inline or other_inline):
                continue
            part = _common_start(tail, other_tail)
            if len(part) < len(tail) and tail[len(part)] in _CONTINUATION:
                part = part.rstrip(_CONTINUATION)[:-1]
            if head[-1:] == other_head[-1:] != b"":
                left = _common_start(head[::-1], other_head[::-1])[::-1].lstrip(_CONTINUATION)
                found.add(left + part)
                part = left[len(left.translate(_WORDS).rstrip()) :] + part
            found.add(part)
    return found if len(found) <= MOST_CANDIDATES else set(sorted(found, key=_weight)[-MOST_CANDIDATES:])


def _weight(part: bytes) -> tuple[int, bytes]:
    return len(part), part


def _common_start(one: bytes, other: bytes) -> bytes:
    """The longest start of both."""
    size = min(len(one), len(other))
    difference = int.from_bytes(one[:size], "big") ^ int.from_bytes(other[:size], "big")
    return one[: size - (difference.bit_length() + 7) // 8]


def laid_out(uses: Mapping[bytes, int]) -> tuple[bytes, dict[bytes, int]]:
    """A string table that holds all strings of `uses`, and their offsets; one that ends another shares its octets."""
    hosts: dict[bytes, bytes] = {}
    host = b""
    # Read from the end, a string stands right before those that it ends: its host is that of the string seen last.
    for string in sorted(uses, key=_reversed, reverse=True):
        if not host.endswith(string):
            host = string
        hosts[string] = host
    order: Iterable[bytes] = dict.fromkeys(hosts.values())
    table = b"\x00".join((*order, b""))
    if len(table) > SHORT_OFFSETS:
        weights = dict.fromkeys(order, 0.0)
        for string, host in hosts.items():
            weights[host] += uses[string] / len(host)
        order = sorted(order, key=weights.__getitem__, reverse=True)
        table = b"\x00".join((*order, b""))
    places: dict[bytes, int] = {}
    place = 0
    for host in order:
        places[host] = place
        place += len(host) + 1
    return table, {string: places[host] + len(host) - len(string) for string, host in hosts.items()}


def _reversed(octets: bytes) -> bytes:
    return octets[::-1]
