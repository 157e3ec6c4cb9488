"""Device models over HTTP."""

from typing import Any

import pytest

from tests.tps.web.api import Api

TAC = "35690901"
NOKIA = {"brand": "Nokia", "browser_settings": True, "quirks": "provurl_once napid_length=16"}
MODEL = {"tac": TAC, "brand": "Nokia", "model": "6220", "quirks": "napid_length=off", "hints": {"en": "Restart it."}}


async def test_what_is_known_of_a_tac_is_inherited_and_says_from_where(api: Api) -> None:
    for row in (NOKIA, MODEL):
        assert (await api.call("PUT", "/v1/devices", row)).status == 204
    known = (await api.get(f"/v1/devices/{TAC}")).value
    assert (known["brand"], known["model"], known["quirks"]) == ("Nokia", "6220", "provurl_once")
    assert known["browser_settings"] is True
    assert known["hints"] == {"en": "Restart it."}
    assert "browser_settings: yes (from brand Nokia (operator))" in known["explanation"]
    assert f"hint.en: Restart it. (from TAC {TAC} (operator))" in known["explanation"]
    assert [row["tac"] for row in known["rows"]] == [TAC]


async def test_a_tac_that_nobody_knows_has_what_the_configuration_says(api: Api) -> None:
    known = (await api.get("/v1/devices/00000001")).value
    assert (known["is_listed"], known["browser_settings"], known["rows"]) == (False, False, [])
    assert "browser_settings: no (from default (configuration))" in known["explanation"]


async def test_rows_are_listed_page_by_page_replaced_and_forgotten(api: Api) -> None:
    for row in (NOKIA, MODEL, {**MODEL, "source": "list", "licence": "CC-BY-SA"}, {**MODEL, "model": "6230"}):
        await api.call("PUT", "/v1/devices", row)
    first = (await api.get("/v1/devices?limit=2")).value
    rest = await api.session.get(
        f"{api.url}/v1/devices", params={"after": first["next"]}, headers={"Authorization": f"Bearer {api.key}"}
    )
    items: list[dict[str, Any]] = first["items"] + (await rest.json())["items"]
    assert [(row["tac"], row["model"], row["source"]) for row in items] == [
        ("", "", "operator"),
        (TAC, "6220", "list"),
        (TAC, "6230", "operator"),
    ]
    assert (await api.call("DELETE", f"/v1/devices?tac={TAC}&source=list")).status == 204
    assert (await api.call("DELETE", f"/v1/devices?tac={TAC}&source=list")).status == 404
    assert len((await api.get("/v1/devices?source=operator")).value["items"]) == 2


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ({"quirks": "provurl_once"}, "tac"),
        ({"tac": "3569090"}, "tac"),
        ({"model": "6220"}, "tac"),
        ({"tac": TAC, "quirks": "napid_lenght=8"}, "quirks"),
        ({"tac": TAC, "hints": {"English": "x"}}, "hints"),
        ({"tac": TAC, "hints": {"en": ""}}, "hint.en"),
    ],
)
async def test_a_row_that_says_nothing_that_can_be_is_refused_with_its_field(
    api: Api, row: dict[str, Any], field: str
) -> None:
    refused = await api.call("PUT", "/v1/devices", row)
    assert (refused.status, refused.fields) == (422, [field])


async def test_what_is_no_tac_or_no_place_in_the_list_is_refused(api: Api) -> None:
    answer = await api.get("/v1/devices/nokia")
    assert (answer.status, answer.fields) == (404, ["tac"])
    assert (await api.get("/v1/devices?after=1")).fields == ["after"]
