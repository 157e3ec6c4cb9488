"""Detections as lines of JSON (NDJSON): one object a line, its fields called as a mapping says."""

import codecs
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Any, BinaryIO, Final, NamedTuple

import msgspec

from tps.errors import RejectedError
from tps.files import utf8
from tps.files.detection_record import Record, Row, named, record_of

LINE_MAX: Final = 65_536
"""Octets of a line; what is longer is no detection."""
LOOKED_AT: Final = 500
"""Lines that stand for a header: a name that none of them has was mistyped. Any one of them may lack it."""

_decode = msgspec.json.Decoder(dict[str, Any]).decode


class _Line(NamedTuple):
    number: int
    read: dict[str, Any] | RejectedError


def read(octets: BinaryIO, mapping: Mapping[str, str]) -> Iterator[Row]:
    """Each line that is not empty as a detection, or as what is to be mended in it; other fields are passed over.

    A mapping to names that the file does not have is a `RejectedError`, raised before any line.
    """
    fields = named(mapping)
    lines = _lines(octets)
    first = list(islice(lines, LOOKED_AT))
    _verify_mapping(mapping, [found for _, found in first if isinstance(found, dict)])
    for number, found in chain(first, lines):
        yield Row(number, found if isinstance(found, RejectedError) else _record(found, fields))


def _verify_mapping(mapping: Mapping[str, str], objects: Sequence[Mapping[str, Any]]) -> None:
    for field, name in mapping.items() if objects else ():
        if not any(name in each for each in objects):
            raise RejectedError(
                "map",
                f"{field}={name}: none of the first {len(objects)} objects has {name!r}; there are "
                f"{', '.join(objects[0]) or 'none'}. Mend the name, or leave it out",
            )


def _lines(octets: BinaryIO) -> Iterator[_Line]:
    number = 0
    while line := octets.readline(LINE_MAX + 1):
        number += 1
        if number == 1:
            line = line.removeprefix(codecs.BOM_UTF8)  # Windows puts it there, also in front of JSON (RFC 8259, 8.1)
        if len(line) > LINE_MAX:
            _skip_rest(octets, line)
            yield _Line(number, RejectedError("", f"longer than {LINE_MAX} octets: this is no line of detections"))
        elif line.strip():
            yield _Line(number, _read(line))


def _skip_rest(octets: BinaryIO, line: bytes) -> None:
    while line and not line.endswith(b"\n"):
        line = octets.readline(LINE_MAX)


def _read(line: bytes) -> dict[str, Any] | RejectedError:
    try:
        return _decode(line)
    except UnicodeDecodeError as error:
        return utf8.refusal(error.object[error.start])
    except (msgspec.DecodeError, RecursionError) as error:
        return RejectedError("", f"a JSON object expected: {error}")


def _record(found: Mapping[str, Any], fields: Mapping[str, str]) -> Record | RejectedError:
    try:
        return record_of({field: _text(field, found[name]) for field, name in fields.items() if name in found})
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
