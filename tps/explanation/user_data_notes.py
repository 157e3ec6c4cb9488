"""The user data header of one SMS, element by element (3GPP TS 23.040 clause 9.2.3.24)."""

from encoders.octets import Cursor
from encoders.sms import CONCATENATION_8_BIT, CONCATENATION_16_BIT, PORTS_16_BIT, decode_user_data
from tps.explanation.note import Note


def user_data_notes(octets: bytes) -> tuple[Note, ...]:
    """The header's octets, without the payload; `DecodeError` where they are no user data with a header."""
    data = decode_user_data(octets)
    place = f"message {data.reference}, part {data.number} of {data.total}"
    meanings = {
        PORTS_16_BIT: f"to port {data.destination_port}, from port {data.source_port}",
        CONCATENATION_8_BIT: place,
        CONCATENATION_16_BIT: f"{place} (16-bit reference)",
    }
    cursor = Cursor(octets)
    length = cursor.octet()
    notes = [Note(0, octets[:1], f"user data header of {length} octets")]
    while cursor.position <= length:
        start = cursor.position
        identifier = cursor.octet()
        cursor.take(cursor.octet())
        meaning = meanings.get(identifier, f"element {identifier:02X}")
        notes.append(Note(start, octets[start : cursor.position], meaning, 1))
    return tuple(notes)
