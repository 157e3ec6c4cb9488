"""Receipts of many SMSCs, and message ids in all their forms."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tps.decisions.receipts import (
    ERROR_MAX,
    MESSAGE_ID_MAX,
    VENDOR_MAX,
    MessageIdForm,
    Receipt,
    id_candidates,
    normal_form,
    read_receipt,
    vendor_parameters,
)

APPENDIX_B = (
    b"id:1234567890 sub:001 dlvrd:001 submit date:9512011200 done date:9512011201 stat:DELIVRD err:000 Text:Hello"
)


def told(receipt: Receipt) -> tuple[str, str, str, bool]:
    return receipt.message_id, receipt.state, receipt.error, receipt.final


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (APPENDIX_B, ("1234567890", "DELIVRD", "000", True)),
        (APPENDIX_B.upper(), ("1234567890", "DELIVRD", "000", True)),
        (b"stat:UNDELIV err:0a1 id:7", ("7", "UNDELIV", "0a1", True)),
        (b"id: 7 stat: EXPIRED err: 12", ("7", "EXPIRED", "12", True)),
        (b"id:7 stat:delivered", ("7", "DELIVRD", "", True)),
        (b"id:7 stat:UNDELIVERABLE", ("7", "UNDELIV", "", True)),
        (b"id:7 stat:REJECTED", ("7", "REJECTD", "", True)),
        (b"id:7 stat:DELETED", ("7", "DELETED", "", True)),
        (b"id:7 stat:UNKNOWN", ("7", "UNKNOWN", "", True)),
        (b"id:7 stat:ACCEPTD", ("7", "ACCEPTD", "", False)),
        (b"id:7 stat:ENROUTE", ("7", "ENROUTE", "", False)),
        (b"id:7 stat:BUFFRED", ("7", "UNKNOWN", "", False)),
        (b"id:7 stat:DELIVRD text:id:8 stat:UNDELIV err:9", ("7", "DELIVRD", "9", True)),
        (b"id:7 stat:DELIVRD err:000 text:" + b"x" * 200, ("7", "DELIVRD", "000", True)),
        (b"sub:001 mid:5 err:001", ("", "UNKNOWN", "001", False)),
        (b"", ("", "UNKNOWN", "", False)),
    ],
)
def test_fields_are_found_in_any_order_and_case(text: bytes, expected: tuple[str, str, str, bool]) -> None:
    assert told(read_receipt(text)) == expected


@pytest.mark.parametrize(
    ("number", "state", "final"),
    [
        (1, "ENROUTE", False),
        (2, "DELIVRD", True),
        (3, "EXPIRED", True),
        (4, "DELETED", True),
        (5, "UNDELIV", True),
        (6, "ACCEPTD", False),
        (7, "UNKNOWN", True),
        (8, "REJECTD", True),
    ],
)
def test_message_state_is_read_like_clause_5_2_28(number: int, state: str, final: bool) -> None:
    receipt = read_receipt(b"", message_state=number)
    assert (receipt.state, receipt.final) == (state, final)


def test_parameters_win_over_the_text() -> None:
    receipt = read_receipt(
        APPENDIX_B, receipted_message_id=b"abc\0", message_state=5, network_error_code=b"\x03\x01\x02"
    )
    assert told(receipt) == ("abc", "UNDELIV", "3:258", True)


def test_an_id_ends_at_its_nul_whatever_stands_behind_it() -> None:
    assert read_receipt(b"", receipted_message_id=b"12\0 34\0").message_id == "12"
    assert read_receipt(b"id:12\0a stat:DELIVRD").message_id == "12"


def test_parameters_out_of_their_range_leave_the_text_standing() -> None:
    receipt = read_receipt(APPENDIX_B, receipted_message_id=b"", message_state=99, network_error_code=b"\x03")
    assert told(receipt) == ("1234567890", "DELIVRD", "000", True)


def test_an_intermediate_notification_is_never_final() -> None:
    assert not read_receipt(APPENDIX_B, intermediate=True).final


def test_where_it_came_from_is_kept() -> None:
    receipt = read_receipt(APPENDIX_B, route="north", destination="4917", token=(3, 4))
    assert (receipt.route, receipt.destination, receipt.token) == ("north", "4917", (3, 4))


@given(
    text=st.binary(max_size=255), identifier=st.none() | st.binary(max_size=65), state=st.none() | st.integers(0, 255)
)
def test_any_octets_give_a_receipt(text: bytes, identifier: bytes | None, state: int | None) -> None:
    receipt = read_receipt(text, receipted_message_id=identifier, message_state=state)
    assert receipt.state in {"ENROUTE", "DELIVRD", "EXPIRED", "DELETED", "UNDELIV", "ACCEPTD", "UNKNOWN", "REJECTD"}
    assert len(receipt.error) <= len(text)


def test_the_text_of_a_receipt_is_not_shown_because_it_may_repeat_what_was_sent() -> None:
    assert "Hello" not in repr(read_receipt(APPENDIX_B, route="north"))


@given(
    fields=st.permutations([b"id:7f", b"sub:001", b"dlvrd:001", b"done date:9512011201", b"stat:EXPIRED", b"err:034"])
)
def test_the_order_of_the_fields_does_not_matter(fields: list[bytes]) -> None:
    assert told(read_receipt(b" ".join(fields))) == ("7f", "EXPIRED", "034", True)


@pytest.mark.parametrize(
    ("message_id", "normal"),
    [("0012AB", "12ab"), ("0", "0"), ("000", "0"), ("", ""), (" 7 ", "7"), ("0 0", "0"), ("A-B", "a-b")],
)
def test_the_normal_form_is_lower_case_without_leading_zeros(message_id: str, normal: str) -> None:
    assert normal_form(message_id) == normal


UUID = "0F8FAD5B-D9CB-469F-A165-70867728950E"


@pytest.mark.parametrize(
    ("message_id", "form", "candidates"),
    [
        ("00FF", "auto", ("ff", "255")),
        ("255", "auto", ("255", "ff", "597")),
        ("255", "same", ("255",)),
        ("255", "hex", ("ff",)),
        ("FF", "decimal", ("255",)),
        ("FFG", "hex", ("ffg",)),
        ("xyz", "decimal", ("xyz",)),
        ("18446744073709551615", "hex", ("ffffffffffffffff",)),
        ("18446744073709551616", "auto", ("18446744073709551616",)),
        ("1234567890123456789012345", "auto", ("1234567890123456789012345",)),
        (UUID, "auto", (UUID.lower().lstrip("0"), UUID.lower().lstrip("0").replace("-", ""))),
        ("", "auto", ()),
        ("0", "auto", ("0",)),
    ],
)
def test_candidates_are_the_likely_forms_in_order(
    message_id: str, form: MessageIdForm, candidates: tuple[str, ...]
) -> None:
    assert id_candidates(message_id, form) == candidates


@given(number=st.integers(0, 2**64 - 1), width=st.integers(0, 16), upper=st.booleans())
def test_hex_and_decimal_find_each_other(number: int, width: int, upper: bool) -> None:
    in_hex = f"{number:0{width}X}" if upper else f"{number:0{width}x}"
    assert normal_form(in_hex) in id_candidates(str(number), "auto")
    assert normal_form(str(number)) in id_candidates(in_hex, "auto")


@given(octets=st.binary(max_size=65))
@example(octets=b"0 0")
@example(octets=b"-0")
def test_any_message_id_has_candidates_in_normal_form(octets: bytes) -> None:
    for candidate in id_candidates(octets.decode("latin-1"), "auto"):
        assert candidate
        assert normal_form(candidate) == candidate


def test_the_vendors_parameters_are_shown_in_hex_and_cut() -> None:
    assert vendor_parameters({0x1401: b"\x0a\x0b", 0x0427: b"\2", 0x3FFF: b""}) == "1401=0a0b 3fff="
    assert len(vendor_parameters({0x1400: bytes(60_000)})) == VENDOR_MAX


def test_an_id_or_an_error_of_any_length_is_cut_alike_everywhere() -> None:
    endless = "F" * 5000
    assert normal_form(endless) == id_candidates(endless, "same")[0] == "f" * MESSAGE_ID_MAX
    assert len(read_receipt(b"err:" + b"9" * 5000).error) == ERROR_MAX
