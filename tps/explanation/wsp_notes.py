"""The headers of a push PDU, value by value (WAP-230 clauses 8.2.4.1 and 8.4.2)."""

from bootstrap.mac import Method
from encoders.octets import Cursor
from encoders.wsp import decode_push
from encoders.wsp_tokens import (
    CHARSETS,
    MEDIA_TYPE_NAMES,
    PARAMETER_CHARSET,
    PARAMETER_MAC,
    PARAMETER_Q,
    PARAMETER_SEC,
    PDU_TYPE_PUSH,
)
from encoders.wsp_values import LENGTH_QUOTE, decode_integer, decode_text, decode_uintvar_value, decode_value, is_text
from tps.explanation.note import Note


def wsp_notes(pdu: bytes, *, mac_is_secret: bool = False) -> tuple[Note, ...]:
    """Everything in front of the document; `DecodeError` where `pdu` is no push."""
    decode_push(pdu)
    cursor = Cursor(pdu, 2)
    headers_length = cursor.uintvar()
    end = cursor.position + headers_length
    notes = [
        Note(0, pdu[:1], f"transaction id {pdu[0]}"),
        Note(1, pdu[1:2], f"PDU type {PDU_TYPE_PUSH}: Push"),
        Note(2, pdu[2 : cursor.position], f"headers of {headers_length} octets"),
    ]
    notes += _content_type_notes(cursor, mac_is_secret=mac_is_secret)
    while cursor.position < end:
        start = cursor.position
        decode_value(cursor)
        decode_value(cursor)
        notes.append(Note(start, pdu[start : cursor.position], "a further header", 1))
    return tuple(notes)


def _content_type_notes(cursor: Cursor, *, mac_is_secret: bool) -> list[Note]:
    """Content-Type: one media type, or its length, the media type and parameters (clause 8.4.2.24)."""
    start, octets = cursor.position, cursor.octets
    first = cursor.peek() or 0
    if first > LENGTH_QUOTE:
        return [_media_type_note(cursor, 1)]
    cursor.octet()
    length = cursor.uintvar() if first == LENGTH_QUOTE else first
    end = cursor.position + length
    notes = [Note(start, octets[start : cursor.position], f"Content-Type of {length} octets", 1)]
    notes.append(_media_type_note(cursor, 2))
    while cursor.position < end:
        notes.append(_parameter_note(cursor, mac_is_secret=mac_is_secret))
    return notes


def _media_type_note(cursor: Cursor, depth: int) -> Note:
    start = cursor.position
    value = decode_value(cursor)
    name = decode_text(value) if is_text(value) else MEDIA_TYPE_NAMES[decode_integer(value)]
    return Note(start, value, f"media type {name}", depth)


def _parameter_note(cursor: Cursor, *, mac_is_secret: bool) -> Note:
    start = cursor.position
    name = decode_value(cursor)
    number = None if is_text(name) else decode_integer(name)
    value = decode_uintvar_value(cursor) if number == PARAMETER_Q else decode_value(cursor)
    if number == PARAMETER_SEC:
        method = decode_integer(value)
        known = {int(each): each.name for each in Method}
        meaning = f"SEC = {method}: {known.get(method, 'unknown')}"
    elif number == PARAMETER_MAC:
        meaning = f"MAC = {decode_text(value)}"
    elif number == PARAMETER_CHARSET:
        names = {code: text for text, code in CHARSETS.items()}
        meaning = f"charset = {names.get(decode_integer(value), value.hex())}"
    else:
        meaning = f"parameter {decode_text(name) if number is None else number}"
    octets = cursor.octets[start : cursor.position]
    return Note(start, octets, meaning, 2, secret=mac_is_secret and number == PARAMETER_MAC)
