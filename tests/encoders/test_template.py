"""Placeholders in text: found, filled, and refused when a brace stands alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from encoders import template
from encoders.errors import EncodeError


@pytest.mark.parametrize(
    ("text", "names", "filled"),
    [
        ("plain", set(), "plain"),
        ("{msisdn}", {"msisdn"}, "35840"),
        ("sip:{msisdn}@{realm}", {"msisdn", "realm"}, "sip:35840@example"),
        ("{{msisdn}}", set(), "{msisdn}"),
        ("{{{msisdn}}}", {"msisdn"}, "{35840}"),
        ("a {{ b }}", set(), "a { b }"),
        ("", set(), ""),
    ],
)
def test_placeholders_are_found_and_filled_and_doubled_braces_become_single(
    text: str, names: set[str], filled: str
) -> None:
    assert template.placeholders(text) == names
    assert template.fill(text, {"msisdn": "35840", "realm": "example"}) == filled


@pytest.mark.parametrize("text", ["{", "a}", "{msisdn", "{}", "{MSISDN}", "{ msisdn }", "{1st}", "{{}"])
def test_a_lone_brace_is_refused_by_both(text: str) -> None:
    with pytest.raises(EncodeError, match=r"lone '[{}]' at character"):
        template.placeholders(text)
    with pytest.raises(EncodeError, match=r"lone '[{}]' at character"):
        template.fill(text, {"msisdn": "35840"})


def test_a_missing_value_is_named() -> None:
    with pytest.raises(EncodeError, match=r"^no value for \{ppp_user\}$"):
        template.fill("{msisdn}{ppp_user}", {"msisdn": "35840"})


def test_braces_in_a_value_are_not_filled_again() -> None:
    assert template.fill("{one}", {"one": "{two}", "two": "2"}) == "{two}"


@pytest.mark.parametrize(
    ("text", "answer"), [("{pin}", True), ("{pin}x", False), ("{{pin}}", False), ("pin", False), ("{{", False)]
)
def test_one_placeholder_alone_is_told_from_other_text(text: str, answer: bool) -> None:
    assert template.is_placeholder(text) is answer


@given(st.text())
def test_any_text_comes_back_when_its_braces_are_doubled(text: str) -> None:
    doubled = text.replace("{", "{{").replace("}", "}}")
    assert template.placeholders(doubled) == frozenset()
    assert template.fill(doubled, {}) == text
