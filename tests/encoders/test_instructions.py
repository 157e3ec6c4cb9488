"""Instructions: the operator's text with its fields filled, in as few SMS as hold it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from encoders.errors import EncodeError
from encoders.instructions import encode, filled
from encoders.sms_text import Alphabet, text_of

VALUES = {"apn": "internet.example", "user": "web"}


def test_fields_are_filled_and_doubled_braces_stay() -> None:
    message = encode("APN: {apn}\n{{Menu}}", VALUES, reference=1)
    assert text_of(message) == "APN: internet.example\n{Menu}"
    assert message.alphabet is Alphabet.GSM_7_BIT
    assert len(message.segments) == 1


def test_a_text_outside_the_gsm_alphabet_goes_as_ucs_2() -> None:
    message = encode("Точка доступа: {apn}. " * 5, VALUES, reference=9)
    assert message.alphabet is Alphabet.UCS_2
    assert [segment.header.hex() for segment in message.segments] == ["050003090301", "050003090302", "050003090303"]


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("PIN {pin}", r"^instructions: no value for \{pin\}$"),
        ("a { b", r"^instructions: lone '\{' at character 3"),
        (" \n", "nothing to read"),
        ("a\tb", r"character U\+0009 cannot be shown; take it out"),
    ],
)
def test_a_text_that_cannot_be_sent_is_refused_with_the_rule(text: str, rule: str) -> None:
    with pytest.raises(EncodeError, match=rule):
        encode(text, VALUES, reference=1)


@given(st.text(st.characters(exclude_categories=["C"]), min_size=1, max_size=400), st.booleans())
def test_any_value_is_read_as_it_was_given(value: str, wide: bool) -> None:
    message = encode("x{value}", {"value": value}, reference=1, wide=wide)
    assert text_of(message) == filled("x{value}", {"value": value}) == "x" + value
