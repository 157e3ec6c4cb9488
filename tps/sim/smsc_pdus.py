"""SMPP 3.4 octets as the simulated SMSC reads and writes them, with no codec shared with the server under test."""

import enum
from collections.abc import Mapping
from struct import Struct
from types import MappingProxyType
from typing import NamedTuple

from tps.sim.smsc_behaviour import MessageIdForm, ReceiptForm

HEADER = Struct(">IIII")
"""command_length, command_id, command_status, sequence_number (clause 3.2)."""
HEADER_OCTETS = 16
PDU_MAX_OCTETS = 0x1_0100
"""A message_payload of 64 Ki octets and its surroundings; whatever claims more has lost its framing."""
INTERFACE_VERSION = 0x34


class Command(enum.IntEnum):
    """command_id (clause 5.1.2.1)."""

    BIND_RECEIVER = 0x01
    BIND_TRANSMITTER = 0x02
    SUBMIT_SM = 0x04
    DELIVER_SM = 0x05
    UNBIND = 0x06
    BIND_TRANSCEIVER = 0x09
    ENQUIRE_LINK = 0x15


RESPONSE = 0x8000_0000
"""Set in the command_id of every response; alone it is generic_nack (clause 5.1.2)."""
GENERIC_NACK = RESPONSE
SUBMIT_SM = int(Command.SUBMIT_SM)
DELIVER_SM = int(Command.DELIVER_SM)
SUBMIT_SM_RESP = RESPONSE | SUBMIT_SM
DELIVER_SM_RESP = RESPONSE | DELIVER_SM
"""Plain integers for the hot paths: looking a member up in its enumeration costs more than packing a header."""


class Status(enum.IntEnum):
    """command_status (clause 5.1.3)."""

    ESME_ROK = 0x00
    ESME_RINVMSGLEN = 0x01
    ESME_RINVCMDLEN = 0x02
    ESME_RINVCMDID = 0x03
    ESME_RINVBNDSTS = 0x04
    ESME_RALYBND = 0x05
    ESME_RINVSRCADR = 0x0A
    ESME_RINVDSTADR = 0x0B
    ESME_RBINDFAIL = 0x0D
    ESME_RINVPASWD = 0x0E
    ESME_RINVSYSID = 0x0F
    ESME_RMSGQFUL = 0x14
    ESME_RTHROTTLED = 0x58
    ESME_RINVSCHED = 0x61
    ESME_RINVEXPIRY = 0x62
    ESME_RX_T_APPN = 0x64
    ESME_RINVOPTPARSTREAM = 0xC0
    ESME_RINVOPTPARAMVAL = 0xC4


class Tag(enum.IntEnum):
    """Tags of optional parameters (clause 5.3.2)."""

    RECEIPTED_MESSAGE_ID = 0x001E
    SOURCE_PORT = 0x020A
    DESTINATION_PORT = 0x020B
    SAR_MSG_REF_NUM = 0x020C
    SAR_TOTAL_SEGMENTS = 0x020E
    SAR_SEGMENT_SEQNUM = 0x020F
    SC_INTERFACE_VERSION = 0x0210
    MESSAGE_PAYLOAD = 0x0424
    MESSAGE_STATE = 0x0427


ESM_CLASS_RECEIPT = 0x04
"""SMSC delivery receipt (clause 5.2.12, bits 5-2 = 0001)."""
ESM_CLASS_UDHI = 0x40
SHORT_MESSAGE_MAX_OCTETS = 254
"""Clause 5.2.22."""
EIGHT_BIT_USER_DATA_MAX_OCTETS = 140
"""TS 23.040 clause 9.2.3.16: the user data of one SMS in 8-bit coding."""
EIGHT_BIT_DATA_CODINGS = frozenset((0x04, 0xF4, 0xF5, 0xF6, 0xF7))
ADDRESS_FIELD_MAX_OCTETS = 2 + 21
"""Type of number, numbering plan, and the address with its NUL (clause 4.4.1)."""
TIME_FIELD_OCTETS = (1, 17)
"""schedule_delivery_time and validity_period: NUL alone, or sixteen characters and NUL (clause 7.1.1)."""

_SUBMIT_TAIL = Struct(">BBBBB")
"""registered_delivery, replace_if_present_flag, data_coding, sm_default_msg_id, sm_length (clause 4.4.1)."""
_TLV = Struct(">HH")
_NO_TLVS: Mapping[int, bytes] = MappingProxyType({})
_SAR_TAGS = frozenset((Tag.SAR_MSG_REF_NUM, Tag.SAR_TOTAL_SEGMENTS, Tag.SAR_SEGMENT_SEQNUM))


class PduError(Exception):
    """The PDU cannot be taken; `status` is the command_status to answer with."""

    def __init__(self, status: Status) -> None:
        super().__init__(status.name)
        self.status = status


class SubmitSm(NamedTuple):
    """What a submit_sm carried (clause 4.4.1); address fields are as on the wire: type of number, plan, digits, NUL."""

    source_field: bytes
    destination_field: bytes
    esm_class: int
    registered_delivery: int
    data_coding: int
    octets: bytes
    """short_message or, where that is empty, message_payload."""
    tlvs: Mapping[int, bytes]

    @property
    def destination(self) -> str:
        """The digits of destination_addr."""
        return self.destination_field[2:-1].decode("latin-1")

    @property
    def source(self) -> str:
        """The digits or letters of source_addr."""
        return self.source_field[2:-1].decode("latin-1")


def parse_submit_sm(octets: bytes, start: int, end: int) -> SubmitSm:
    """The submit_sm whose body is `octets[start:end]`; raises `PduError`.

    Offsets are kept by hand, without a cursor: this runs 60 000 times a second, and a load test must not measure it.
    """
    try:
        source = octets.index(0, start) + 1
        destination = octets.index(0, source + 2) + 1
        esm = octets.index(0, destination + 2) + 1
        schedule = octets.index(0, esm + 3) + 1
        tail = octets.index(0, schedule) + 1
    except ValueError:
        raise PduError(Status.ESME_RINVCMDLEN) from None
    message = tail + 5
    if message > end:
        raise PduError(Status.ESME_RINVCMDLEN)
    registered_delivery, _, data_coding, _, length = _SUBMIT_TAIL.unpack_from(octets, tail)
    message_end = message + length
    if message_end > end or length > SHORT_MESSAGE_MAX_OCTETS:
        raise PduError(Status.ESME_RINVMSGLEN)
    if esm - destination <= 3 or esm - destination > ADDRESS_FIELD_MAX_OCTETS:
        raise PduError(Status.ESME_RINVDSTADR)
    if destination - source > ADDRESS_FIELD_MAX_OCTETS:
        raise PduError(Status.ESME_RINVSRCADR)
    if schedule - esm - 3 not in TIME_FIELD_OCTETS:
        raise PduError(Status.ESME_RINVSCHED)
    if tail - schedule not in TIME_FIELD_OCTETS:
        raise PduError(Status.ESME_RINVEXPIRY)
    submitted = SubmitSm(
        octets[source:destination],
        octets[destination:esm],
        octets[esm],
        registered_delivery,
        data_coding,
        octets[message:message_end],
        _NO_TLVS,
    )
    if message_end < end:
        submitted = _with_tlvs(submitted, parse_tlvs(octets, message_end, end))
    elif length > EIGHT_BIT_USER_DATA_MAX_OCTETS and data_coding in EIGHT_BIT_DATA_CODINGS:
        raise PduError(Status.ESME_RINVMSGLEN)
    return submitted


def _with_tlvs(submitted: SubmitSm, tlvs: Mapping[int, bytes]) -> SubmitSm:
    payload = tlvs.get(Tag.MESSAGE_PAYLOAD)
    if payload is not None and submitted.octets:
        raise PduError(Status.ESME_RINVOPTPARAMVAL)  # clause 5.3.2.32: one of the two, never both
    if submitted.esm_class & ESM_CLASS_UDHI and not _SAR_TAGS.isdisjoint(tlvs):
        raise PduError(Status.ESME_RINVOPTPARAMVAL)  # segmented twice
    if len(submitted.octets) > EIGHT_BIT_USER_DATA_MAX_OCTETS and submitted.data_coding in EIGHT_BIT_DATA_CODINGS:
        raise PduError(Status.ESME_RINVMSGLEN)
    return submitted._replace(octets=submitted.octets if payload is None else payload, tlvs=tlvs)


def parse_tlvs(octets: bytes, start: int, end: int) -> Mapping[int, bytes]:
    """The optional parameters in `octets[start:end]` by tag (clause 3.2.4.1); raises `PduError`."""
    tlvs: dict[int, bytes] = {}
    while start < end:
        if end - start < _TLV.size:
            raise PduError(Status.ESME_RINVOPTPARSTREAM)
        tag, length = _TLV.unpack_from(octets, start)
        start += _TLV.size
        if start + length > end:
            raise PduError(Status.ESME_RINVOPTPARSTREAM)
        tlvs[tag] = octets[start : start + length]
        start += length
    return tlvs


class Bind(NamedTuple):
    """Who binds (clause 4.1.1)."""

    system_id: str
    password: str


def parse_bind(body: bytes) -> Bind:
    """The names in the body of a bind_transmitter, bind_receiver or bind_transceiver; raises `PduError`."""
    parts = body.split(b"\0", 3)
    if len(parts) < 4 or len(parts[3]) < 4 or not parts[3].endswith(b"\0"):
        raise PduError(Status.ESME_RINVCMDLEN)
    return Bind(parts[0].decode("latin-1"), parts[1].decode("latin-1"))


def pdu(command_id: int, status: int, sequence: int, body: bytes = b"") -> bytes:
    """A whole PDU."""
    return HEADER.pack(HEADER_OCTETS + len(body), command_id, status, sequence) + body


def tlv(tag: Tag, value: bytes) -> bytes:
    """One optional parameter."""
    return _TLV.pack(tag, len(value)) + value


class FinalState(NamedTuple):
    """How a message ended: its words in a receipt (appendix B) and message_state (clause 5.2.28)."""

    stat: bytes
    delivered_count: bytes
    error: bytes
    message_state: int


DELIVERED = FinalState(b"DELIVRD", b"001", b"000", 2)
UNDELIVERABLE = FinalState(b"UNDELIV", b"000", b"001", 5)


class ReceiptDue(NamedTuple):
    """A receipt that has yet to be written; of its message only the addresses are kept."""

    source_field: bytes
    destination_field: bytes
    message_id: bytes
    state: FinalState
    submit_date: bytes
    """YYMMDDhhmm, as in appendix B."""


def receipt_body(due: ReceiptDue, form: ReceiptForm, done_date: bytes) -> bytes:
    """Body of the deliver_sm (clause 4.6.1) that carries a receipt: from the handset, to whoever submitted."""
    text = parameters = b""
    if form is not ReceiptForm.PARAMETERS:
        text = b"id:%b sub:001 dlvrd:%b submit date:%b done date:%b stat:%b err:%b text:" % (
            due.message_id,
            due.state.delivered_count,
            due.submit_date,
            done_date,
            due.state.stat,
            due.state.error,
        )
    if form is not ReceiptForm.TEXT:
        parameters = b"\x00\x1e%b%b\0\x04\x27\x00\x01%c" % (
            (len(due.message_id) + 1).to_bytes(2, "big"),
            due.message_id,
            due.state.message_state,
        )
    return b"\0%b%b%c\0\0\0\0\0\0\0\0%c%b%b" % (
        due.destination_field,
        due.source_field,
        ESM_CLASS_RECEIPT,
        len(text),
        text,
        parameters,
    )


def inbound_body(
    source: str,
    destination: str,
    octets: bytes,
    *,
    source_ton: int = 1,
    esm_class: int = 0,
    protocol_id: int = 0,
    data_coding: int = 0,
) -> bytes:
    """Body of the deliver_sm that carries a mobile-originated message; numbers are international (clause 5.2.5)."""
    return b"\0%c\x01%b\0\x01\x01%b\0%c%c\0\0\0\0\0%c\0%c%b" % (
        source_ton,
        source.encode("latin-1"),
        destination.encode("latin-1"),
        esm_class,
        protocol_id,
        data_coding,
        len(octets),
        octets,
    )


MESSAGE_ID_FORMATS = {
    MessageIdForm.DECIMAL: b"%d",
    MessageIdForm.HEX_LOWER: b"%x",
    MessageIdForm.HEX_UPPER: b"%X",
    MessageIdForm.ZERO_PADDED: b"%010d",
    MessageIdForm.UUID: b"5e70c0de-0000-4000-8000-%012x",
}
"""How a message number becomes a message_id (clause 5.2.23, at most 64 characters)."""
