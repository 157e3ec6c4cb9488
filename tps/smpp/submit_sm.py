"""submit_sm by template: everything that is the same for all messages of a route is put together once.

SMPP 3.4 clause 4.4.1. A message costs one concatenation: head, destination, tail, sm_length, short_message.
"""

from typing import TYPE_CHECKING, NamedTuple

from encoders.errors import DecodeError, EncodeError
from encoders.sms import UserData, decode_user_data
from tps.smpp import pdus

if TYPE_CHECKING:
    from collections.abc import Callable

    from tps.smpp.route_config import RouteConfig

Message = tuple[int, str, tuple[bytes, ...]]
"""Key (the caller's own number), destination (digits), user data of its SMS in order, each with its header."""


class Coding(NamedTuple):
    """How a handset shall read the user data, where that differs from a push on the route."""

    data_coding: int
    """Clause 5.2.19: 0 the SMSC's default alphabet, 8 UCS-2, 0xF6 SIM data download (TS 23.038 clause 4, class 2)."""
    protocol_id: int = 0
    """TS 23.040 clause 9.2.3.9: 0x7F for SIM data download."""
    user_data_header: bool = False
    """Whether the user data starts with a header."""
    receipt: bool = True
    """Whether a receipt is asked for, as for pushes of the route."""


_ADDRESS_MAX_DIGITS = 20
_SHORT_MESSAGE_MAX_OCTETS = 254
"""Clause 5.2.22."""
_LENGTHS = tuple(bytes((length,)) for length in range(_SHORT_MESSAGE_MAX_OCTETS + 1))
_NO_SHORT_MESSAGE = b"\0"
_PRIORITY = 0
_REPLACE_IF_PRESENT = 0
_DEFAULT_MESSAGE_ID = 0


class UnfitError(EncodeError):
    """No submit_sm can carry this message: change it. `command_status` is what an SMSC would answer."""

    def __init__(self, message: str, *, command_status: int) -> None:
        super().__init__(message)
        self.command_status = command_status


class SubmitTemplate:
    """Writes the bodies of submit_sm for one route and one coding; None is the coding of a push."""

    def __init__(self, config: "RouteConfig", coding: Coding | None = None) -> None:
        carriage = config.carriage if coding is None else "udh"
        self._carriage = carriage
        coding = coding or Coding(config.data_coding, user_data_header=carriage == "udh")
        esm_class = pdus.ESM_UDHI if coding.user_data_header else 0
        registered_delivery = config.registered_delivery if coding.receipt else 0
        self._head = b"".join(
            (
                _c_string(config.service_type),
                bytes((config.source_ton, config.source_npi)),
                _c_string(config.source_addr),
                bytes((config.dest_ton, config.dest_npi)),
            )
        )
        self._tail = b"".join(
            (
                b"\0",  # ends destination_addr
                bytes((esm_class, coding.protocol_id, _PRIORITY)),
                _c_string(""),  # schedule_delivery_time: at once
                _c_string(relative_time(config.validity_period_s)),
                bytes((registered_delivery, _REPLACE_IF_PRESENT, coding.data_coding, _DEFAULT_MESSAGE_ID)),
            )
        )
        self._carry: Callable[[bytes, tuple[bytes, ...]], list[bytes]] = {
            "udh": _carry_whole,
            "sar": _carry_sar,
            "payload": _carry_payload,
        }[carriage]

    def bodies(self, destination: str, segments: tuple[bytes, ...]) -> list[bytes]:
        """One submit_sm body per PDU, in order; raises UnfitError for what no submit_sm can carry."""
        if not (destination.isascii() and destination.isdigit() and len(destination) <= _ADDRESS_MAX_DIGITS):
            raise UnfitError(
                f"destination of {len(destination)} characters: 1 to {_ADDRESS_MAX_DIGITS} digits",
                command_status=pdus.ESME_RINVDSTADR,
            )
        try:
            return self._carry(self._head + destination.encode() + self._tail, segments)
        except (IndexError, DecodeError) as error:  # IndexError: a length beyond the table of lengths
            raise UnfitError(
                f"user data of {[len(segment) for segment in segments]} octets does not fit carriage {self._carriage}",
                command_status=pdus.ESME_RINVMSGLEN,
            ) from error

    def pdu_count(self, segments: int) -> int:
        """PDUs that so many segments take: one in all where the SMSC segments by itself."""
        return 1 if self._carriage == "payload" else segments


def relative_time(seconds: int) -> str:
    """Relative time "YYMMDDhhmmsstnnR" (clause 7.1.1.2) for up to 30 days; empty for 0."""
    if not seconds:
        return ""
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    day, hour = divmod(hours, 24)
    return f"0000{day:02}{hour:02}{minute:02}{second:02}000R"


def _carry_whole(fixed: bytes, segments: tuple[bytes, ...]) -> list[bytes]:
    return [fixed + _LENGTHS[len(segment)] + segment for segment in segments]


def _carry_sar(fixed: bytes, segments: tuple[bytes, ...]) -> list[bytes]:
    """Payload as short_message; ports and numbering as optional parameters (clauses 5.3.2.20 to 24)."""
    bodies = []
    for segment in segments:
        data = decode_user_data(segment)
        parameters = _ports(data)
        if data.reference is not None:
            parameters += pdus.encode_tlv(pdus.SAR_MSG_REF_NUM, data.reference.to_bytes(2, "big"))
            parameters += pdus.encode_tlv(pdus.SAR_TOTAL_SEGMENTS, _LENGTHS[data.total])
            parameters += pdus.encode_tlv(pdus.SAR_SEGMENT_SEQNUM, _LENGTHS[data.number])
        bodies.append(fixed + _LENGTHS[len(data.payload)] + data.payload + parameters)
    return bodies


def _carry_payload(fixed: bytes, segments: tuple[bytes, ...]) -> list[bytes]:
    """The whole push in one message_payload (clause 5.3.2.32): one PDU, however many segments it would have been."""
    parts = [decode_user_data(segment) for segment in segments]
    body = b"".join(data.payload for data in parts)
    return [fixed + _NO_SHORT_MESSAGE + _ports(parts[0]) + pdus.encode_tlv(pdus.MESSAGE_PAYLOAD, body)]


def _ports(data: UserData) -> bytes:
    """source_port and destination_port (two octets each), where the user data header names them."""
    if data.source_port is None or data.destination_port is None:
        return b""
    return pdus.encode_tlv(pdus.SOURCE_PORT, data.source_port.to_bytes(2, "big")) + pdus.encode_tlv(
        pdus.DESTINATION_PORT, data.destination_port.to_bytes(2, "big")
    )


def _c_string(text: str) -> bytes:
    return text.encode("ascii") + b"\0"
