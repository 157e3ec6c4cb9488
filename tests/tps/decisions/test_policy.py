"""Delivery policies and the PINs they need."""

import msgspec
import pytest

from bootstrap.mac import Method
from tps.decisions.policy import DeliveryPolicy, checked_pin, method_of
from tps.errors import RejectedError


def test_documents_are_protected_by_netwpin_unless_said_otherwise() -> None:
    assert method_of(DeliveryPolicy().security) is Method.NETWPIN


def test_leaving_out_the_mac_needs_a_reason() -> None:
    with pytest.raises(msgspec.ValidationError, match="say why"):
        msgspec.convert({"security": "none"}, DeliveryPolicy)
    policy = msgspec.convert({"security": "none", "unprotected_reason": "lab"}, DeliveryPolicy)
    assert method_of(policy.security) is None


@pytest.mark.parametrize(
    "values",
    [{"validity_s": 59}, {"validity_s": 30 * 86_400 + 1}, {"max_attempts": 0}, {"max_attempts": 101}, {"sec": 1}],
)
def test_values_out_of_range_and_unknown_names_are_refused(values: dict[str, int]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(values, DeliveryPolicy)


@pytest.mark.parametrize("security", ["userpin", "usernetwpin"])
def test_a_pin_that_users_type_may_have_a_message(security: str) -> None:
    values = {"security": security, "pin_message": "PIN: {pin}", "pin_message_first": True}
    assert msgspec.convert(values, DeliveryPolicy).pin_message == "PIN: {pin}"


@pytest.mark.parametrize(
    "values",
    [
        {"pin_message": "PIN: {pin}"},
        {"security": "userpinmac", "pin_message": "PIN: {pin}"},
        {"security": "userpin", "pin_message": "PIN"},
        {"security": "userpin", "pin_message": "{pin}" + "x" * 300},
    ],
)
def test_a_pin_message_that_tells_no_pin_or_one_that_nobody_types_is_refused(values: dict[str, str]) -> None:
    with pytest.raises(msgspec.ValidationError, match="pin_message: "):
        msgspec.convert(values, DeliveryPolicy)


@pytest.mark.parametrize("method", [None, Method.NETWPIN])
def test_a_pin_that_is_not_needed_is_left_out(method: Method | None) -> None:
    assert checked_pin(method, "1234") is None


@pytest.mark.parametrize("method", [Method.USERPIN, Method.USERNETWPIN, Method.USERPINMAC])
@pytest.mark.parametrize("pin", [None, "", "123", "12a4", "1" * 33])
def test_a_pin_that_is_needed_must_be_one(method: Method, pin: str | None) -> None:
    with pytest.raises(RejectedError) as caught:
        checked_pin(method, pin)
    assert caught.value.field == "pin"
    assert pin is None or len(pin) < 2 or pin not in str(caught.value)


def test_userpinmac_wants_five_digits_for_its_first_half() -> None:
    with pytest.raises(RejectedError, match="at least 5"):
        checked_pin(Method.USERPINMAC, "1234")
    assert checked_pin(Method.USERPINMAC, "12345") == "12345"
