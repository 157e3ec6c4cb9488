"""Text in SMS: GSM 7-bit or UCS-2, cut into as few SMS as hold it, and TP-User-Data as it goes over the air.

3GPP TS 23.038 has the alphabets, TS 23.040 clause 9.2.3.24 the user data. A payload is what SMPP carries: of GSM 7-bit
one septet an octet, because the message centre does the packing; `user_data` packs it, for whoever hands over TPDUs.
"""

from collections.abc import Iterator
from dataclasses import replace
from enum import IntEnum
from typing import NamedTuple

from encoders.errors import DecodeError, EncodeError
from encoders.sms import USER_DATA_MAX_OCTETS, Segment, UserData, decode_user_data, segment_without_ports
from encoders.sms_text_tokens import DEFAULT_ALPHABET, ESCAPE, EXTENSION

SEPTET_BITS = 7
OCTET_BITS = 8
SEPTET_MAX = 0x7F
HEADER_OCTETS = 6
WIDE_HEADER_OCTETS = 7
"""User data header of a segment of text: UDHL and the concatenation element with a reference of 8 or 16 bits."""

_SEPTETS = {character: bytes((septet,)) for septet, character in enumerate(DEFAULT_ALPHABET) if septet != ESCAPE}
_SEPTETS |= {character: bytes((ESCAPE, septet)) for septet, character in EXTENSION.items()}
_HIGH_SURROGATES = range(0xD8, 0xDC)
"""First octet of the first half of a surrogate pair (Unicode clause 3.8)."""


class Alphabet(IntEnum):
    """How text is written; the number is TP-DCS without class, and SMPP's data_coding."""

    GSM_7_BIT = 0x00
    UCS_2 = 0x08


class TextMessage(NamedTuple):
    """A text on its way: its alphabet and its SMS. The payloads do not show in its repr."""

    alphabet: Alphabet
    segments: tuple[Segment, ...]


class TextUserData(NamedTuple):
    """TP-User-Data-Length (septets of GSM 7-bit, otherwise octets) and TP-User-Data of one SMS."""

    length: int
    octets: bytes

    def __repr__(self) -> str:
        """Without the octets: instructions may hold a password."""
        return f"TextUserData(length={self.length}, {len(self.octets)} octets)"


def cheapest_alphabet(text: str) -> Alphabet:
    """The alphabet in which `text` takes the fewest SMS.

    GSM 7-bit where it has every character: even an escape pair, of 14 bits, beats the 16 of UCS-2.
    """
    return Alphabet.GSM_7_BIT if _SEPTETS.keys() >= set(text) else Alphabet.UCS_2


def encode_text(text: str, alphabet: Alphabet) -> bytes:
    """The payload of `text`; `EncodeError` names the first character that the alphabet lacks.

    Deviation: characters outside the basic plane, which UCS-2 lacks, are written as UTF-16 does; all handsets that can
    show them read them so.
    """
    try:
        return b"".join([_SEPTETS[each] for each in text]) if alphabet is _GSM_7_BIT else text.encode("utf-16-be")
    except KeyError as error:
        raise EncodeError(f"text: {error.args[0]!r} is not in the GSM 7-bit alphabet; write it in UCS-2") from None
    except UnicodeEncodeError as error:
        raise EncodeError(f"text: lone surrogate {error.object[error.start]!r}; leave it out") from None


def decode_text(payload: bytes, alphabet: Alphabet) -> str:
    """The text of a whole message's payload; `DecodeError` for what is no text.

    After an escape, a code that its table lacks is the one of the default alphabet (TS 23.038 clause 6.2.1.1).
    """
    if alphabet is not _GSM_7_BIT:
        try:
            return payload.decode("utf-16-be")
        except UnicodeDecodeError as error:
            raise DecodeError(f"octet {error.start}: not UCS-2: {error.reason}") from None
    return "".join(_characters(payload))


_GSM_7_BIT = Alphabet.GSM_7_BIT


def _characters(septets: bytes) -> Iterator[str]:
    escaped = False
    for place, septet in enumerate(septets):
        if septet > SEPTET_MAX:
            raise DecodeError(f"octet {place}: {septet:02X} is no septet; 00 to {SEPTET_MAX:02X}")
        if septet == ESCAPE and not escaped:
            escaped = True
            continue
        # Two escapes in a row announce a further table that does not exist yet; a blank is shown (clause 6.2.1.1).
        character = " " if septet == ESCAPE else DEFAULT_ALPHABET[septet]
        yield EXTENSION.get(septet, character) if escaped else character
        escaped = False
    if escaped:
        raise DecodeError(f"octet {len(septets) - 1}: escape without the code it leads")


def segment_text(text: str, alphabet: Alphabet, *, reference: int, wide: bool = False) -> TextMessage:
    """`text` in 1 to 255 SMS that split neither an escape pair nor a surrogate pair.

    `reference` is 0 to 255, or to 65535 when `wide`; a message of one SMS does without.
    """
    payload = encode_text(text, alphabet)
    room = _payload_room(alphabet, 0)
    payloads = [payload]
    if len(payload) > room:
        room = _payload_room(alphabet, WIDE_HEADER_OCTETS if wide else HEADER_OCTETS)
        payloads = list(_pieces(payload, alphabet, room))
    return TextMessage(alphabet, segment_without_ports(payloads, reference=reference, wide=wide))


def _payload_room(alphabet: Alphabet, header_octets: int) -> int:
    """Octets of payload that fit beside a header."""
    octets = USER_DATA_MAX_OCTETS - header_octets
    return octets * OCTET_BITS // SEPTET_BITS if alphabet is _GSM_7_BIT else octets // 2 * 2


def _pieces(payload: bytes, alphabet: Alphabet, room: int) -> Iterator[bytes]:
    start = 0
    while start < len(payload):
        end = min(start + room, len(payload))
        if end < len(payload) and alphabet is _GSM_7_BIT:
            end -= payload[end - 1] == ESCAPE
        elif end < len(payload) and payload[end - 2] in _HIGH_SURROGATES:
            end -= 2
        yield payload[start:end]
        start = end


def text_of(message: TextMessage) -> str:
    """What the user reads."""
    return decode_text(b"".join([segment.payload for segment in message.segments]), message.alphabet)


def user_data(segment: Segment, alphabet: Alphabet) -> TextUserData:
    """One SMS of a text as TP-User-Data; septets begin at a septet boundary after the header (fill bits)."""
    header, payload = segment.header, segment.payload
    if alphabet is not _GSM_7_BIT:
        return TextUserData(len(header) + len(payload), header + payload)
    header_septets, fill_bits = _header_septets(len(header))
    return TextUserData(header_septets + len(payload), header + pack(payload, fill_bits))


def decode_text_user_data(data: TextUserData, alphabet: Alphabet, *, has_header: bool) -> UserData:
    """One SMS of a text from its TP-User-Data; `has_header` is its TP-UDHI. The payload is as SMPP carries it."""
    length, octets = data
    bits = length * (SEPTET_BITS if alphabet is _GSM_7_BIT else OCTET_BITS)
    if len(octets) != -(-bits // OCTET_BITS) or len(octets) > USER_DATA_MAX_OCTETS:
        raise DecodeError(f"user data of {len(octets)} octets; its length field says {length}")
    if alphabet is not _GSM_7_BIT:
        return decode_user_data(octets) if has_header else UserData(payload=octets)
    header = octets[: 1 + octets[0]] if has_header and octets else b""
    header_septets, fill_bits = _header_septets(len(header))
    if length < header_septets:
        raise DecodeError(f"user data of {length} septets: its header alone takes {header_septets}")
    septets = unpack(octets[len(header) :], length - header_septets, fill_bits)
    return replace(decode_user_data(header) if has_header else UserData(payload=b""), payload=septets)


def _header_septets(octets: int) -> tuple[int, int]:
    """Septets that a header takes, and the bits that fill up the last of them (TS 23.040 clause 9.2.3.24)."""
    septets = -(-octets * OCTET_BITS // SEPTET_BITS)
    return septets, septets * SEPTET_BITS - octets * OCTET_BITS


def pack(septets: bytes, fill_bits: int = 0) -> bytes:
    """Septets side by side, the first one in the low bits behind `fill_bits` (TS 23.038 clause 6.1.2.1)."""
    number = 0
    for septet in reversed(septets):
        number = number << SEPTET_BITS | septet
    bits = fill_bits + SEPTET_BITS * len(septets)
    return (number << fill_bits).to_bytes(-(-bits // OCTET_BITS), "little")


def unpack(octets: bytes, count: int, fill_bits: int = 0) -> bytes:
    """The first `count` septets of at most 140 octets that `pack` wrote."""
    if count * SEPTET_BITS + fill_bits > len(octets) * OCTET_BITS:
        raise DecodeError(f"{count} septets expected; {len(octets)} octets hold fewer")
    number = int.from_bytes(octets, "little") >> fill_bits
    return bytes([number >> SEPTET_BITS * place & SEPTET_MAX for place in range(count)])
