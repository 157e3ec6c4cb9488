"""Settings with one subscriber's values: every text filled in, everything else as it was."""

from typing import Any

import pytest
from hypothesis import given

from encoders import settings_values
from encoders.errors import EncodeError
from encoders.settings import Settings, checked
from encoders.settings_access_point import AccessAuthentication, AccessPoint
from encoders.settings_part import masked
from tests.settings_strategies import settings
from tests.strategies import fewer_examples

POINT = AccessPoint(
    id="internet",
    name="{{Internet}}",
    address="{apn}",
    authentications=(AccessAuthentication(method="PAP", user="{msisdn}@example", password="{ppp_password}"),),
)
SETTINGS = Settings(name="Internet", access_points=(POINT,))
VALUES = {"apn": "internet.example", "msisdn": "358401", "ppp_password": "hush"}


def test_every_text_is_filled_in() -> None:
    assert settings_values.placeholders(SETTINGS) == VALUES.keys()
    (point,) = settings_values.fill(SETTINGS, VALUES).access_points
    assert (point.name, point.address) == ("{Internet}", "internet.example")
    assert (point.authentications[0].user, point.authentications[0].password) == ("358401@example", "hush")
    assert "hush" not in repr(masked(point))


@pytest.mark.parametrize(
    ("values", "rule"),
    [
        ({"apn": "a", "msisdn": "1"}, "no value for {ppp_password}"),
        (VALUES | {"apn": "a" * 256}, r"access_points\[0\].address: Expected `str` of length <= 255"),
        (VALUES | {"apn": ""}, r"access_points\[0\].address: Expected `str` of length >= 1"),
    ],
)
def test_a_value_that_is_missing_or_out_of_bounds_is_named(values: dict[str, str], rule: str) -> None:
    with pytest.raises(EncodeError, match=rule):
        settings_values.fill(SETTINGS, values)


@fewer_examples
@given(settings())
def test_filled_settings_ask_for_nothing_more(drawn: Settings) -> None:
    values: dict[str, Any] = dict.fromkeys(settings_values.placeholders(drawn), "1")
    filled = settings_values.fill(drawn, values)
    assert filled == checked(filled)
    assert [point.id for point in filled.access_points] == [point.id for point in drawn.access_points]
