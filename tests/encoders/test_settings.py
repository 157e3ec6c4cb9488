"""The neutral settings: what is refused and how, one JSON form, secrets that stay hidden, links that meet."""

import contextlib
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, strategies

from encoders.errors import DecodeError, EncodeError
from encoders.settings import Settings, checked, decode, encode, masked
from encoders.settings_access_point import AccessAuthentication, AccessPoint
from encoders.settings_application import Browser
from encoders.settings_links import verify_links
from encoders.settings_part import MASK, ExtraParm, Part
from encoders.settings_proxy import PhysicalProxy, Proxy
from tests.settings_strategies import SECRET_MARK, settings
from tests.strategies import fewer_examples

FIXTURES = sorted((Path(__file__).parents[2] / "fixtures" / "settings").glob("*.json"))
INTERNET = AccessPoint(id="internet", name="Internet", address="internet")


def example(path: Path) -> Settings:
    """The settings of a fixture."""
    return decode(json.dumps(json.loads(path.read_text())["settings"]).encode())


def written_out(value: object) -> Any:
    """A part as JSON types with every default written out."""
    if isinstance(value, Part):
        fields = {name: written_out(getattr(value, name)) for name in value.__struct_fields__}
        tag = value.__struct_config__.tag
        return fields | {"kind": tag} if tag else fields
    if isinstance(value, tuple):
        return [written_out(item) for item in value]
    return msgspec.to_builtins(value)


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.stem)
def test_the_examples_decode_and_their_links_meet(path: Path) -> None:
    settings_of_example = example(path)
    verify_links(settings_of_example)
    assert decode(encode(settings_of_example)) == settings_of_example


def test_canonical_json_holds_what_is_given_in_the_order_of_the_model() -> None:
    internet = AccessPoint(internet=True, address_type="APN", bearers=(), address="internet", name="I", id="i")
    assert encode(Settings(access_points=(internet,), name="A")) == (
        b'{"name":"A","access_points":[{"id":"i","name":"I","address":"internet","internet":true}]}'
    )


@given(settings())
@fewer_examples
def test_settings_have_one_json_form_and_come_back_from_it(drawn: Settings) -> None:
    octets = encode(drawn)
    assert decode(octets) == drawn
    with_every_default = json.dumps(written_out(drawn), indent=1).encode()
    assert encode(decode(with_every_default)) == octets


@given(settings())
@fewer_examples
def test_no_secret_is_in_what_is_masked_or_shown(drawn: Settings) -> None:
    assert SECRET_MARK not in encode(masked(drawn)).decode()
    assert SECRET_MARK not in repr(drawn)


def test_masking_hides_the_password_and_keeps_the_rest() -> None:
    login = AccessAuthentication(method="PAP", user="web", password="secret")
    assert masked(login) == AccessAuthentication(method="PAP", user="web", password=MASK)
    assert repr(login) == f"AccessAuthentication(method='PAP', user='web', password={MASK!r})"


@pytest.mark.parametrize("nothing_to_hide", ["{ppp_password}", "", None])
def test_masking_shows_a_placeholder_alone_and_what_is_empty(nothing_to_hide: str | None) -> None:
    login = AccessAuthentication(method="PAP", password=nothing_to_hide)
    assert masked(login) == login


@pytest.mark.parametrize("mixed", ["{pin}x", "x{pin}", "{{pin}}", "{a}{b}", "{9 lives}", "{Secret}"])
def test_masking_hides_a_secret_that_only_holds_braces(mixed: str) -> None:
    assert masked(AccessAuthentication(method="PAP", password=mixed)).password == MASK


def test_masking_hides_a_free_parm_only_when_it_is_marked() -> None:
    assert masked(ExtraParm(name="PIN", value="1234", secret=True)).value == MASK
    assert masked(ExtraParm(name="THEME", value="night")).value == "night"


def test_every_password_of_the_schema_is_a_secret_and_every_field_is_described() -> None:
    _, components = msgspec.json.schema_components([Settings])
    fields = [
        (f"{component}.{name}", field)
        for component, schema in components.items()
        for name, field in schema["properties"].items()
    ]
    assert [
        name for name, field in fields if "password" in name and '"format": "password"' not in json.dumps(field)
    ] == []
    assert [name for name, field in fields if "description" not in field and not name.endswith(".kind")] == []


@pytest.mark.parametrize(
    ("octets", "text"),
    [
        (b'{"name":"A","zoo":1}', "settings: Object contains unknown field `zoo`"),
        (b"{}", "settings: Object missing required field `name`"),
        (b'{"name":""}', "name: Expected `str` of length >= 1"),
        (
            b'{"name":"A","access_points":[{"id":"a","name":"A","address":"a","bearers":["GSM"]}]}',
            "access_points[0].bearers[0]: Invalid enum value 'GSM'",
        ),
        (
            b'{"name":"A","access_points":[{"id":"a","name":"A","address":"a","qos":{"max_bitrate_uplink_kbit_s":9000}}]}',
            "access_points[0].qos.max_bitrate_uplink_kbit_s: Expected `int` <= 8640",
        ),
        (
            b'{"name":"A","proxies":[{"id":"a","name":"A","addresses":[{"address":"a","access_points":[]}]}]}',
            "proxies[0].addresses[0].access_points: Expected `array` of length >= 1",
        ),
        (b'{"name":"A","applications":[{"kind":"game"}]}', "applications[0].kind: Invalid value 'game'"),
        (b'{"name":', "settings: Input data was truncated"),
    ],
)
def test_a_refusal_leads_with_the_field(octets: bytes, text: str) -> None:
    with pytest.raises(DecodeError) as refusal:
        decode(octets)
    assert str(refusal.value) == text


def test_json_nested_without_end_is_refused() -> None:
    octets = b'{"name":"A","vendor_configurations":[{"name":"V","blocks":' + b'[{"type":"T","blocks":' * 5000
    with pytest.raises(DecodeError):
        decode(octets)


def test_values_of_the_wrong_type_or_size_put_in_by_code_are_refused() -> None:
    with pytest.raises(EncodeError, match=r"^access_points\[0\]\.name: Expected `str` of length >= 1$"):
        checked(Settings(name="A", access_points=(AccessPoint(id="a", name="", address="a"),)))
    with pytest.raises(EncodeError, match=r"^name: Expected `str`, got `int`$"):
        encode(Settings(name=7))  # type: ignore[arg-type]
    with pytest.raises(EncodeError, match=r"^settings: "):
        encode(Settings(name=object()))  # type: ignore[arg-type]


def gateway(identifier: str, *access_points: str) -> Proxy:
    """A proxy reached over these access points."""
    return Proxy(id=identifier, name="P", addresses=(PhysicalProxy(address="192.0.2.1", access_points=access_points),))


@pytest.mark.parametrize(
    ("broken", "text"),
    [
        (
            Settings(name="A", access_points=(INTERNET, INTERNET)),
            "access_points[1].id: 'internet' is the id of an earlier one too",
        ),
        (
            Settings(name="A", proxies=(gateway("p", "INTERNET"), gateway("p", "INTERNET"))),
            "proxies[1].id: 'p' is the id of an earlier one too",
        ),
        (
            Settings(name="A", access_points=(INTERNET,), proxies=(gateway("p", "internet", "wap"),)),
            "proxies[0].addresses[0].access_points[1]: "
            "no access point with the id 'wap' in these settings; there: internet",
        ),
        (
            Settings(name="A", applications=(Browser(proxies=("p",)),)),
            "applications[0].proxies[0]: no proxy with the id 'p' in these settings; there: none",
        ),
    ],
)
def test_an_id_used_twice_or_a_link_that_meets_nothing_is_refused(broken: Settings, text: str) -> None:
    with pytest.raises(EncodeError) as refusal:
        verify_links(broken)
    assert str(refusal.value) == text


@given(strategies.binary(max_size=200))
def test_any_octets_are_settings_or_a_decode_error(octets: bytes) -> None:
    with contextlib.suppress(DecodeError):
        assert decode(octets)


def test_octets_that_are_no_utf_8_are_a_decode_error() -> None:
    with pytest.raises(DecodeError, match="settings:"):
        decode(b'{"name": "\xa3"}')
