"""SMPP 3.4 PDUs as octets: framing of a stream, binds, the small PDUs, deliver_sm. The one door to smpplib.

smpplib makes the binds. Everything that flows by the thousand is read and written here with precompiled structs, as
plain tuples: an object per PDU would cost more than the rest of the session (submit_sm: `tps.smpp.submit_sm`).
"""

from collections.abc import Iterable
from enum import IntEnum
from struct import Struct
from typing import Final

import msgspec
from smpplib import smpp

from encoders.errors import DecodeError
from tps.smpp.route_config import RouteConfig

# fmt: off
# command_id: SMPP 3.4 clause 5.1.2.1, table 5-1
GENERIC_NACK       : Final = 0x80000000
SUBMIT_SM          : Final = 0x00000004
SUBMIT_SM_RESP     : Final = 0x80000004
DELIVER_SM         : Final = 0x00000005
DELIVER_SM_RESP    : Final = 0x80000005
UNBIND             : Final = 0x00000006
UNBIND_RESP        : Final = 0x80000006
OUTBIND            : Final = 0x0000000B
ENQUIRE_LINK       : Final = 0x00000015
ENQUIRE_LINK_RESP  : Final = 0x80000015
ALERT_NOTIFICATION : Final = 0x00000102
RESPONSE           : Final = 0x80000000  # the bit that makes a response of a request

# command_status: clause 5.1.3, table 5-2 (all of them: tps.smpp.command_status)
ESME_ROK           : Final = 0x00
ESME_RINVMSGLEN    : Final = 0x01
ESME_RINVCMDLEN    : Final = 0x02
ESME_RINVCMDID     : Final = 0x03
ESME_RINVBNDSTS    : Final = 0x04
ESME_RINVDSTADR    : Final = 0x0B
ESME_RMSGQFUL      : Final = 0x14
ESME_RTHROTTLED    : Final = 0x58
ESME_RX_T_APPN     : Final = 0x64
ESME_RUNKNOWNERR   : Final = 0xFF

# Optional parameter tags: clause 5.3.2
RECEIPTED_MESSAGE_ID : Final = 0x001E  # 5.3.2.12
SOURCE_PORT          : Final = 0x020A  # 5.3.2.20
DESTINATION_PORT     : Final = 0x020B  # 5.3.2.21
SAR_MSG_REF_NUM      : Final = 0x020C  # 5.3.2.22
SAR_TOTAL_SEGMENTS   : Final = 0x020E  # 5.3.2.23
SAR_SEGMENT_SEQNUM   : Final = 0x020F  # 5.3.2.24
NETWORK_ERROR_CODE   : Final = 0x0423  # 5.3.2.31
MESSAGE_PAYLOAD      : Final = 0x0424  # 5.3.2.32
MESSAGE_STATE        : Final = 0x0427  # 5.3.2.35
CONGESTION_STATE     : Final = 0x0428  # SMPP 5.0 clause 4.8.4.18

# esm_class: clause 5.2.12
ESM_UDHI             : Final = 0x40  # GSM specific feature: user data header
ESM_TYPE_MASK        : Final = 0x3C  # message type of a deliver_sm
ESM_RECEIPT          : Final = 0x04  # SMSC delivery receipt
ESM_INTERMEDIATE     : Final = 0x20  # intermediate delivery notification
# fmt: on

HEADER_OCTETS: Final = 16
"""Clause 3.2: command_length, command_id, command_status, sequence_number, four octets each."""
PDU_MAX_OCTETS: Final = 70_000
"""A message_payload has at most 64 K octets (clause 5.3.2.32); a longer command_length is no SMPP."""
SEQUENCE_MAX: Final = 0x7FFF_FFFF
"""Clause 5.1.4: sequence_number runs from 1 to this, then starts over."""
INTERFACE_VERSION: Final = 0x34
"""Clause 5.2.4: SMPP 3.4."""

HEADER: Final = Struct(">IIII")
_DELIVER_SM_RESP = Struct(">IIIIx")
_TLV_HEAD = Struct(">HH")
_TLV_HEAD_OCTETS = _TLV_HEAD.size
_TOLD_BY_PARAMETERS: Final = frozenset({RECEIPTED_MESSAGE_ID, MESSAGE_STATE})
"""A receipt with these needs no text."""


class ProtocolError(Exception):
    """The peer's octets are no SMPP, or came when they must not: close the connection and bind anew."""


class Bind(IntEnum):
    """The three ways to bind, SMPP 3.4 clause 4.1, by their command_id."""

    RECEIVER = 0x00000001
    TRANSMITTER = 0x00000002
    TRANSCEIVER = 0x00000009


Pdu = tuple[int, int, int, bytes]
"""command_id, command_status, sequence_number, body."""


def split(octets: bytes) -> tuple[list[Pdu], int, ProtocolError | None]:
    """Whole PDUs at the start of `octets`, the octets they take, and what is wrong with the header after them.

    The error is returned, not raised, so that the good PDUs before it are not lost.
    """
    pdus: list[Pdu] = []
    append, unpack = pdus.append, HEADER.unpack_from
    position, size = 0, len(octets)
    while size - position >= HEADER_OCTETS:
        length, command, status, sequence = unpack(octets, position)
        if not HEADER_OCTETS <= length <= PDU_MAX_OCTETS:
            fault = ProtocolError(f"command_length {length}: {HEADER_OCTETS} to {PDU_MAX_OCTETS} octets expected")
            return pdus, position, fault
        end = position + length
        if end > size:
            break
        append((command, status, sequence, octets[position + HEADER_OCTETS : end]))
        position = end
    return pdus, position, None


def octets_wanted(start: bytes | bytearray) -> int:
    """Octets needed before `start`, the incomplete PDU that `split` left, is worth another look."""
    return HEADER.unpack_from(start)[0] if len(start) >= HEADER_OCTETS else HEADER_OCTETS


def encode_bind(config: RouteConfig, bind: Bind, sequence: int) -> bytes:
    """bind_transmitter, bind_receiver or bind_transceiver (clause 4.1) for the account of a route."""
    pdu = smpp.make_pdu(  # type: ignore[no-untyped-call]  # the door: smpplib has no types
        f"bind_{bind.name.lower()}",
        system_id=config.system_id,
        password=config.password,
        system_type=config.system_type,
        interface_version=INTERFACE_VERSION,
        addr_ton=0,
        addr_npi=0,
        address_range="",
        sequence=sequence,
    )
    pdu.sequence = sequence  # smpplib ignores the argument, except that without it, it asks a client for a number
    octets: bytes = pdu.generate()
    return octets


def encode_empty(command: int, status: int, sequence: int) -> bytes:
    """A PDU that is all header: enquire_link, unbind, their responses, generic_nack."""
    return HEADER.pack(HEADER_OCTETS, command, status, sequence)


def encode_deliver_sm_resps(status: int, sequences: Iterable[int]) -> list[bytes]:
    """One for each sequence_number. Clause 4.6.2: message_id is unused and empty."""
    pack = _DELIVER_SM_RESP.pack
    return [pack(HEADER_OCTETS + 1, DELIVER_SM_RESP, status, sequence) for sequence in sequences]


def encode_tlv(tag: int, value: bytes) -> bytes:
    """An optional parameter (clause 5.3.1): tag, length, value."""
    return _TLV_HEAD.pack(tag, len(value)) + value


def message_id(body: bytes) -> str:
    """The message_id of a submit_sm_resp body (clause 4.4.2), also where an error response leaves it out."""
    return body.partition(b"\0")[0].decode("latin-1")


class DeliverSm(msgspec.Struct, frozen=True, gc=False):
    """What matters of a deliver_sm (clause 4.6.1)."""

    source_addr: str
    source_addr_ton: int
    destination_addr: str
    esm_class: int
    protocol_id: int
    data_coding: int
    octets: bytes
    """short_message, or message_payload where that carries the text."""
    parameters: dict[int, bytes]
    """Optional parameters by tag."""
    fault: str = ""
    """What is wrong after these; empty when nothing is."""

    @property
    def is_receipt(self) -> bool:
        """True for a receipt, final or intermediate; an SMSC that forgets esm_class still names the message."""
        kind = self.esm_class & ESM_TYPE_MASK
        return kind in (ESM_RECEIPT, ESM_INTERMEDIATE) or (kind == 0 and RECEIPTED_MESSAGE_ID in self.parameters)


def decode_deliver_sm(body: bytes) -> DeliverSm:
    """The fields of a deliver_sm body; raises DecodeError where it ends too early.

    Optional parameters before a broken one are kept: a receipt that is refused for ever is lost. Without a text it is
    refused all the same, unless they have told which message it is about and what became of it.

    Offsets are kept by hand: receipts come as fast as submit_sm goes out, and a cursor costs three times as much.
    """
    end_of = body.index
    try:
        service_type_end = end_of(0)
        source_end = end_of(0, service_type_end + 3)  # after source_addr_ton, source_addr_npi
        destination_end = end_of(0, source_end + 3)
        schedule_end = end_of(0, destination_end + 4)  # after esm_class, protocol_id, priority_flag
        validity_end = end_of(0, schedule_end + 1)
    except ValueError:
        raise DecodeError("deliver_sm: the mandatory parameters end early") from None
    # registered_delivery, replace_if_present_flag, data_coding, sm_default_msg_id, sm_length
    message, size = validity_end + 6, len(body)
    end = message + body[message - 1] if message <= size else message
    if end > size:
        raise DecodeError("deliver_sm: the short_message ends early")
    parameters, fault = decode_tlvs(body, end) if end < size else ({}, "")
    octets = body[message:end] or parameters.get(MESSAGE_PAYLOAD, b"")
    if fault and not octets and not parameters.keys() >= _TOLD_BY_PARAMETERS:
        raise DecodeError(fault)
    return DeliverSm(
        body[service_type_end + 3 : source_end].decode("latin-1"),
        body[service_type_end + 1],
        body[source_end + 3 : destination_end].decode("latin-1"),
        body[destination_end + 1],
        body[destination_end + 2],
        body[message - 3],
        octets,
        parameters,
        fault,
    )


def decode_tlvs(body: bytes, position: int) -> tuple[dict[int, bytes], str]:
    """The optional parameters from `position` on (clause 5.3), and what is wrong after them; empty when nothing is.

    Of repeated ones the last counts.
    """
    parameters: dict[int, bytes] = {}
    size = len(body)
    while position < size:
        value = position + _TLV_HEAD_OCTETS
        if value > size:
            return parameters, f"octet {position}: optional parameter ends early"
        tag, length = _TLV_HEAD.unpack_from(body, position)
        position = value + length
        if position > size:
            return parameters, f"optional parameter 0x{tag:04X}: {length} octets expected, {size - value} left"
        parameters[tag] = body[value:position]
    return parameters, ""
