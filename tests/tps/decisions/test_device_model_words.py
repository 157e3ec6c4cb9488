"""Fields of device models as words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tps.decisions.device_model_words import security_from, security_in, switch_from, switch_in
from tps.decisions.device_models import ANY_SECURITY
from tps.decisions.policy import SecurityName
from tps.errors import RejectedError


@pytest.mark.parametrize(
    ("text", "methods"),
    [
        ("", None),
        ("no", ()),
        ("None", ("none",)),
        ("userpin, NETWPIN", ("netwpin", "userpin")),
        ("netwpin netwpin", ("netwpin",)),
    ],
)
def test_security_methods_are_named_in_any_order_and_case(text: str, methods: tuple[str, ...] | None) -> None:
    assert security_from(text) == methods


@given(st.none() | st.lists(st.sampled_from(ANY_SECURITY), unique=True))
def test_security_methods_come_back_from_their_words(chosen: list[SecurityName] | None) -> None:
    methods = None if chosen is None else tuple(method for method in ANY_SECURITY if method in chosen)
    assert security_from(security_in(methods)) == methods


@pytest.mark.parametrize("on", [None, True, False])
def test_a_switch_comes_back_from_its_word(on: bool | None) -> None:
    assert switch_from(switch_in(on), "mobileconfig") is on


def test_other_words_are_refused_with_those_there_are() -> None:
    with pytest.raises(RejectedError, match=r"client_provisioning: .no. alone, or some of .* expected; got 'no'"):
        security_from("netwpin no")
    with pytest.raises(RejectedError, match="mobileconfig: yes, no, or nothing"):
        switch_from("true", "mobileconfig")
