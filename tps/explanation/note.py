"""One run of octets with its meaning, and which octets are hidden from those who may not see secrets."""

from collections.abc import Iterable
from typing import NamedTuple


class Note(NamedTuple):
    """What the octets from `start` on mean; `depth` is how far inside other elements they stand."""

    start: int
    octets: bytes
    meaning: str
    depth: int = 0
    secret: bool = False

    def __repr__(self) -> str:
        """Without octets and meaning where they are secret."""
        if self.secret:
            return f"Note({self.start}, {len(self.octets)} secret octets)"
        return f"Note({self.start}, {self.octets.hex(' ').upper()}, {self.meaning!r}, {self.depth})"


def hidden_places(notes: Iterable[Note]) -> frozenset[int]:
    """The places of all octets that are secret."""
    return frozenset(
        place for note in notes if note.secret for place in range(note.start, note.start + len(note.octets))
    )


def moved(places: Iterable[int], by: int) -> frozenset[int]:
    """The same places in octets that begin `by` octets earlier."""
    return frozenset(place + by for place in places)


def hexadecimal(octets: bytes, hidden: frozenset[int] = frozenset(), start: int = 0) -> str:
    """`octets`, the first of them at place `start`, in upper-case pairs of digits; two dots stand for a hidden one."""
    return " ".join("··" if place in hidden else f"{octet:02X}" for place, octet in enumerate(octets, start))
