"""The cursor and the multi-octet integer."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from encoders.errors import DecodeError, EncodeError
from encoders.octets import UINT32_MAX, Cursor, encode_uintvar
from tests.facts import facts, name_of

UINTVARS = facts("uintvar.json")


@pytest.mark.parametrize("fact", UINTVARS, ids=name_of)
def test_uintvar_is_written_like_the_standard(fact: dict[str, Any]) -> None:
    assert encode_uintvar(fact["value"]).hex().upper() == fact["octets"]


@pytest.mark.parametrize("fact", UINTVARS, ids=name_of)
def test_uintvar_is_read_like_the_standard(fact: dict[str, Any]) -> None:
    cursor = Cursor(bytes.fromhex(fact["octets"]))
    assert cursor.uintvar() == fact["value"]
    assert cursor.at_end


@given(value=st.integers(0, UINT32_MAX), after=st.binary(max_size=3))
def test_uintvar_comes_back_unchanged_and_leaves_what_follows(value: int, after: bytes) -> None:
    cursor = Cursor(encode_uintvar(value) + after)
    assert cursor.uintvar() == value
    assert cursor.rest() == after


@given(octets=st.binary(max_size=8))
def test_any_octets_are_a_uintvar_or_say_why_not(octets: bytes) -> None:
    try:
        value = Cursor(octets).uintvar()
    except DecodeError:
        return
    assert 0 <= value <= UINT32_MAX


@pytest.mark.parametrize("value", [-1, UINT32_MAX + 1])
def test_uintvar_refuses_what_32_bits_cannot_hold(value: int) -> None:
    with pytest.raises(EncodeError, match=str(value)):
        encode_uintvar(value)


@pytest.mark.parametrize(
    ("octets", "reason"),
    [
        ("", "none left"),
        ("81", "none left"),
        ("90 80 80 80 00", "above 32 bits"),
        ("80 80 80 80 80 00", "longer than 5"),
    ],
)
def test_a_uintvar_that_is_cut_off_or_too_large_is_refused(octets: str, reason: str) -> None:
    with pytest.raises(DecodeError, match=reason):
        Cursor(bytes.fromhex(octets)).uintvar()


def test_the_cursor_moves_by_what_it_reads() -> None:
    cursor = Cursor(b"\x01ab\0cd")
    assert cursor.peek() == 1
    assert cursor.octet() == 1
    assert cursor.c_string() == b"ab"
    assert cursor.take(1) == b"c"
    assert cursor.rest() == b"d"
    assert cursor.at_end
    assert cursor.peek() is None


def test_the_cursor_may_begin_anywhere() -> None:
    assert Cursor(b"abc", 2).rest() == b"c"


def test_reading_past_the_end_is_refused_and_moves_nothing() -> None:
    cursor = Cursor(b"ab")
    with pytest.raises(DecodeError, match="3 octets expected, 2 left"):
        cursor.take(3)
    with pytest.raises(DecodeError, match="without its final NUL"):
        cursor.c_string()
    assert cursor.rest() == b"ab"
    with pytest.raises(DecodeError, match="none left"):
        cursor.octet()
