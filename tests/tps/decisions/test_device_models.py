"""Device models: what is known of a TAC, inherited from default, brand and model, with where each value came from."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tps.decisions.channel_choice import Capabilities
from tps.decisions.device_models import (
    ANY_SECURITY,
    DeviceModel,
    Hint,
    checked,
    explanation,
    hint_in,
    indexed,
    key_of,
    resolve,
)
from tps.decisions.policy import SecurityName
from tps.decisions.quirks import OFF, QUIRKS, Quirk
from tps.errors import RejectedError

TAC = "35690901"
LISTED = DeviceModel(TAC, "Nokia", "6220", source="osmocom", licence="CC-BY-SA")
NETWPIN: tuple[SecurityName, ...] = ("netwpin",)
USERPIN: tuple[SecurityName, ...] = ("userpin",)


def test_an_unknown_device_is_what_the_configured_default_says() -> None:
    device = resolve(indexed([LISTED], DeviceModel(client_provisioning=(), mobileconfig=True)), "01130000")
    assert not device.is_listed
    assert device.capabilities == Capabilities((), browser_settings=False, mobileconfig=True)
    assert (device.brand, device.model) == ("", "")
    assert device.origins["client_provisioning"] == "default"


def test_without_a_configured_default_an_unknown_device_is_sent_what_the_settings_say() -> None:
    assert resolve(indexed([]), TAC).capabilities.client_provisioning == ANY_SECURITY


def test_brand_goes_before_default_model_before_brand_and_tac_before_all() -> None:
    default = DeviceModel(client_provisioning=NETWPIN)
    brand = DeviceModel(brand="nokia", client_provisioning=USERPIN, source="a.csv")
    model = DeviceModel(brand="NOKIA", model="6220", client_provisioning=("userpinmac",), source="a.csv")
    tac = DeviceModel(TAC, client_provisioning=(), source="a.csv")
    rows = [LISTED]
    for row, expected, origin in (
        (None, NETWPIN, "default"),
        (brand, USERPIN, "brand nokia (a.csv)"),
        (model, ("userpinmac",), "model NOKIA 6220 (a.csv)"),
        (tac, (), f"TAC {TAC} (a.csv)"),
    ):
        rows += [row] if row else []
        device = resolve(indexed(rows, default), TAC)
        assert device.capabilities.client_provisioning == expected
        assert device.origins["client_provisioning"] == origin


def test_an_operators_row_says_more_about_a_tac_of_a_public_list() -> None:
    own = DeviceModel(TAC, mobileconfig=True, source="a.csv")
    device = resolve(indexed([LISTED, own]), TAC)
    assert device.is_listed
    assert (device.brand, device.model, device.capabilities.mobileconfig) == ("Nokia", "6220", True)
    assert device.origins["brand"] == f"TAC {TAC} (osmocom)"
    assert device.origins["mobileconfig"] == f"TAC {TAC} (a.csv)"


def test_the_later_of_two_rows_about_the_same_wins() -> None:
    rows = [DeviceModel(brand="Nokia", mobileconfig=on, source=str(on)) for on in (True, False)]
    assert not resolve(indexed([LISTED, *rows]), TAC).capabilities.mobileconfig


def test_a_model_of_another_brand_or_another_model_says_nothing() -> None:
    others = [
        DeviceModel(brand="Siemens", model="6220", mobileconfig=True),
        DeviceModel(brand="Nokia", model="6230", mobileconfig=True),
        DeviceModel("01130000", "Nokia", "6220", mobileconfig=True),
    ]
    assert not resolve(indexed([LISTED, *others]), TAC).capabilities.mobileconfig


def test_each_quirk_is_inherited_by_itself_and_can_be_taken_back() -> None:
    brand = DeviceModel(brand="Nokia", quirks=(Quirk("napid_length", 16), Quirk("provurl_once")))
    model = DeviceModel(brand="Nokia", model="6220", quirks=(Quirk("napid_length", OFF), Quirk("narrow_reference")))
    device = resolve(indexed([LISTED, brand, model]), TAC)
    assert device.quirks == (Quirk("provurl_once"), Quirk("narrow_reference"))
    assert device.origins["quirks.provurl_once"] == "brand Nokia"


def test_each_language_of_a_hint_is_inherited_by_itself() -> None:
    brand = DeviceModel(brand="Nokia", hints=(Hint("en", "Restart."), Hint("de", "Neu starten.")))
    model = DeviceModel(brand="Nokia", model="6220", hints=(Hint("en", "Restart twice."),))
    device = resolve(indexed([LISTED, brand, model]), TAC)
    assert hint_in(device, ["fr", "de"]) == "Neu starten."
    assert hint_in(device, ["en", "de"]) == "Restart twice."
    assert hint_in(device, ["fr"]) is None


def test_the_explanation_names_each_value_and_where_it_is_from() -> None:
    brand = DeviceModel(
        brand="Nokia",
        client_provisioning=("netwpin", "userpin"),
        quirks=(Quirk("napid_length", 16),),
        hints=(Hint("en", "Restart."),),
        source="a.csv",
    )
    assert explanation(resolve(indexed([LISTED, brand], DeviceModel()), TAC)) == (
        f"brand: Nokia (from TAC {TAC} (osmocom))",
        f"model: 6220 (from TAC {TAC} (osmocom))",
        "client_provisioning: netwpin userpin (from brand Nokia (a.csv))",
        "browser_settings: no (from default)",
        "mobileconfig: no (from default)",
        "quirks.napid_length: napid_length=16 (from brand Nokia (a.csv))",
        "hint.en: Restart. (from brand Nokia (a.csv))",
    )


def test_names_are_trimmed() -> None:
    assert checked(DeviceModel(brand=" Sony  Ericsson ", model=" P800\n")) == DeviceModel(
        brand="Sony Ericsson", model="P800"
    )


@pytest.mark.parametrize(
    ("row", "field"),
    [
        (DeviceModel("3569090"), "tac"),
        (DeviceModel("٣٥٦٩٠٩٠١"), "tac"),
        (DeviceModel(), "tac"),
        (DeviceModel(model="6220"), "tac"),
        (DeviceModel(TAC, model="6220"), "brand"),
        (DeviceModel(brand="a\x00b"), "brand"),
        (DeviceModel(brand="Nokia", model="x" * 101), "model"),
        (DeviceModel(brand="Nokia", hints=(Hint("en", ""),)), "hint.en"),
    ],
)
def test_a_row_about_nothing_or_the_impossible_is_refused_by_field(row: DeviceModel, field: str) -> None:
    with pytest.raises(RejectedError) as caught:
        checked(row)
    assert caught.value.field == field


some_quirks = st.lists(
    st.builds(Quirk, st.sampled_from(list(QUIRKS)), st.sampled_from([OFF, 16])),
    max_size=3,
    unique_by=lambda one: one.name,
).map(tuple)
said = st.builds(
    DeviceModel,
    tac=st.sampled_from(["", TAC, "01130000"]),
    brand=st.sampled_from(["Nokia", "nokia", "Siemens"]),
    model=st.sampled_from(["", "6220", "S2"]),
    client_provisioning=st.sampled_from([None, (), NETWPIN, USERPIN]),
    browser_settings=st.none() | st.booleans(),
    mobileconfig=st.none() | st.booleans(),
    quirks=some_quirks,
    hints=st.just(()),
    source=st.sampled_from(["", "a.csv"]),
    licence=st.just(""),
)


@given(st.lists(said, max_size=6), said.map(lambda row: row._replace(tac="", brand="", model="")))
def test_every_value_has_an_origin_and_is_what_the_most_particular_row_says(
    rows: list[DeviceModel], default: DeviceModel
) -> None:
    device = resolve(indexed(rows, default), TAC)
    assert {"client_provisioning", "browser_settings", "mobileconfig"} <= device.origins.keys()
    assert len(explanation(device)) >= 3
    brand, model = device.brand.casefold(), device.model.casefold()
    ways = [("", brand, "")] * bool(brand) + [("", brand, model)] * bool(model) + [(TAC, "", "")]
    on = [default.mobileconfig or False]
    on += [row.mobileconfig for key in ways for row in rows if key_of(row) == key and row.mobileconfig is not None]
    assert device.capabilities.mobileconfig is on[-1]
    assert all(quirk.limit != OFF for quirk in device.quirks)
