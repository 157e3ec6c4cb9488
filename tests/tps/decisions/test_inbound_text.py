"""What an SMS says, by its data coding."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from encoders.errors import DecodeError
from encoders.sms_text import Alphabet, encode_text
from tps.decisions.inbound_text import text_of


@pytest.mark.parametrize("data_coding", [0x00, 0x10, 0x13, 0x40, 0xF0, 0xF3])
def test_codings_of_gsm_7_bit(data_coding: int) -> None:
    assert text_of(b"\x00 \x1b\x65", data_coding) == "@ €"


@pytest.mark.parametrize("data_coding", [0x08, 0x18, 0x1B, 0x48])
def test_codings_of_ucs_2(data_coding: int) -> None:
    assert text_of("стоп".encode("utf-16-be"), data_coding) == "стоп"


@pytest.mark.parametrize("data_coding", [0x01, 0x03])
def test_codings_of_smpp_alone(data_coding: int) -> None:
    assert text_of(b"caf\xe9", data_coding) == "café"


@pytest.mark.parametrize("data_coding", [0x02, 0x04, 0x0A, 0x14, 0x20, 0x38, 0x80, 0xC0, 0xF4, 0xF6])
def test_codings_that_are_no_text_or_not_read(data_coding: int) -> None:
    with pytest.raises(DecodeError, match=f"data_coding 0x{data_coding:02X}: "):
        text_of(b"STOP", data_coding)


@given(st.binary(max_size=300), st.integers(0, 255))
def test_any_octets_are_a_text_or_the_one_error(octets: bytes, data_coding: int) -> None:
    with contextlib.suppress(DecodeError):
        assert isinstance(text_of(octets, data_coding), str)


@given(st.text(st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs"]), max_size=80))
def test_what_was_written_is_read(text: str) -> None:
    assert text_of(encode_text(text, Alphabet.UCS_2), 0x08) == text
