"""Detections as lines of JSON."""

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tps.errors import RejectedError
from tps.files.detection_ndjson import LINE_MAX, LOOKED_AT, read
from tps.files.detection_record import Record, Row, mapping_of

IMSI, IMEI = "001010123456789", "356909010000018"
GOOD = json.dumps({"imsi": IMSI, "imei": IMEI}).encode()


def rows(octets: bytes, mapping: str = "") -> list[Row]:
    return list(read(io.BytesIO(octets), mapping_of(mapping)))


def test_each_line_is_a_detection_empty_ones_are_passed_over_and_other_fields_too() -> None:
    other = json.dumps({"msisdn": " +491701 ", "imei": IMEI, "imsi": None, "seen_at": 1772366400, "cell": {"id": 7}})
    assert rows(GOOD + b"\r\n\n" + other.encode()) == [
        Row(1, Record(IMSI, IMEI, None, None)),
        Row(3, Record(None, IMEI, "+491701", "2026-03-01T12:00:00+00:00")),
    ]


def test_fields_of_other_names_are_mapped() -> None:
    line = json.dumps({"sim": IMSI, "equipment": IMEI}).encode()
    assert rows(line, "imsi=sim,imei=equipment") == [Row(1, Record(IMSI, IMEI, None, None))]


def test_a_name_that_no_line_has_is_refused_before_any_line() -> None:
    with pytest.raises(
        RejectedError, match="map: seen_at=TIME: none of the first 2 objects has 'TIME'; there are imsi"
    ):
        rows(GOOD + b"\nx\n" + GOOD, "seen_at=TIME")


def test_a_name_that_some_line_has_may_be_lacking_in_others_and_a_file_without_lines_lacks_none() -> None:
    other = json.dumps({"imsi": IMSI, "imei": IMEI, "NUMBER": "491701"}).encode()
    found = rows(GOOD + b"\n" + other + b"\n" + (GOOD + b"\n") * LOOKED_AT, "msisdn=NUMBER")
    assert [row.line for row in found] == list(range(1, LOOKED_AT + 3))
    assert found[1] == Row(2, Record(IMSI, IMEI, "491701", None))
    assert rows(b"", "msisdn=NUMBER") == []


@pytest.mark.parametrize("empty", [b"", b"\n"])
def test_a_byte_order_mark_belongs_to_no_line(empty: bytes) -> None:
    assert rows(b"\xef\xbb\xbf" + empty) == []
    assert rows(b"\xef\xbb\xbf" + empty + GOOD) == [Row(1 + len(empty), Record(IMSI, IMEI, None, None))]


BAD = {
    b"x": "a JSON object expected",
    b"[]": "a JSON object expected",
    b"\xff": "a JSON object expected",
    b'{"imsi":"1","imei":"1","name":"M\xfcller"}': "not UTF-8: the octet 0xFC; save the file as UTF-8",
    b"[" * 5000: "a JSON object expected",
    b'{"imsi":1010123456789,"imei":"1"}': "imsi: a text in quotes expected: a number loses its leading zeros",
    b'{"imsi":"1","imei":["1"]}': "imei: a text in quotes expected",
    b'{"imsi":"1"}': "imei: empty",
    b'{"imei":"' + b"1" * LINE_MAX + b'"}': "longer than 65536 octets",
}


@pytest.mark.parametrize("line", BAD, ids=lambda line: repr(line[:40]))
def test_a_line_that_is_wrong_is_told_and_stops_no_other(line: bytes) -> None:
    wrong, right = rows(line + b"\n" + GOOD)
    assert isinstance(wrong.read, RejectedError)
    assert BAD[line] in str(wrong.read)
    assert (wrong.line, right) == (1, Row(2, Record(IMSI, IMEI, None, None)))


@given(st.binary(max_size=200))
def test_any_octets_are_accounted_for_line_by_line(octets: bytes) -> None:
    lines = [number for number, line in enumerate(octets.split(b"\n"), 1) if line.strip(b" \t\r\v\f")]
    assert [row.line for row in rows(octets)] == lines
