"""Detections as lines of JSON (NDJSON): one object a line, its fields called as a mapping says."""

import codecs
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO, Final

import msgspec

from tps.errors import RejectedError
from tps.files import utf8
from tps.files.detection_record import Record, Row, named, record_of

LINE_MAX: Final = 65_536
"""Octets of a line; what is longer is no detection."""

_decode = msgspec.json.Decoder(dict[str, Any]).decode


def read(octets: BinaryIO, mapping: Mapping[str, str]) -> Iterator[Row]:
    """Each line that is not empty as a detection, or as what is to be mended in it; other fields are passed over."""
    fields = named(mapping)
    number = 0
    while line := octets.readline(LINE_MAX + 1):
        number += 1
        if number == 1:
            line = line.removeprefix(codecs.BOM_UTF8)  # Windows puts it there, also in front of JSON (RFC 8259, 8.1)
        if len(line) > LINE_MAX:
            _skip_rest(octets, line)
            yield Row(number, RejectedError("", f"longer than {LINE_MAX} octets: this is no line of detections"))
        elif line.strip():
            yield Row(number, _read(line, fields))


def _skip_rest(octets: BinaryIO, line: bytes) -> None:
    while line and not line.endswith(b"\n"):
        line = octets.readline(LINE_MAX)


def _read(line: bytes, fields: Mapping[str, str]) -> Record | RejectedError:
    try:
        found = _decode(line)
        return record_of({field: _text(field, found[name]) for field, name in fields.items() if name in found})
    except UnicodeDecodeError as error:
        return utf8.refusal(error.object[error.start])
    except (msgspec.DecodeError, RecursionError) as error:
        return RejectedError("", f"a JSON object expected: {error}")
    except RejectedError as error:
        return error


def _text(field: str, value: object) -> str:
    """The text of a field; null stands for nothing."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value.strip()
    if field == "seen_at" and isinstance(value, int):
        return str(value)
    raise RejectedError(field, "a text in quotes expected: a number loses its leading zeros")
