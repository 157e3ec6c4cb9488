"""The elements of WSP header values, at the edges of their ranges."""

import pytest

from encoders.errors import DecodeError, EncodeError
from encoders.octets import Cursor
from encoders.wsp_values import (
    decode_integer,
    decode_short_integer,
    decode_text,
    decode_value,
    encode_integer,
    encode_short_integer,
    encode_text,
    encode_value_length,
)


@pytest.mark.parametrize(
    ("value", "octets"),
    [
        (0, "80"),
        (127, "FF"),
        (128, "01 80"),
        (255, "01 FF"),
        (256, "02 01 00"),
        (0x9010, "02 90 10"),
        (256**30 - 1, "1E" + 30 * "FF"),
    ],
)
def test_integers_are_short_up_to_127_and_long_above(value: int, octets: str) -> None:
    assert encode_integer(value) == bytes.fromhex(octets)
    assert decode_integer(bytes.fromhex(octets)) == value


@pytest.mark.parametrize("value", [-1, 256**30])
def test_an_integer_that_no_long_integer_holds_is_refused(value: int) -> None:
    with pytest.raises(EncodeError, match="at most 30 octets"):
        encode_integer(value)


def test_a_short_integer_reaches_to_127() -> None:
    assert encode_short_integer(127) == b"\xff"
    assert decode_short_integer(b"\xff") == 127
    assert decode_short_integer(b"\x01\x7f") == 127
    with pytest.raises(EncodeError, match="integer 128"):
        encode_short_integer(128)
    with pytest.raises(DecodeError, match="integer 128"):
        decode_short_integer(b"\x01\x80")


def test_decimal_text_is_an_integer_of_up_to_ten_digits() -> None:
    assert decode_integer(b"4294967295\0") == 4294967295
    with pytest.raises(DecodeError, match="begins with 34"):
        decode_integer(b"42949672950\0")


@pytest.mark.parametrize(
    ("text", "octets"),
    [("", b"\0"), ("a b", b"a b\0"), ("~", b"~\0"), ("\u00e9t\u00e9", b"\x7f\xe9t\xe9\0"), ("a\u00e9", b"a\xe9\0")],
)
def test_text_has_a_quote_only_before_an_octet_that_looks_like_an_integer(text: str, octets: bytes) -> None:
    assert encode_text(text) == octets
    assert decode_text(octets) == text


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(b"\x00", id="no octets, or an empty text"),
        pytest.param(b"\x1e" + bytes(30), id="30 octets"),
        pytest.param(b"\x1f\x1e" + bytes(30), id="30 octets after a length quote"),
        pytest.param(b"\x1f\x81\x00" + bytes(128), id="128 octets after a length quote"),
        pytest.param(b" \0", id="text that begins with a space"),
        pytest.param(b"\x7f\xe9\0", id="quoted text"),
        pytest.param(b"\x80", id="short-integer"),
    ],
)
def test_a_value_tells_where_it_ends(value: bytes) -> None:
    assert decode_value(Cursor(value + b"\0")) == value


@pytest.mark.parametrize(("count", "octets"), [(3, "1F 03"), (31, "1F 1F"), (45, "1F 2D"), (128, "1F 81 00")])
def test_a_value_length_always_has_its_quote(count: int, octets: str) -> None:
    assert encode_value_length(count) == bytes.fromhex(octets)
