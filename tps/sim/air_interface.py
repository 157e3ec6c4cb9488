"""Between SMSC and handset: the user data that a submit_sm becomes in the air (TS 23.040 clause 9.2.3.24)."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from tps.sim.smsc_pdus import EIGHT_BIT_USER_DATA_MAX_OCTETS, ESM_CLASS_UDHI, SubmitSm, Tag

_PORTS = b"\x05\x04"
_CONCATENATION_8, _CONCATENATION_16 = b"\x00\x03", b"\x08\x04"
_PORT_ELEMENT_OCTETS, _CONCATENATION_8_ELEMENT_OCTETS = 6, 5
_SEGMENTS_MAX = 255
_DEFAULT_ALPHABET, _SEPTETS_MAX = 0x00, 160
"""data_coding of text in GSM 7-bit, and how much of it one SMS holds (TS 23.040 clause 9.2.3.16)."""


class Sms(NamedTuple):
    """One SMS on its way to a handset."""

    destination: str
    sender: str
    octets: bytes
    data_coding: int
    has_header: bool


def to_air(messages: Iterable[SubmitSm]) -> Iterator[Sms]:
    """The SMS of each submitted message, in order.

    A header in short_message goes through as it is. Ports and segment numbers that came as optional parameters become a
    header, as in a real SMSC, and a message_payload is cut into segments. What then exceeds one SMS is lost.
    """
    for message in messages:
        destination, sender = message.destination, message.source
        has_header = bool(message.esm_class & ESM_CLASS_UDHI) or bool(message.tlvs)
        for octets in (message.octets,) if not message.tlvs else _with_headers(message):
            if _fits_one_sms(octets, message.data_coding, has_header=has_header):
                yield Sms(destination, sender, octets, message.data_coding, has_header)


def _with_headers(message: SubmitSm) -> Iterator[bytes]:
    tlvs = message.tlvs
    if message.esm_class & ESM_CLASS_UDHI:
        yield message.octets
        return
    ports = b""
    if Tag.DESTINATION_PORT in tlvs:
        source = tlvs.get(Tag.SOURCE_PORT, b"\0\0")
        ports = _PORTS + tlvs[Tag.DESTINATION_PORT].rjust(2, b"\0") + source.rjust(2, b"\0")
    if Tag.SAR_MSG_REF_NUM in tlvs:
        reference = int.from_bytes(tlvs[Tag.SAR_MSG_REF_NUM], "big")
        total, number = tlvs.get(Tag.SAR_TOTAL_SEGMENTS, b"\1"), tlvs.get(Tag.SAR_SEGMENT_SEQNUM, b"\1")
        yield _segment(ports + _concatenation(reference) + total + number, message.octets)
        return
    if _fits(ports, message.octets):
        yield _segment(ports, message.octets)
        return
    room = EIGHT_BIT_USER_DATA_MAX_OCTETS - 1 - len(ports) - _CONCATENATION_8_ELEMENT_OCTETS
    slices = [message.octets[at : at + room] for at in range(0, len(message.octets), room)]
    # The reference only has to differ from that of another message under way to the same handset.
    reference = sum(message.octets) % 256
    if len(slices) > _SEGMENTS_MAX:
        return
    for place, piece in enumerate(slices, start=1):
        yield _segment(ports + _concatenation(reference) + bytes((len(slices), place)), piece)


def _fits_one_sms(octets: bytes, data_coding: int, *, has_header: bool) -> bool:
    """Text in the default alphabet comes one septet an octet, and is packed behind its header."""
    if data_coding != _DEFAULT_ALPHABET:
        return len(octets) <= EIGHT_BIT_USER_DATA_MAX_OCTETS
    header_octets = 1 + octets[0] if has_header and octets else 0
    return -(-header_octets * 8 // 7) + len(octets) - header_octets <= _SEPTETS_MAX


def _fits(elements: bytes, octets: bytes) -> bool:
    return 1 + len(elements) + len(octets) <= EIGHT_BIT_USER_DATA_MAX_OCTETS


def _concatenation(reference: int) -> bytes:
    """The element up to its total: 8-bit where the reference allows, for that leaves one octet more."""
    if reference < 256:
        return _CONCATENATION_8 + bytes((reference,))
    return _CONCATENATION_16 + (reference & 0xFFFF).to_bytes(2, "big")


def _segment(elements: bytes, octets: bytes) -> bytes:
    return bytes((len(elements),)) + elements + octets
