"""Knowledge of devices in memory: found out when it is asked for, once, and kept only for what is listed."""

from collections.abc import Sequence
from typing import Any

import pytest

from tests.tps.delivering import INTERNET
from tests.tps.delivery.test_compose import profile
from tps import app
from tps.backoffice.devices import channel_rules
from tps.config import DevicesConfig
from tps.decisions import quirks
from tps.decisions.channel_choice import Channel
from tps.decisions.device_models import DeviceModel
from tps.decisions.policy import DeliveryPolicy
from tps.delivery.device_knowledge import DeviceKnowledge, Devices, knowledge
from tps.store import device_models, settings
from tps.store.database import Connection, Database
from tps.store.schema import device_model

TAC = "35690901"
NUMBER = f"{TAC}000001"
RULES = channel_rules(DevicesConfig())
SETTINGS = profile(INTERNET)


def row(tac: str = TAC, **says: Any) -> DeviceModel:
    return DeviceModel(tac, "Nokia", "6220", source="operator", **says)


def known(*rows: DeviceModel, **config: Any) -> DeviceKnowledge:
    return DeviceKnowledge(rows, channel_rules(DevicesConfig(**config)))


@pytest.mark.parametrize(
    ("rows", "config"),
    [
        pytest.param((), {}, id="nothing known"),
        pytest.param((row(),), {}, id="only a name"),
        pytest.param((row("99999999", quirks=quirks.from_words("provurl_once")),), {}, id="another TAC"),
        pytest.param((row(browser_settings=True),), {}, id="more channels, none of them preferred"),
        pytest.param((), {"channels": (Channel.MOBILECONFIG, Channel.CLIENT_PROVISIONING)}, id="preferred, not taken"),
    ],
)
def test_settings_leave_as_they_are_where_nothing_says_otherwise(
    rows: Sequence[DeviceModel], config: dict[str, Any]
) -> None:
    assert known(*rows, **config).plan(SETTINGS, NUMBER, has_pin=False) is None


@pytest.mark.parametrize(
    ("rows", "config"),
    [
        pytest.param((row(quirks=quirks.from_words("provurl_once")),), {}, id="a quirk"),
        pytest.param((row(client_provisioning=("netwpin",)),), {}, id="a method fewer"),
        pytest.param((), {"default_client_provisioning": ("netwpin",)}, id="a method fewer of any device"),
        pytest.param((), {"channels": (Channel.INSTRUCTIONS, Channel.CLIENT_PROVISIONING)}, id="texts are preferred"),
        pytest.param((row(browser_settings=True),), {"channels": (Channel.BROWSER_SETTINGS,)}, id="one channel only"),
    ],
)
def test_a_plan_is_made_once_for_all_devices_of_a_kind(rows: Sequence[DeviceModel], config: dict[str, Any]) -> None:
    there = known(*rows, **config)
    plan = there.plan(SETTINGS, NUMBER, has_pin=False)
    assert plan is not None
    assert there.plan(SETTINGS, f"{TAC}000002", has_pin=False) is plan
    assert there.plan(profile(INTERNET, DeliveryPolicy(wide_reference=True)), NUMBER, has_pin=False) is not plan


def test_tacs_that_somebody_invents_are_not_remembered() -> None:
    there = known(row(quirks=quirks.from_words("provurl_once")))
    for number in range(100):
        there.plan(SETTINGS, f"{number:08}000001", has_pin=False)
    assert there._by_tac == {}


def test_what_changed_is_read_when_the_store_counts_another_change(sqlite: Database) -> None:
    devices = Devices(RULES)

    def refresh(connection: Connection) -> DeviceKnowledge:
        return devices.refresh(connection, settings.generation(connection).device_changes)

    before = sqlite.read_now(refresh)
    assert sqlite.read_now(refresh) is before
    sqlite.write_now(lambda connection: device_models.put(connection, [row()], app.now_ms()))
    after = sqlite.read_now(refresh)
    assert (before.device(NUMBER).brand, after.device(NUMBER).brand) == ("", "Nokia")
    assert sqlite.read_now(refresh) is after


def test_a_row_that_a_newer_version_wrote_hides_no_other(sqlite: Database) -> None:
    def spoil(connection: Connection) -> None:
        device_models.put(connection, [row(), row("99999999")], app.now_ms())
        connection.execute(device_model.update().where(device_model.c.tac == TAC).values(quirks="of_tomorrow"))

    sqlite.write_now(spoil)
    there = sqlite.read_now(lambda connection: knowledge(connection, RULES))
    assert [there.device(f"{tac}000000").brand for tac in (TAC, "99999999")] == ["", "Nokia"]
