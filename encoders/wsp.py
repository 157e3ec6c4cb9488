"""The WSP connectionless push PDU that carries a document to a handset (WAP-230 clauses 8.2.4.1 and 8.4).

Decoding takes every form that the standard allows. Encoding has one form for each value, the one that all known handset
software accepts: a textual media type, SEC after MAC, or a value length without its quote is refused by one or another.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from encoders import wsp_tokens
from encoders.errors import DecodeError, EncodeError
from encoders.octets import Cursor, encode_uintvar
from encoders.wsp_content_type import ContentType, Parameter, decode_content_type, encode_content_type
from encoders.wsp_values import (
    SHORT_INTEGER_FLAG,
    SHORT_INTEGER_MAX,
    TEXT_QUOTE,
    decode_integer,
    decode_short_integer,
    decode_text,
    decode_token,
    decode_value,
    encode_integer,
    encode_raw,
    encode_short_integer,
    encode_text,
    encode_token,
    is_text,
)

__all__ = ["ContentType", "Header", "Parameter", "PushPdu", "decode_push", "encode_push"]

TRANSACTION_ID_MAX = 0xFF


@dataclass(frozen=True, slots=True)
class Header:
    """One further header.

    X-Wap-Application-Id has an int (a URI: str), X-Wap-Content-URI and X-Wap-Initiator-URI a str, Push-Flag an int.
    Under any other assigned number or name `value` is the octets as they stand.
    """

    name: int | str
    value: int | str | bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class PushPdu:
    """One push: transaction id 0 to 255, what the body is, further headers, the body."""

    transaction_id: int
    content_type: ContentType
    headers: tuple[Header, ...] = ()
    body: bytes = field(repr=False)


def encode_push(pdu: PushPdu) -> bytes:
    """Octets of the PDU: TID, 06, HeadersLen, Content-Type, further headers, body (WAP-230 clause 8.2.4.1)."""
    if not 0 <= pdu.transaction_id <= TRANSACTION_ID_MAX:
        raise EncodeError(f"transaction id {pdu.transaction_id}: 0 to {TRANSACTION_ID_MAX}")
    headers = encode_content_type(pdu.content_type) + b"".join(map(_encode_header, pdu.headers))
    start = bytes((pdu.transaction_id, wsp_tokens.PDU_TYPE_PUSH))
    return start + encode_uintvar(len(headers)) + headers + pdu.body


def decode_push(octets: bytes) -> PushPdu:
    """The push PDU that `octets` are; `DecodeError` also for header code pages and media type numbers unknown here."""
    cursor = Cursor(octets)
    transaction_id = cursor.octet()
    pdu_type = cursor.octet()
    if pdu_type != wsp_tokens.PDU_TYPE_PUSH:
        raise DecodeError(f"PDU type {pdu_type:02X}: Push ({wsp_tokens.PDU_TYPE_PUSH:02X}) expected")
    header_octets = Cursor(cursor.take(cursor.uintvar()))
    content_type = decode_content_type(header_octets)
    headers = []
    while not header_octets.at_end:
        headers.append(_decode_header(header_octets))
    return PushPdu(transaction_id=transaction_id, content_type=content_type, headers=tuple(headers), body=cursor.rest())


class _Field(NamedTuple):
    """How one well-known header is written and read."""

    name: str
    number: int
    encode: Callable[[int | str | bytes], bytes]
    decode: Callable[[bytes], int | str]


def _encode_uri(value: int | str | bytes) -> bytes:
    if not isinstance(value, str):
        raise EncodeError(f"URI expected, got {type(value).__name__}")
    return encode_text(value)


def _encode_flags(value: int | str | bytes) -> bytes:
    if not isinstance(value, int):
        raise EncodeError(f"integer expected, got {type(value).__name__}")
    return encode_short_integer(value)


def _encode_application_id(value: int | str | bytes) -> bytes:
    """Application-id-value = Uri-value | App-assigned-code (WAP-230 clause 8.4.2.54)."""
    return encode_integer(value) if isinstance(value, int) else _encode_uri(value)


def _encode_octets(value: int | str | bytes) -> bytes:
    if not isinstance(value, bytes):
        raise EncodeError(f"not a header known here, so octets expected, got {type(value).__name__}")
    return encode_raw(value)


def _decode_application_id(value: bytes) -> int | str:
    return decode_text(value) if is_text(value) else decode_integer(value)


_FIELDS = (
    _Field("X-Wap-Application-Id", wsp_tokens.HEADER_APPLICATION_ID, _encode_application_id, _decode_application_id),
    _Field("X-Wap-Content-URI", wsp_tokens.HEADER_CONTENT_URI, _encode_uri, decode_text),
    _Field("X-Wap-Initiator-URI", wsp_tokens.HEADER_INITIATOR_URI, _encode_uri, decode_text),
    _Field("Push-Flag", wsp_tokens.HEADER_PUSH_FLAG, _encode_flags, decode_short_integer),
)
_FIELD_OF: dict[int | str, _Field] = {known.number: known for known in _FIELDS}
_FIELD_OF |= {known.name.lower(): known for known in _FIELDS}


def _field_of(name: int | str) -> _Field | None:
    return _FIELD_OF.get(name.lower() if isinstance(name, str) else name)


def _encode_header(header: Header) -> bytes:
    """Message-header: well-known-field-name or token-text, then the value (WAP-230 clause 8.4.2.6)."""
    known = _field_of(header.name)
    try:
        if known is not None:
            return encode_short_integer(known.number) + known.encode(header.value)
        name = encode_token(header.name) if isinstance(header.name, str) else encode_short_integer(header.name)
        return name + _encode_octets(header.value)
    except EncodeError as error:
        raise EncodeError(f"header {header.name}: {error}") from error


def _decode_header(cursor: Cursor) -> Header:
    first = cursor.peek()
    if first == TEXT_QUOTE or (first is not None and 0 < first < ord(" ")):
        # Shift-sequence: the numbers that follow belong to another code page, for which there is no table here.
        raise DecodeError(f"header octet {cursor.position}: header code pages are not supported")
    token = decode_value(cursor)
    name: int | str = token[0] & SHORT_INTEGER_MAX if token[0] >= SHORT_INTEGER_FLAG else decode_token(token)
    value = decode_value(cursor)
    known = _field_of(name)
    return Header(name, value) if known is None else Header(known.name, known.decode(value))
