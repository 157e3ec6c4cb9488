"""Pairs of SIM and device, on either database."""

import pytest

from tests.tps.backoffice.stored import IMSI, NOW, begin
from tps.backoffice import pairs, pushes
from tps.decisions.identities import DEVICE_UNKNOWN, Device
from tps.decisions.push_life import State
from tps.decisions.triggers import Outcome, Trigger
from tps.errors import RejectedError
from tps.store import subscribers
from tps.store.database import Database
from tps.store.sealing import Seal

PHONE, TABLET = Device("35690901000001"), Device("35690901000002")


async def test_a_declared_pair_is_set_for_exactly_the_settings_it_would_have_got(
    database: Database, seal: Seal
) -> None:
    intake = await begin(database, seal)
    push_id = await pairs.declare_set(database, intake, IMSI, PHONE, None, now_ms=NOW)
    assert (await pushes.find(database, push_id)).state == State.DELIVERED
    assert await pairs.declare_set(database, intake, IMSI, PHONE, "internet", now_ms=NOW) == push_id
    (answer,) = await intake.accept([Trigger(IMSI, None, PHONE, NOW, "detection", is_detection=True)])
    assert (answer.outcome, answer.push_id) == (Outcome.ALREADY_SET, push_id)
    (view,) = await pairs.of_subscriber(database, IMSI)
    assert (view.device, [state.state for state in view.settings]) == (PHONE.number, [State.DELIVERED])


async def test_a_pair_is_not_declared_against_what_is_known(database: Database, seal: Seal) -> None:
    intake = await begin(database, seal)
    await intake.accept([Trigger(IMSI, None, PHONE, NOW, "api", is_detection=False)])
    for imsi, settings, status in ((IMSI, None, 409), ("001010999999999", None, 404), (IMSI, "nowhere", 422)):
        with pytest.raises(RejectedError) as caught:
            await pairs.declare_set(database, intake, imsi, PHONE, settings, now_ms=NOW)
        assert caught.value.status == status


async def test_forgetting_the_newest_device_makes_the_one_before_the_newest(database: Database, seal: Seal) -> None:
    intake = await begin(database, seal)
    for device, seen_at in ((PHONE, NOW - 1000), (TABLET, NOW)):
        await intake.accept([Trigger(IMSI, None, device, seen_at, "detection", is_detection=True)])
    for device, newest, cancelled in ((TABLET, PHONE.number, 1), (PHONE, None, 0)):
        assert await pairs.forget(database, IMSI, device.number, now_ms=NOW) == cancelled
        found = await database.read(lambda connection: subscribers.load(connection, [IMSI]))
        assert found[IMSI].device == newest
    assert await pairs.of_subscriber(database, IMSI) == []
    with pytest.raises(RejectedError) as caught:
        await pairs.forget(database, IMSI, PHONE.number, now_ms=NOW)
    assert caught.value.status == 404


async def test_what_was_set_without_knowing_the_device_can_be_forgotten(sqlite: Database, seal: Seal) -> None:
    intake = await begin(sqlite, seal)
    await pairs.declare_set(sqlite, intake, IMSI, None, None, now_ms=NOW)
    (view,) = await pairs.of_subscriber(sqlite, IMSI)
    assert (view.device, view.pair) == (DEVICE_UNKNOWN, None)
    assert await pairs.forget(sqlite, IMSI, DEVICE_UNKNOWN, now_ms=NOW) == 0
    assert await pairs.of_subscriber(sqlite, IMSI) == []
