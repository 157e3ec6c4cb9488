"""Numbers of pushes: 63 bits that sort by time and name their bucket, so that a number alone finds its row.

41 bits  milliseconds since 2024-01-01 UTC (until 2093)
 6 bits  node
10 bits  counter within the millisecond
 6 bits  bucket
"""

import zlib
from itertools import product

from tps.decisions.identities import BUCKETS
from tps.errors import RejectedError

EPOCH_MS = 1_704_067_200_000
NODES = 64
ID_MAX = (1 << 63) - 1
_COUNTERS = 1 << 10
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's base 32: no letter that is mistaken for a digit; keeps the order of the numbers."""
_VALUES = {letter: value for value, letter in enumerate(_ALPHABET)}
_LETTERS = 13
_TRIPLES = tuple(map("".join, product(_ALPHABET, repeat=3)))
"""What 15 bits are written as: three letters at a time, because every answer line of a stream holds an id."""


class PushIds:
    """Gives out numbers, each greater than the last, for one node (0 to 63)."""

    def __init__(self, node: int) -> None:
        if not 0 <= node < NODES:
            raise ValueError(f"node: 0 to {NODES - 1} expected; got {node}")
        self._node = node
        self._millisecond = 0
        self._counter = 0

    def next(self, now_ms: int, bucket: int) -> int:
        """A new number in `bucket`. A clock that stands still or goes back does not repeat one."""
        if now_ms > self._millisecond:
            self._millisecond, self._counter = now_ms, 0
        else:
            self._counter += 1
            if self._counter == _COUNTERS:
                self._millisecond, self._counter = self._millisecond + 1, 0
        return (((self._millisecond - EPOCH_MS) << 6 | self._node) << 10 | self._counter) << 6 | bucket


def first_id_at(now_ms: int) -> int:
    """The least number that can be given out at this time: all that are less are older."""
    return min(max(0, now_ms - EPOCH_MS) << 22, ID_MAX)


def bucket_of_id(push_id: int) -> int:
    """The bucket that the push lies in."""
    return push_id & (BUCKETS - 1)


def reference_of(push_id: int, attempt: int, *, wide: bool) -> int:
    """Concatenation reference (8 or 16 bits): another one for the next push, and for the next attempt."""
    # A checksum, because the low bits alone are the same for every push that is the only one of its millisecond.
    return (zlib.crc32(push_id.to_bytes(8, "big")) + attempt) & (0xFFFF if wide else 0xFF)


def text_of(push_id: int) -> str:
    """The number as users see it: 13 letters and digits that sort like the numbers."""
    first, triples = _ALPHABET[push_id >> 60 & 31], _TRIPLES
    return (
        f"{first}{triples[push_id >> 45 & 32767]}{triples[push_id >> 30 & 32767]}"
        f"{triples[push_id >> 15 & 32767]}{triples[push_id & 32767]}"
    )


def id_of(text: str, field: str = "id") -> int:
    """The number behind its text."""
    value = 0
    for letter in text.lower():
        if letter not in _VALUES or len(text) != _LETTERS:
            raise RejectedError(
                field, f"a push id of {_LETTERS} letters and digits expected; got {text[:20]!r}", status=404
            )
        value = value << 5 | _VALUES[letter]
    if not text or value >= 1 << 63:
        raise RejectedError(
            field, f"a push id of {_LETTERS} letters and digits expected; got {text[:20]!r}", status=404
        )
    return value
