"""Detections as CSV: columns by any names, each line a detection or what is to be mended in it."""

import io

import pytest

from tps.errors import RejectedError
from tps.files.detection_csv import read
from tps.files.detection_record import Record, Row, mapping_of

IMSI, IMEI = "001010123456789", "356909010000018"
AT = "2026-03-01T12:00:00+00:00"


def rows(text: str, mapping: str = "", delimiter: str = ",") -> list[Row]:
    return list(read(io.StringIO(text, newline=""), mapping_of(mapping), delimiter))


def test_columns_are_found_by_their_names_in_any_order_and_others_passed_over() -> None:
    text = f"cell,seen_at,imei,imsi\n7,{AT},{IMEI},{IMSI}\n"
    assert rows(text) == [Row(2, Record(IMSI, IMEI, None, AT))]


def test_columns_of_other_names_are_mapped() -> None:
    text = f"SUBSCRIBER;EQUIPMENT;NUMBER\n;{IMEI};+49 170 1\n{IMSI};{IMEI};\n"
    assert rows(text, "imsi=SUBSCRIBER,imei=EQUIPMENT,msisdn=NUMBER", ";") == [
        Row(2, Record(None, IMEI, "+49 170 1", None)),
        Row(3, Record(IMSI, IMEI, None, None)),
    ]


@pytest.mark.parametrize(
    ("given", "read_as"),
    [
        ("2026-03-01T12:00:00Z", AT),
        ("2026-03-01 13:00:00+01:00", "2026-03-01T13:00:00+01:00"),
        ("1772366400", AT),
        ("1772366400000", AT),
        ("", None),
    ],
)
def test_times_are_read_with_their_zone_or_as_seconds_since_1970(given: str, read_as: str | None) -> None:
    assert rows(f"imsi,imei,seen_at\n{IMSI},{IMEI},{given}\n") == [Row(2, Record(IMSI, IMEI, None, read_as))]


BAD = {
    f"{IMSI},{IMEI},2026-03-01T12:00:00": "seen_at: a time with its zone expected",
    f"{IMSI},{IMEI},20260301120000": "seen_at: a time with its zone expected",
    f"{IMSI},{IMEI},99999999999999999": "seen_at: a time with its zone expected",
    f"{IMSI},3.57E+14,": "imei: a spreadsheet has rounded this number",
    f"1.01E+12,{IMEI},": "imsi: a spreadsheet has rounded this number",
    f"{IMSI},,": "imei: empty",
    f",{IMEI},": "imsi: empty, and msisdn too",
    f"{IMSI},{IMEI}": "2 cells; 3 expected",
    f'{IMSI},"{IMEI}"x,': "write a quote inside a cell twice",
}


@pytest.mark.parametrize("line", BAD)
def test_a_line_that_is_wrong_is_told_with_number_field_rule_and_fix_and_stops_no_other(line: str) -> None:
    wrong, right = rows(f"imsi,imei,seen_at\n{line}\n{IMSI},{IMEI},\n")
    assert isinstance(wrong.read, RejectedError)
    assert BAD[line] in str(wrong.read)
    assert (wrong.line, right) == (2, Row(3, Record(IMSI, IMEI, None, None)))


@pytest.mark.parametrize(
    ("text", "mapping", "reason"),
    [
        ("SUBSCRIBER,EQUIPMENT\n", "", "there are SUBSCRIBER, EQUIPMENT"),
        ("imsi,imei\n", "imei=EQUIPMENT", "no column is called 'EQUIPMENT'; there are imsi, imei"),
        ("imei,seen_at\n", "", "columns imei, and imsi or msisdn, expected"),
        ("imsi,imei,imei\n", "", "the column imei is given twice"),
        ("", "", "There are none"),
    ],
)
def test_a_header_that_cannot_be_used_is_refused_before_any_line(text: str, mapping: str, reason: str) -> None:
    with pytest.raises(RejectedError) as refused:
        rows(text, mapping)
    assert reason.lower() in str(refused.value).lower()


@pytest.mark.parametrize("words", ["imsi", "imsi=", "iccid=X", "imsi=A,imsi=B", "=X"])
def test_a_mapping_that_maps_nothing_is_refused(words: str) -> None:
    with pytest.raises(RejectedError, match="map: "):
        mapping_of(words)


def test_a_record_does_not_betray_whom_it_is_about() -> None:
    (row,) = rows(f"imsi,imei\n{IMSI},{IMEI}\n")
    assert IMSI not in repr(row)
    assert IMEI not in repr(row)
