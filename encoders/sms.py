"""The user data of a binary SMS: its header with ports and concatenation, cutting a PDU into segments and joining them.

3GPP TS 23.040 clause 9.2.3.24. The port element stands first and in every segment: one handset drops a message whose
later segments lack it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache, partial
from itertools import repeat
from typing import NamedTuple

from encoders.errors import DecodeError, EncodeError
from encoders.octets import Cursor

USER_DATA_MAX_OCTETS = 140
"""TS 23.040 clause 9.2.3.24: TP-User-Data of 8-bit data."""

# fmt: off
# Information element identifiers: TS 23.040 clause 9.2.3.24
CONCATENATION_8_BIT  = 0x00   # 9.2.3.24.1: reference, total, number
PORTS_8_BIT          = 0x04   # 9.2.3.24.3: destination, source
PORTS_16_BIT         = 0x05   # 9.2.3.24.4: destination, source
CONCATENATION_16_BIT = 0x08   # 9.2.3.24.8: reference (2 octets), total, number

# Ports: WAP-259 appendix B (the IANA register)
WAP_PUSH_PORT        = 2948   # connectionless push on the handset
WAP_WSP_PORT         = 9200   # connectionless session service
# fmt: on

PORT_MAX = 0xFFFF
SEGMENTS_MAX = 255
"""TS 23.040 clause 9.2.3.24.1: the total and the number are one octet each, and 0 is no number."""
SINGLE_PAYLOAD_OCTETS = USER_DATA_MAX_OCTETS - 7
NARROW_PAYLOAD_OCTETS = SINGLE_PAYLOAD_OCTETS - 5
WIDE_PAYLOAD_OCTETS = SINGLE_PAYLOAD_OCTETS - 6
"""Beside UDHL and the port element (7 octets) a segment carries the concatenation element of 5 or 6 octets."""


class Segment(NamedTuple):
    """One SMS of a message: user data header (with UDHL), payload, number (from 1), total.

    A NamedTuple because it is built for every SMS sent, at a third of the cost of a frozen dataclass.
    """

    header: bytes
    payload: bytes
    number: int
    total: int

    def __repr__(self) -> str:
        """Without the payload: a document is a secret."""
        return f"Segment({self.number} of {self.total}, {len(self.header)} + {len(self.payload)} octets)"


@dataclass(frozen=True, slots=True, kw_only=True)
class UserData:
    """What one SMS with a user data header says. Ports and reference are None where it does not say."""

    destination_port: int | None = None
    source_port: int | None = None
    reference: int | None = None
    """None: a message of one SMS."""
    total: int = 1
    number: int = 1
    payload: bytes = field(repr=False)


def slices(body: bytes, *, wide: bool = False) -> list[bytes]:
    """`body` cut as segments with ports carry it: whole up to 133 octets, otherwise 128 each, or 127 when `wide`."""
    size = len(body)
    if size <= SINGLE_PAYLOAD_OCTETS:
        return [body]
    step = WIDE_PAYLOAD_OCTETS if wide else NARROW_PAYLOAD_OCTETS
    if size > step * SEGMENTS_MAX:
        raise EncodeError(f"message of {size} octets: at most {step * SEGMENTS_MAX} fit {SEGMENTS_MAX} SMS")
    return [body[start : start + step] for start in range(0, size, step)]


class Cut(NamedTuple):
    """A message cut into SMS that lack only their reference: `start_of` it, one of `places`, one of `payloads`."""

    start: bytes
    """User data header up to the reference; the whole of it for a message of one SMS, which has none."""
    reference_octets: int
    places: tuple[bytes, ...]
    payloads: list[bytes]

    def __repr__(self) -> str:
        """Without the payloads: a document is a secret."""
        return f"Cut({len(self.payloads)} SMS)"


def cut(body: bytes, *, wide: bool = False) -> Cut:
    """`body` as 1 to 255 SMS for the port of WAP push, each of at most 140 octets, to be sent under any reference."""
    payloads = slices(body, wide=wide)
    if len(payloads) == 1:
        return Cut(_ports_header(WAP_PUSH_PORT, WAP_WSP_PORT), 0, (b"",), payloads)
    start = _concatenation_start(wide, _ports_element(WAP_PUSH_PORT, WAP_WSP_PORT))
    return Cut(start, 2 if wide else 1, _places(len(payloads)), payloads)


def start_of(cut: Cut, reference: int) -> bytes:
    """What each SMS of the message begins with; `reference` is 0 to 255, or to 65535 when the message is `wide`."""
    octets = cut.reference_octets
    return cut.start + _reference(reference, octets) if octets else cut.start


def segment(
    body: bytes,
    *,
    reference: int,
    wide: bool = False,
    destination_port: int = WAP_PUSH_PORT,
    source_port: int = WAP_WSP_PORT,
) -> tuple[Segment, ...]:
    """`body` as 1 to 255 SMS of at most 140 octets; `reference` is 0 to 255, or to 65535 when `wide`."""
    payloads = slices(body, wide=wide)
    total = len(payloads)
    if total == 1:
        return (Segment(_ports_header(destination_port, source_port), body, 1, 1),)
    headers = _concatenation_headers(total, reference, wide, _ports_element(destination_port, source_port))
    return _segments(headers, payloads)


def segment_without_ports(payloads: Sequence[bytes], *, reference: int, wide: bool = False) -> tuple[Segment, ...]:
    """`payloads` as the segments of a text, 1 to 255, which has no ports; one alone has no header at all."""
    total = len(payloads)
    if not 0 < total <= SEGMENTS_MAX:
        raise EncodeError(f"message of {total} SMS: 1 to {SEGMENTS_MAX} can be counted")
    headers = (b"",) if total == 1 else _concatenation_headers(total, reference, wide, b"")
    return _segments(headers, payloads)


def _segments(headers: Sequence[bytes], payloads: Sequence[bytes]) -> tuple[Segment, ...]:
    total = len(payloads)
    return tuple(map(_new_segment, zip(headers, payloads, range(1, total + 1), repeat(total), strict=False)))


_new_segment = partial(tuple.__new__, Segment)
"""`Segment._make` without its own Python frame, which would cost as much as all the rest of a segment."""


@cache
def _places(total: int) -> tuple[bytes, ...]:
    """The last two octets of the concatenation element in each of `total` segments: total, number."""
    return tuple(bytes((total, number)) for number in range(1, total + 1))


def _ports_header(destination_port: int, source_port: int) -> bytes:
    """The whole header of a message of one SMS."""
    element = _ports_element(destination_port, source_port)
    return bytes((len(element),)) + element


def _concatenation_headers(total: int, reference: int, wide: bool, ports: bytes) -> list[bytes]:
    start = _concatenation_start(wide, ports) + _reference(reference, 2 if wide else 1)
    return [start + place for place in _places(total)]


@lru_cache(maxsize=64)
def _concatenation_start(wide: bool, ports: bytes) -> bytes:
    """The header of a segment up to the reference; `ports` is its port element, b"" in a text."""
    identifier, length = (CONCATENATION_16_BIT, 4) if wide else (CONCATENATION_8_BIT, 3)
    elements = ports + bytes((identifier, length))
    return bytes((len(elements) + length,)) + elements


@lru_cache(maxsize=64)
def _ports_element(destination_port: int, source_port: int) -> bytes:
    for port in (destination_port, source_port):
        if not 0 <= port <= PORT_MAX:
            raise EncodeError(f"port {port}: 0 to {PORT_MAX}")
    return bytes((PORTS_16_BIT, 4)) + destination_port.to_bytes(2, "big") + source_port.to_bytes(2, "big")


def _reference(reference: int, size: int) -> bytes:
    if not 0 <= reference < 1 << 8 * size:
        raise EncodeError(f"reference {reference}: 0 to {(1 << 8 * size) - 1} fit {size} octet(s)")
    return reference.to_bytes(size, "big")


def decode_user_data(octets: bytes) -> UserData:
    """The ports, the place in its message and the payload of one SMS, given its TP-User-Data with TP-UDHI set."""
    if len(octets) > USER_DATA_MAX_OCTETS:
        raise DecodeError(f"user data of {len(octets)} octets: at most {USER_DATA_MAX_OCTETS}")
    cursor = Cursor(octets)
    header = Cursor(cursor.take(cursor.octet()))
    ports: tuple[int | None, int | None] = (None, None)
    place: tuple[int | None, int, int] = (None, 1, 1)
    # Of two elements that exclude each other the last one counts; unknown ones are passed over (clause 9.2.3.24).
    while not header.at_end:
        identifier = header.octet()
        element = header.take(header.octet())
        if identifier in _PORT_SIZES:
            ports = _decode_ports(element, _PORT_SIZES[identifier])
        elif identifier in _REFERENCE_SIZES:
            place = _decode_place(element, _REFERENCE_SIZES[identifier]) or place
    destination_port, source_port = ports
    reference, total, number = place
    return UserData(
        destination_port=destination_port,
        source_port=source_port,
        reference=reference,
        total=total,
        number=number,
        payload=cursor.rest(),
    )


_PORT_SIZES = {PORTS_8_BIT: 1, PORTS_16_BIT: 2}
_REFERENCE_SIZES = {CONCATENATION_8_BIT: 1, CONCATENATION_16_BIT: 2}


def _decode_ports(element: bytes, size: int) -> tuple[int, int]:
    if len(element) != 2 * size:
        raise DecodeError(f"port element of {len(element)} octets: {2 * size} expected")
    return int.from_bytes(element[:size], "big"), int.from_bytes(element[size:], "big")


def _decode_place(element: bytes, size: int) -> tuple[int, int, int] | None:
    """Reference, total, number; None where the standard says to ignore the element: number 0 or above the total."""
    if len(element) != size + 2:
        raise DecodeError(f"concatenation element of {len(element)} octets: {size + 2} expected")
    total, number = element[size:]
    return (int.from_bytes(element[:size], "big"), total, number) if 1 <= number <= total else None


@dataclass(slots=True)
class _Partial:
    """A message of which segments are missing."""

    begun_s: float
    payloads: dict[int, bytes] = field(default_factory=dict, repr=False)


class Reassembler:
    """Joins segments to messages, in whatever order and however often they come, in bounded memory.

    Segments belong together when sender, ports, reference and total agree. When more than `capacity` segments wait, the
    messages begun longest ago are given up; a message not complete after `lifetime_s` is begun anew.
    """

    def __init__(self, *, capacity: int = 16_384, lifetime_s: float = 24 * 3600.0) -> None:
        if capacity < SEGMENTS_MAX:
            raise ValueError(f"capacity {capacity}: one message may have {SEGMENTS_MAX} segments")
        self._capacity = capacity
        self._lifetime_s = lifetime_s
        self._partials: dict[tuple[str, int | None, int | None, int, int], _Partial] = {}
        self._waiting = 0

    def add(self, sender: str, user_data: UserData, *, now: float = 0.0) -> bytes | None:
        """The whole message when this segment completes it, otherwise None; `now` in seconds of any steady clock."""
        if user_data.reference is None:
            return user_data.payload
        number, payload = user_data.number, user_data.payload
        key = (sender, user_data.destination_port, user_data.source_port, user_data.reference, user_data.total)
        partial = self._partials.get(key)
        # Other octets under a number already there: the sender has come round to this reference with a new message.
        if partial and (now - partial.begun_s > self._lifetime_s or partial.payloads.get(number, payload) != payload):
            self._forget(key)
            partial = None
        if partial is None:
            partial = self._partials[key] = _Partial(now)
        if number not in partial.payloads:
            partial.payloads[number] = payload
            self._waiting += 1
        if len(partial.payloads) == user_data.total:
            self._forget(key)
            return b"".join(partial.payloads[place] for place in range(1, user_data.total + 1))
        while self._waiting > self._capacity:
            self._forget(next(iter(self._partials)))
        return None

    def _forget(self, key: tuple[str, int | None, int | None, int, int]) -> None:
        self._waiting -= len(self._partials.pop(key).payloads)
