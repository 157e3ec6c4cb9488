"""Whose number a message came from."""

import pytest

from encoders.errors import DecodeError
from tps.decisions.inbound_config import InboundConfig
from tps.decisions.inbound_sender import sender_of

NUMBER = "491701234567"


@pytest.mark.parametrize("type_of_number", [0, 1])
def test_an_international_number_stands_as_it_is(type_of_number: int) -> None:
    assert sender_of(NUMBER, type_of_number, "33") == sender_of(f"+{NUMBER}", type_of_number, "") == NUMBER


def test_a_national_number_gets_its_country_code_or_is_nobodys() -> None:
    assert sender_of("1701234567", 2, "49") == NUMBER
    with pytest.raises(DecodeError, match=r"inbound\.country_code"):
        sender_of(NUMBER, 2, "")


@pytest.mark.parametrize("type_of_number", [3, 4, 5, 6, 7, 255])
def test_what_its_sender_chose_is_no_number_whatever_it_looks_like(type_of_number: int) -> None:
    with pytest.raises(DecodeError, match=f"type of number is {type_of_number}"):
        sender_of(NUMBER, type_of_number, "49")


@pytest.mark.parametrize("address", ["", "Operator", "1234", "1" * 16, "49170x234567"])
def test_the_reason_tells_nothing_of_the_address(address: str) -> None:
    with pytest.raises(DecodeError) as caught:
        sender_of(address, 1, "")
    assert str(caught.value) == "the sender is no number"


@pytest.mark.parametrize("country_code", ["049", "+49", "1234", "x"])
def test_a_country_code_is_one(country_code: str) -> None:
    with pytest.raises(ValueError, match="country_code"):
        InboundConfig(country_code=country_code)
