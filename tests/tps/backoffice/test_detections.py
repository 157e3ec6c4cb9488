"""Detections in batches: judged each time, whether they are answered from memory or by a transaction."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from tests.tps.delivering import START_MS, config, device, imsi, msisdn, publish, subscribe
from tps import app
from tps.backoffice import detections
from tps.backoffice.desk import Desk, desk_of
from tps.backoffice.filtered_way import FilteredWay
from tps.backoffice.way import WayHere
from tps.config import DetectionConfig
from tps.decisions.device_models import DeviceModel
from tps.decisions.dirty_identities import REASONS, Doubt, WrittenAs
from tps.decisions.identities import bucket_of
from tps.decisions.triggers import Answer, Outcome, Trigger
from tps.delivery.set_filter import SetFilter
from tps.errors import RetryLaterError
from tps.feeds.detected import Detected
from tps.store import device_models, pairs, subscribers
from tps.store.database import Database
from tps.store.device_models import place_of
from tps.store.sealing import Seal

PHONE = device(0).number
SUBSCRIBERS = 4


def put_up(database: Database, seal: Seal, url: str, **rules: Any) -> Desk:
    """A desk on a store with subscribers; nothing is sent to any of them."""
    publish(database, seal)
    subscribe(database, seal, SUBSCRIBERS)
    detecting = DetectionConfig(default_settings="internet", **rules)
    return desk_of(app.put_together(msgspec.structs.replace(config(url), detection=detecting), database, seal))


def seen(number: int, at: int = 0, imei: str = PHONE, **changes: Any) -> Detected:
    one = Detected(imsi(number), imei, None, "radius", "ggsn", START_MS + at, "")
    return msgspec.structs.replace(one, **changes)


def by_number(number: int, at: int = 0, imei: str = PHONE) -> Detected:
    return seen(number, at, imei, imsi=None, msisdn=msisdn(number))


async def take(desk: Desk, *batch: Detected) -> Sequence[Answer]:
    return await detections.take(desk, batch)


async def outcomes(desk: Desk, *batch: Detected) -> list[Outcome]:
    return [answer.outcome for answer in await take(desk, *batch)]


async def set_and_learned(desk: Desk, *numbers: int) -> None:
    for number in numbers:
        await desk.way.declare_set(imsi(number), device(0), None)
    batch = [seen(number, 1000) for number in numbers]
    for _ in range(3):
        assert set(await outcomes(desk, *batch)) == {Outcome.ALREADY_SET}


async def test_of_a_batch_only_what_memory_cannot_answer_needs_a_transaction(
    sqlite: Database, seal: Seal, sqlite_url: str
) -> None:
    asked: list[Sequence[Trigger]] = []

    class Noting(WayHere):
        async def accept(self, triggers: Sequence[Trigger]) -> Sequence[Answer]:
            asked.append(triggers)
            return await super().accept(triggers)

    publish(sqlite, seal)
    subscribe(sqlite, seal, SUBSCRIBERS)
    parts = app.put_together(config(sqlite_url), sqlite, seal)
    desk = replace(desk_of(parts), way=FilteredWay(Noting(parts), SetFilter(sqlite, 1000)))
    await set_and_learned(desk, 0, 1)
    asked.clear()
    batch = [seen(0, 2000), seen(2, 2000, device(2).number), seen(1, 2000), seen(0, 3000)]
    assert await outcomes(desk, *batch) == [Outcome.ALREADY_SET, Outcome.QUEUED, *[Outcome.ALREADY_SET] * 2]
    assert [[trigger.imsi for trigger in triggers] for triggers in asked] == [[imsi(2)]]
    asked.clear()
    batch = [seen(0, 4000), by_number(1, 4000)]
    assert await outcomes(desk, *batch) == [Outcome.ALREADY_SET] * 2
    assert asked == []
    # One whose number belongs to nobody yet may be anybody in a moment: all go with it.
    batch = [seen(0, 5000), by_number(SUBSCRIBERS, 5000)]
    assert await outcomes(desk, *batch) == [Outcome.ALREADY_SET, Outcome.RECORDED]
    assert [len(triggers) for triggers in asked] == [2]


async def test_sightings_answered_from_memory_are_judged_and_counted_like_all_others(
    sqlite: Database, seal: Seal, sqlite_url: str
) -> None:
    desk = put_up(sqlite, seal, sqlite_url)
    await set_and_learned(desk, 0)
    before, commits = desk.identities.counted.written.total(), sqlite.commits
    wrong = f"{PHONE}{(int(identity_digit()) + 1) % 9 + 1}"
    assert await outcomes(desk, seen(0, 2000, wrong), seen(0, 3000)) == [Outcome.ALREADY_SET] * 2
    assert sqlite.commits == commits
    counted = desk.identities.counted
    assert counted.written.total() == before + 2
    assert counted.written[WrittenAs.IMEI] == 1
    assert counted.doubts == {Doubt.WRONG_CHECK_DIGIT: 1}


def identity_digit() -> str:
    """The right check digit of the phone, by the rule of TS 23.003 annex B written out."""
    doubled = [int(digit) * (1 + place % 2) for place, digit in enumerate(PHONE)]
    return str(-sum(number // 10 + number % 10 for number in doubled) % 10)


async def test_a_pair_that_keeps_being_seen_is_one_of_the_sims_of_a_clone_and_no_longer_answered_from_memory(
    sqlite: Database, seal: Seal, sqlite_url: str
) -> None:
    desk = put_up(sqlite, seal, sqlite_url, clone_sims=2, clone_window_s=60)
    await set_and_learned(desk, 0, 1)
    commits = sqlite.commits
    assert await outcomes(desk, seen(0, 55_000), seen(1, 56_000)) == [Outcome.ALREADY_SET] * 2
    assert sqlite.commits == commits  # from memory: the window that ends at 100 s holds these sightings only
    third, again = await take(desk, seen(2, 100_000), seen(0, 100_001))
    assert [third.outcome, again.outcome] == [Outcome.RECORDED] * 2
    assert REASONS[Doubt.CLONED] in (again.reason or "")
    (row,) = sqlite.read_now(lambda connection: pairs.of_subscriber(connection, bucket_of(imsi(2)), imsi(2)))
    assert row.dirty == REASONS[Doubt.CLONED]


async def test_a_sim_that_is_named_by_its_number_is_the_one_that_is_named_by_its_imsi(
    sqlite: Database, seal: Seal, sqlite_url: str
) -> None:
    """To the watch for clones, and to what remembers when it was seen: else a late record would be the newest."""
    desk = put_up(sqlite, seal, sqlite_url, clone_sims=2)
    await set_and_learned(desk, 0)
    told = [seen(1), by_number(1), by_number(0, 500_000), by_number(SUBSCRIBERS)]
    *known, nobody = await take(desk, *told)
    assert all("too many SIMs" not in (answer.reason or "") for answer in known)
    assert nobody.reason == "no subscriber has this number"
    (late,) = await take(desk, by_number(0, 400_000, device(2).number))
    assert late.outcome is Outcome.RECORDED


async def test_a_late_record_undoes_nothing_of_a_sim_that_has_no_account_yet(
    sqlite: Database, seal: Seal, sqlite_url: str
) -> None:
    desk = put_up(sqlite, seal, sqlite_url)
    for at, told in ((0, device(0)), (60_000, device(0)), (30_000, device(1))):
        assert await outcomes(desk, seen(SUBSCRIBERS, at, told.number)) == [Outcome.RECORDED]
    subscribe(sqlite, seal, 1, first=SUBSCRIBERS)
    (account,) = sqlite.read_now(lambda connection: subscribers.load(connection, [imsi(SUBSCRIBERS)])).values()
    assert account.device == device(0).number


async def test_what_is_imported_of_device_models_is_asked_of_pairs_that_were_beyond_doubt(
    sqlite: Database, seal: Seal, sqlite_url: str
) -> None:
    desk = put_up(sqlite, seal, sqlite_url, tolerated=())
    await set_and_learned(desk, 0)
    commits = sqlite.commits
    assert await outcomes(desk, seen(0, 2000)) == [Outcome.ALREADY_SET]
    assert (desk.identities.counted.doubts.total(), sqlite.commits) == (0, commits)  # judged by no list, from memory
    other = DeviceModel(tac="35999999", brand="Nokia", model="6220", source="list")
    sqlite.write_now(lambda connection: device_models.put(connection, [other], 0))
    desk.identities._known_tacs._look_again_at = 0
    assert await outcomes(desk, seen(0, 3000)) == [Outcome.RECORDED]
    assert desk.identities.counted.doubts == {Doubt.UNKNOWN_TAC: 1}
    sqlite.write_now(lambda connection: device_models.remove(connection, place_of(other)))
    desk.identities._known_tacs._look_again_at = 0
    for at in (4000, 5000):
        assert await outcomes(desk, seen(0, at)) == [Outcome.ALREADY_SET]
    assert desk.identities.counted.doubts.total() == 1


@pytest.mark.parametrize(("error", "counted"), [(RetryLaterError("away", delay_s=1.0), 0), (ZeroDivisionError(), 1)])
async def test_what_is_offered_again_is_counted_then(
    error: Exception, counted: int, sqlite: Database, seal: Seal, sqlite_url: str
) -> None:
    class Failing(WayHere):
        async def accept(self, triggers: Sequence[Trigger]) -> Sequence[Answer]:
            raise error

    parts = app.put_together(config(sqlite_url), sqlite, seal)
    desk = replace(desk_of(parts), way=FilteredWay(Failing(parts), SetFilter(sqlite, 1000)))
    with pytest.raises(type(error)):
        await take(desk, seen(0))
    assert desk.identities.counted.written.total() == counted
