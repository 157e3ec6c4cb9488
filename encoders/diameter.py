"""Diameter messages (RFC 6733): the header, and the AVPs behind it. What they mean is told elsewhere."""

from collections.abc import Mapping
from struct import Struct
from types import MappingProxyType
from typing import NamedTuple

from encoders.diameter_tokens import AvpName, ResultCode
from encoders.errors import DecodeError, EncodeError

VERSION = 1
HEADER_OCTETS = 20
MESSAGE_MAX_OCTETS = 0xFF_FFFF
"""RFC 6733 clause 3: the length has 24 bits."""

# fmt: off
_REQUEST, _PROXIABLE, _ERROR, _RETRANSMITTED = 0x80, 0x40, 0x20, 0x10   # RFC 6733 clause 3
_VENDOR, _MANDATORY, _PROTECTED              = 0x80, 0x40, 0x20         # RFC 6733 clause 4.1
# fmt: on
_AVP_RESERVED = 0xFF & ~(_VENDOR | _MANDATORY | _PROTECTED)

_HEADER = Struct(">IIIII")
_AVP_HEADER, _AVP_HEADER_WITH_VENDOR = Struct(">II"), Struct(">III")
_LENGTH = 0xFF_FFFF
_NOT_TOLD: Mapping[tuple[int, int], int] = MappingProxyType({})


class Avp(NamedTuple):
    """One attribute-value pair. `data` is without padding."""

    code: int
    data: bytes
    vendor: int = 0
    is_mandatory: bool = True
    """The M bit: whoever does not know the AVP must refuse the request."""

    def __repr__(self) -> str:
        """Without the data: it may say who a subscriber is."""
        return f"Avp({self.code}, {len(self.data)} octets, vendor={self.vendor})"


class AvpError(DecodeError):
    """A request is wrong in a way that its answer can tell: by this Result-Code, and perhaps by the AVP at fault."""

    def __init__(self, result_code: ResultCode, message: str, failed: Avp | None = None) -> None:
        super().__init__(message)
        self.result_code = result_code
        self.failed = failed


class Header(NamedTuple):
    """What stands before the AVPs (RFC 6733 clause 3)."""

    command: int
    application: int
    hop_by_hop: int
    """By it an answer finds its request on this connection."""
    end_to_end: int
    """By it and the origin a request that comes twice is known."""
    is_request: bool
    is_proxiable: bool = False
    is_error: bool = False
    is_retransmitted: bool = False

    def answer(self, *, is_error: bool = False) -> "Header":
        """The header of the answer to this request (RFC 6733 clause 6.2)."""
        return self._replace(is_request=False, is_error=is_error, is_retransmitted=False)


def length_of(start: bytes) -> int:
    """Octets of the message that begins with these four; `AvpError` where that cannot be told (RFC 6733 clause 3)."""
    version, length = start[0], int.from_bytes(start[1:4], "big")
    if version != VERSION:
        raise AvpError(ResultCode.UNSUPPORTED_VERSION, f"version {version}: {VERSION} expected")
    if length < HEADER_OCTETS or length % 4:
        complaint = f"message of {length} octets: at least {HEADER_OCTETS}, and a multiple of 4"
        raise AvpError(ResultCode.INVALID_MESSAGE_LENGTH, complaint)
    return length


def decode_header(octets: bytes) -> Header:
    """The header of one whole message."""
    if len(octets) < HEADER_OCTETS or length_of(octets) != len(octets):
        raise DecodeError(f"message of {len(octets)} octets: not the length that its header tells")
    return header_of(octets)


def header_of(start: bytes) -> Header:
    """The header in the first 20 octets of a message, whatever its version and length."""
    _, word, application, hop_by_hop, end_to_end = _HEADER.unpack_from(start)
    flags = word >> 24
    return Header(
        command=word & 0xFF_FFFF,
        application=application,
        hop_by_hop=hop_by_hop,
        end_to_end=end_to_end,
        is_request=bool(flags & _REQUEST),
        is_proxiable=bool(flags & _PROXIABLE),
        is_error=bool(flags & _ERROR),
        is_retransmitted=bool(flags & _RETRANSMITTED),
    )


def encode_message(header: Header, avps: bytes) -> bytes:
    """One whole message around encoded AVPs."""
    length = HEADER_OCTETS + len(avps)
    if length > MESSAGE_MAX_OCTETS:
        raise EncodeError(f"message of {length} octets: at most {MESSAGE_MAX_OCTETS}")
    flags = (
        header.is_request * _REQUEST
        | header.is_proxiable * _PROXIABLE
        | header.is_error * _ERROR
        | header.is_retransmitted * _RETRANSMITTED
    )
    start = _HEADER.pack(
        VERSION << 24 | length,
        flags << 24 | header.command,
        header.application,
        header.hop_by_hop,
        header.end_to_end,
    )
    return start + avps


def decode_avps(octets: bytes, start: int = 0, shortest: Mapping[tuple[int, int], int] = _NOT_TOLD) -> tuple[Avp, ...]:
    """The AVPs from `start` to the end; `AvpError` for the first at fault (RFC 6733 clause 4.1).

    `shortest` has the octets of the shortest value by code and vendor: with so many zeros an AVP is shown whose length
    is wrong.
    """
    found, fault = _read_avps(octets, start, shortest)
    if fault is not None:
        raise fault
    return tuple(found)


def legible_avps(octets: bytes, start: int = 0) -> tuple[Avp, ...]:
    """The AVPs that can be told apart: those before the first of a wrong length."""
    return tuple(_read_avps(octets, start, _NOT_TOLD)[0])


def _read_avps(octets: bytes, start: int, shortest: Mapping[tuple[int, int], int]) -> tuple[list[Avp], AvpError | None]:
    """The AVPs that can be told apart, and what is wrong with the first at fault."""
    found: list[Avp] = []
    fault: AvpError | None = None
    place, end = start, len(octets)
    # What lacks of the last header counts as zeros (clause 7.1.5); its length then fits nowhere.
    readable = octets + bytes(_AVP_HEADER_WITH_VENDOR.size)
    while place < end:
        code, word, vendor = _AVP_HEADER_WITH_VENDOR.unpack_from(readable, place)
        flags, length = word >> 24, word & _LENGTH
        if flags & _VENDOR:
            header = 12
        else:
            header, vendor = 8, 0
        if length < header or place + length > end:
            # It is shown with the length of what is shown: with its own the answer could not be read either.
            failed = Avp(code, bytes(shortest.get((code, vendor), 0)), vendor, bool(flags & _MANDATORY))
            message = f"octet {place}: AVP {code} of length {length}; its header has {header}, {end - place} are left"
            return found, fault or AvpError(ResultCode.INVALID_AVP_LENGTH, message, failed)
        avp = Avp(code, octets[place + header : place + length], vendor, bool(flags & _MANDATORY))
        if flags & _AVP_RESERVED and fault is None:
            fault = AvpError(ResultCode.INVALID_AVP_BITS, f"octet {place}: AVP {code} with reserved bits", avp)
        found.append(avp)
        place += length + -length % 4
    return found, fault


def encode_avp(avp: Avp) -> bytes:
    """One AVP, padded to a multiple of four octets."""
    length = (12 if avp.vendor else 8) + len(avp.data)
    if length > MESSAGE_MAX_OCTETS:
        raise EncodeError(f"AVP {avp.code} of {length} octets: at most {MESSAGE_MAX_OCTETS}")
    flags = bool(avp.vendor) * _VENDOR | avp.is_mandatory * _MANDATORY
    word = flags << 24 | length
    if avp.vendor:
        header = _AVP_HEADER_WITH_VENDOR.pack(avp.code, word, avp.vendor)
    else:
        header = _AVP_HEADER.pack(avp.code, word)
    return b"".join((header, avp.data, bytes(-length % 4)))


def encode_avps(avps: tuple[Avp, ...]) -> bytes:
    """AVPs one behind the other."""
    return b"".join(map(encode_avp, avps))


def named(name: AvpName, data: bytes = b"", *, is_mandatory: bool = True) -> Avp:
    """An AVP by its name in the standard."""
    return Avp(name.code, data, name.vendor, is_mandatory)
