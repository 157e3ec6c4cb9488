"""The four security methods of a bootstrap document."""

import hmac
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bootstrap.mac import MacError, Method, compute, key, netwpin_key, userpinmac_pin, verify
from encoders.errors import EncodeError
from tests.facts import facts, name_of

MACS = facts("mac.json")
IMSI = "466923103145252"
PIN = "1234"
BODY = bytes.fromhex("030B6A004501")

IMSIS = st.text("0123456789", min_size=6, max_size=15)
PINS = st.text("0123456789", min_size=4, max_size=12)
HALVES = st.text("0123456789", min_size=5, max_size=20)


@pytest.mark.parametrize("fact", facts("netwpin_keys.json"), ids=name_of)
def test_the_netwpin_key_is_the_imsi_in_swapped_semi_octets(fact: dict[str, Any]) -> None:
    assert netwpin_key(fact["imsi"]).hex().upper() == fact["key"]


@pytest.mark.parametrize("fact", MACS, ids=name_of)
def test_key_and_mac_are_those_of_the_standard(fact: dict[str, Any]) -> None:
    method = Method[fact["method"]]
    made = key(method, imsi=fact["imsi"], pin=fact["pin"])
    assert made.hex().upper() == fact["key"]
    assert compute(made, bytes.fromhex(fact["body"])) == fact["mac"]


@pytest.mark.parametrize("fact", facts("hmac_sha1.json"), ids=name_of)
def test_the_mac_is_hmac_sha1_under_any_key_octets(fact: dict[str, Any]) -> None:
    assert compute(bytes.fromhex(fact["key"]), bytes.fromhex(fact["body"])) == fact["mac"]


@given(key=st.binary(max_size=130), body=st.binary(max_size=300))
def test_the_mac_is_what_the_library_of_the_language_makes(key: bytes, body: bytes) -> None:
    assert compute(key, body) == hmac.digest(key, body, "sha1").hex().upper()


@pytest.mark.parametrize("fact", facts("userpinmac.json"), ids=name_of)
def test_the_userpinmac_pin_is_its_first_half_and_the_shortened_mac(fact: dict[str, Any]) -> None:
    body = bytes.fromhex(fact["body"])
    assert userpinmac_pin(fact["first_half"], body) == fact["pin"]
    assert key(Method.USERPINMAC, pin=fact["pin"]) == fact["first_half"].encode()
    verify(Method.USERPINMAC, body, None, pin=fact["pin"])


@pytest.mark.parametrize("fact", MACS, ids=name_of)
@pytest.mark.parametrize("case", [str.upper, str.lower])
def test_a_mac_in_either_case_is_verified(fact: dict[str, Any], case: Any) -> None:
    method, body = Method[fact["method"]], bytes.fromhex(fact["body"])
    verify(method, body, case(fact["mac"]), imsi=fact["imsi"], pin=fact["pin"])


@given(
    method=st.sampled_from([Method.NETWPIN, Method.USERPIN, Method.USERNETWPIN]), imsi=IMSIS, pin=PINS, body=st.binary()
)
def test_what_was_computed_is_verified(method: Method, imsi: str, pin: str, body: bytes) -> None:
    verify(method, body, compute(key(method, imsi=imsi, pin=pin), body), imsi=imsi, pin=pin)


@given(first_half=HALVES, body=st.binary())
def test_a_userpinmac_pin_is_verified(first_half: str, body: bytes) -> None:
    verify(Method.USERPINMAC, body, None, pin=userpinmac_pin(first_half, body))


@given(imsi=IMSIS, other=IMSIS)
def test_two_imsis_never_have_the_same_netwpin_key(imsi: str, other: str) -> None:
    assert (netwpin_key(imsi) == netwpin_key(other)) is (imsi == other)


GENUINE = compute(netwpin_key(IMSI), BODY)


@pytest.mark.parametrize(
    ("body", "mac_text", "imsi"),
    [
        pytest.param(BODY + b"\0", GENUINE, IMSI, id="other body"),
        pytest.param(BODY, GENUINE, "466923103145253", id="other subscriber"),
        pytest.param(BODY, GENUINE[:-1], IMSI, id="MAC too short"),
        pytest.param(BODY, "0" + GENUINE[1:], IMSI, id="one digit wrong"),
        pytest.param(BODY, "", IMSI, id="empty"),
        pytest.param(BODY, None, IMSI, id="no MAC"),
        pytest.param(BODY, "é" * 40, IMSI, id="not ASCII"),
        pytest.param(BODY, "\udc80" * 40, IMSI, id="lone surrogates"),
        pytest.param(BODY, GENUINE.replace("FF", "\ufb00"), IMSI, id="a letter whose upper case is FF"),
    ],
)
def test_a_mac_that_proves_nothing_is_refused(body: bytes, mac_text: str | None, imsi: str) -> None:
    assert "FF" in GENUINE, "needed by the last case"
    with pytest.raises(MacError, match="NETWPIN"):
        verify(Method.NETWPIN, body, mac_text, imsi=imsi)


def test_a_userpinmac_pin_with_one_wrong_digit_is_refused() -> None:
    pin = userpinmac_pin("12345", BODY)
    wrong = pin[:-1] + str((int(pin[-1]) + 1) % 10)
    with pytest.raises(MacError, match="USERPINMAC"):
        verify(Method.USERPINMAC, BODY, None, pin=wrong)


def test_a_userpinmac_document_that_carries_a_mac_is_refused() -> None:
    with pytest.raises(MacError, match="carries one too"):
        verify(Method.USERPINMAC, BODY, GENUINE, pin=userpinmac_pin("12345", BODY))


@pytest.mark.parametrize(
    "imsi", ["", "46692", "4669231031452521", "46692310314525A", "46692310314525٣", " 66923103145252"]
)
def test_what_is_no_imsi_is_refused_without_repeating_it(imsi: str) -> None:
    with pytest.raises(EncodeError, match="IMSI: 6 to 15 decimal digits expected") as caught:
        netwpin_key(imsi)
    assert imsi == "" or imsi not in str(caught.value)


@pytest.mark.parametrize("pin", ["", "123", "12a4", "123٣", "12 34"])
def test_what_is_no_pin_is_refused_without_repeating_it(pin: str) -> None:
    with pytest.raises(EncodeError, match="PIN: 4 or more decimal digits expected") as caught:
        key(Method.USERPIN, pin=pin)
    assert pin == "" or pin not in str(caught.value)


@pytest.mark.parametrize("pin", ["12345678", "12345678901", "1234567a90", "1" * 42])
def test_what_is_no_userpinmac_pin_is_refused_without_repeating_it(pin: str) -> None:
    with pytest.raises(EncodeError, match="an even number of decimal digits expected, 10 to 40") as caught:
        verify(Method.USERPINMAC, BODY, None, pin=pin)
    assert pin not in str(caught.value)


@pytest.mark.parametrize("first_half", ["1234", "1" * 21, "1234x"])
def test_what_is_no_first_half_is_refused(first_half: str) -> None:
    with pytest.raises(EncodeError, match="decimal digits expected, 5 to 20"):
        userpinmac_pin(first_half, BODY)


@pytest.mark.parametrize(
    ("method", "given_values", "missing"),
    [
        (Method.NETWPIN, {"pin": PIN}, "NETWPIN: the IMSI"),
        (Method.USERPIN, {"imsi": IMSI}, "USERPIN: the PIN"),
        (Method.USERNETWPIN, {"pin": PIN}, "USERNETWPIN: the IMSI"),
        (Method.USERNETWPIN, {"imsi": IMSI}, "USERNETWPIN: the PIN"),
        (Method.USERPINMAC, {"imsi": IMSI}, "USERPINMAC: the PIN"),
    ],
)
def test_a_key_names_what_it_lacks(method: Method, given_values: dict[str, str], missing: str) -> None:
    with pytest.raises(EncodeError, match=missing):
        key(method, **given_values)
