"""The body of a submit_sm, field by field (SMPP 3.4 clause 4.4.1)."""

from encoders.octets import Cursor
from tps.explanation.note import Note
from tps.smpp import pdus

# fmt: off
_TEXT, _OCTET = "text", "octet"
_FIELDS = (
    ("service_type",            _TEXT),
    ("source_addr_ton",         _OCTET),
    ("source_addr_npi",         _OCTET),
    ("source_addr",             _TEXT),
    ("dest_addr_ton",           _OCTET),
    ("dest_addr_npi",           _OCTET),
    ("destination_addr",        _TEXT),
    ("esm_class",               _OCTET),
    ("protocol_id",             _OCTET),
    ("priority_flag",           _OCTET),
    ("schedule_delivery_time",  _TEXT),
    ("validity_period",         _TEXT),
    ("registered_delivery",     _OCTET),
    ("replace_if_present_flag", _OCTET),
    ("data_coding",             _OCTET),
    ("sm_default_msg_id",       _OCTET),
)
_PARAMETERS = {
    pdus.SOURCE_PORT:        "source_port",
    pdus.DESTINATION_PORT:   "destination_port",
    pdus.SAR_MSG_REF_NUM:    "sar_msg_ref_num",
    pdus.SAR_TOTAL_SEGMENTS: "sar_total_segments",
    pdus.SAR_SEGMENT_SEQNUM: "sar_segment_seqnum",
}
_MEANINGS = {
    ("esm_class", pdus.ESM_UDHI):  "user data header indicator",
    ("data_coding", 0x04):         "8-bit binary",
    ("data_coding", 0xF5):         "8-bit binary, class 1",
    ("registered_delivery", 0):    "no receipt",
    ("registered_delivery", 1):    "a receipt of the final state",
}
# fmt: on
_TLV_HEAD_OCTETS = 4


def submit_sm_notes(body: bytes) -> tuple[Note, ...]:
    """Every field but the octets of short_message and message_payload, which stand with the user data."""
    cursor = Cursor(body)
    notes = [_field_note(cursor, name, kind) for name, kind in _FIELDS]
    start = cursor.position
    length = cursor.octet()
    notes.append(Note(start, body[start : cursor.position], f"sm_length {length}"))
    cursor.take(length)
    while not cursor.at_end:
        notes.append(_parameter_note(cursor))
    return tuple(notes)


def _field_note(cursor: Cursor, name: str, kind: str) -> Note:
    start = cursor.position
    if kind == _TEXT:
        text = cursor.c_string().decode("ascii", "replace")
        meaning = f'{name} "{text}"' if text else f"{name} empty"
    else:
        value = cursor.octet()
        known = _MEANINGS.get((name, value))
        meaning = f"{name} {value}" + (f": {known}" if known else "")
    return Note(start, cursor.octets[start : cursor.position], meaning)


def _parameter_note(cursor: Cursor) -> Note:
    """One optional parameter: tag, length, value (clause 3.2.4.1)."""
    start = cursor.position
    tag, length = int.from_bytes(cursor.take(2), "big"), int.from_bytes(cursor.take(2), "big")
    value = cursor.take(length)
    if tag == pdus.MESSAGE_PAYLOAD:
        head = cursor.octets[start : start + _TLV_HEAD_OCTETS]
        return Note(start, head, f"message_payload of {length} octets")
    meaning = f"{_PARAMETERS.get(tag, f'parameter {tag:04X}')} {int.from_bytes(value, 'big')}"
    return Note(start, cursor.octets[start : cursor.position], meaning)
