"""Triggers in, answers out: devices in the order they were seen, one bad account alone, an answer for everybody."""

import asyncio
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from tests.tps.delivering import (
    INTERNET_AS_SUBSCRIBER,
    SIX_ACCESS_POINTS,
    Clock,
    all_pushes,
    config,
    delivering,
    detection,
    device,
    imsi,
    msisdn,
    publish,
    subscribe,
)
from tps import app
from tps.decisions.identities import Device, bucket_of
from tps.decisions.triggers import Answer, Cause, Outcome, Trigger
from tps.delivery import intake
from tps.errors import RetryLaterError
from tps.parts import Parts
from tps.store import pair_keys, pairs, subscribers
from tps.store.database import Connection, Database
from tps.store.pair_keys import Holder, PairKey
from tps.store.pushes import PushRow
from tps.store.sealing import Seal

HOUR_MS = 3_600_000


def wish(number: int, **changes: Any) -> Trigger:
    """The back office wants subscriber `number` set up on whatever device it has."""
    return detection(number, **{"is_detection": False, "source": "api", "device": None} | changes)


async def begin(database: Database, seal: Seal, url: str, count: int = 1) -> Parts:
    """Settings and subscribers are stored; the parts are put together, none of them at work."""
    publish(database, seal)
    subscribe(database, seal, count)
    return app.put_together(config(url), database, seal)


async def newest_device(database: Database, number: int = 0) -> str | None:
    known = await database.read(lambda connection: subscribers.load(connection, [imsi(number)]))
    return known[imsi(number)].device


async def test_a_late_report_of_an_older_device_is_only_recorded(
    database: Database, seal: Seal, store_url: str
) -> None:
    parts = await begin(database, seal, store_url)
    now = app.now_ms()
    await parts.intake.accept([detection(0, seen_at=now - 30 * HOUR_MS)])
    await parts.intake.accept([detection(0, seen_at=now)])
    (late,) = await parts.intake.accept([detection(0, device=device(1), seen_at=now - 15 * HOUR_MS)])
    assert late.outcome is Outcome.RECORDED
    assert "older sighting" in (late.reason or "")
    assert await newest_device(database) == device(0).number


@pytest.mark.parametrize("late_place", [0, 1])
async def test_of_two_devices_in_one_batch_only_the_newer_is_set_up_whatever_their_order(
    database: Database, seal: Seal, store_url: str, late_place: int
) -> None:
    parts = await begin(database, seal, store_url)
    now = app.now_ms()
    batch = [detection(0, seen_at=now)]
    batch.insert(late_place, detection(0, device=device(1), seen_at=now - HOUR_MS))
    answers = await parts.intake.accept(batch)
    assert answers[late_place].outcome is Outcome.RECORDED
    assert answers[1 - late_place].outcome is Outcome.QUEUED
    assert await newest_device(database) == device(0).number
    seen = await database.read(lambda connection: pairs.of_subscriber(connection, bucket_of(imsi(0)), imsi(0)))
    assert [pair.device for pair in seen] == [device(0).number, device(1).number]


async def test_a_dirty_device_in_a_batch_makes_no_other_late(sqlite: Database, seal: Seal, sqlite_url: str) -> None:
    parts = await begin(sqlite, seal, sqlite_url)
    now = app.now_ms()
    zeroed = Device("0" * 14, dirty="all digits alike")
    clean, dirty = await parts.intake.accept([detection(0, seen_at=now - HOUR_MS), detection(0, device=zeroed)])
    assert (clean.outcome, dirty.outcome) == (Outcome.QUEUED, Outcome.RECORDED)
    assert await newest_device(sqlite) == device(0).number


async def test_twins_in_one_batch_get_one_push(database: Database, seal: Seal, store_url: str) -> None:
    parts = await begin(database, seal, store_url)
    first, second = await parts.intake.accept([detection(0), detection(0)])
    assert (first.outcome, second.outcome) == (Outcome.QUEUED, Outcome.ALREADY_OPEN)
    assert first.push_id == second.push_id


async def test_a_push_whose_key_was_let_go_of_meanwhile_is_stored_after_all(
    database: Database, seal: Seal, store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another transaction ends the holder between the insert that met it and the look at who it was."""
    parts = await begin(database, seal, store_url, 2)
    await parts.intake.accept([detection(0)])
    (first,) = await parts.intake.accept([wish(0)])
    honest = pair_keys.holders
    looks: list[int] = []

    def holders(connection: Connection, keys: Sequence[PairKey]) -> list[Holder]:
        if not looks:
            pair_keys.release(connection, bucket_of(imsi(0)), imsi(0))
        looks.append(len(keys))
        return honest(connection, keys)

    monkeypatch.setattr(pair_keys, "holders", holders)
    again, other = await parts.intake.accept([wish(0), wish(1)])
    assert (first.outcome, again.outcome, other.outcome) == (Outcome.ALREADY_OPEN, Outcome.QUEUED, Outcome.QUEUED)
    assert {again.push_id, other.push_id} <= {row.id for row in await database.read(all_pushes)}
    assert looks == [2]


async def test_a_batch_longer_than_a_transaction_is_answered_in_order(
    sqlite: Database, seal: Seal, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "BATCH_MAX", 7)
    parts = await begin(sqlite, seal, sqlite_url, 20)
    answers = await parts.intake.accept([detection(number) for number in range(20)])
    rows = {row.id: row for row in await sqlite.read(all_pushes)}
    assert [rows[answer.push_id or 0].imsi for answer in answers] == [imsi(number) for number in range(20)]


async def test_a_subscriber_is_found_by_number_and_the_push_goes_to_the_device_seen_last(
    database: Database, seal: Seal, store_url: str
) -> None:
    parts = await begin(database, seal, store_url)
    await parts.intake.accept([detection(0)])
    publish(database, seal, INTERNET_AS_SUBSCRIBER.replace(b"{msisdn}", b"u").replace(b"{ppp_password}", b"p"))
    (answer,) = await parts.intake.accept([wish(0, imsi=None, msisdn=msisdn(0))])
    assert answer.outcome is Outcome.QUEUED
    by_id = {row.id: row for row in await database.read(all_pushes)}
    assert by_id[answer.push_id or 0].device == device(0).number


@pytest.mark.parametrize(
    ("trigger", "expected"),
    [
        (detection(5), Answer(Outcome.RECORDED, reason="no subscriber has this IMSI")),
        (detection(5, imsi=None, msisdn="4917"), Answer(Outcome.RECORDED, reason="no subscriber has this number")),
        (
            wish(5),
            Answer(
                Outcome.REJECTED,
                reason="no subscriber has this IMSI: create the subscriber first",
                field="imsi",
                status=404,
            ),
        ),
        (
            wish(5, imsi=None, msisdn="4917"),
            Answer(
                Outcome.REJECTED,
                reason="no subscriber has this number: create the subscriber first",
                field="msisdn",
                status=404,
            ),
        ),
        (
            wish(0, settings="mms"),
            Answer(Outcome.REJECTED, reason="no settings are named 'mms': publish them first", field="settings"),
        ),
        (
            detection(0, settings="mms"),
            Answer(Outcome.RECORDED, reason="no settings are named 'mms': publish them first", field="settings"),
        ),
    ],
)
async def test_a_trigger_that_leads_to_no_push_says_why(
    sqlite: Database, seal: Seal, sqlite_url: str, trigger: Trigger, expected: Answer
) -> None:
    parts = await begin(sqlite, seal, sqlite_url)
    good, answer = await parts.intake.accept([wish(0), trigger])
    assert good.outcome is Outcome.QUEUED
    assert answer == expected


async def test_settings_with_values_are_refused_to_a_subscriber_who_has_none(
    sqlite: Database, seal: Seal, sqlite_url: str
) -> None:
    publish(sqlite, seal, INTERNET_AS_SUBSCRIBER)
    subscribe(sqlite, seal, 1)
    parts = app.put_together(config(sqlite_url), sqlite, seal)
    (answer,) = await parts.intake.accept([wish(0)])
    assert (answer.outcome, answer.field) == (Outcome.REJECTED, "values")
    assert answer.reason == "settings 'internet' need ppp_password: store them with the subscriber"


async def test_other_values_of_a_subscriber_are_other_settings_on_the_device(
    sqlite: Database, seal: Seal, sqlite_url: str
) -> None:
    publish(sqlite, seal, INTERNET_AS_SUBSCRIBER)
    outcomes = []
    for password in ("first", "first", "second"):
        subscribe(sqlite, seal, 1, values={"ppp_password": password})
        parts = app.put_together(config(sqlite_url), sqlite, seal)
        (answer,) = await parts.intake.accept([detection(0)])
        outcomes.append(answer.outcome)
    assert outcomes == [Outcome.QUEUED, Outcome.ALREADY_OPEN, Outcome.QUEUED]


async def test_an_account_that_cannot_be_read_refuses_only_itself(
    sqlite: Database, seal: Seal, sqlite_url: str
) -> None:
    publish(sqlite, seal, security="userpin")
    subscribe(sqlite, seal, 3, pin="1234")
    subscribe(sqlite, Seal([b"x" * 32]), 1, first=1, pin="1234")
    async with delivering(sqlite, seal, sqlite_url) as parts:
        gathered = await asyncio.gather(*(parts.intake.accept([detection(number)]) for number in range(3)))
    answers = [answer for (answer,) in gathered]
    assert [answer.outcome for answer in answers] == [Outcome.QUEUED, Outcome.REJECTED, Outcome.QUEUED]
    assert answers[1].status == 500
    assert "cannot be read" in (answers[1].reason or "")


async def test_whoever_waits_for_an_answer_at_the_stop_gets_one(sqlite: Database, seal: Seal, sqlite_url: str) -> None:
    publish(sqlite, seal)
    subscribe(sqlite, seal, 10)
    async with delivering(sqlite, seal, sqlite_url) as parts:
        callers = [asyncio.create_task(parts.intake.accept([detection(number)])) for number in range(10)]
        await asyncio.sleep(0)  # all of them wait now
    async with asyncio.timeout(30):
        answers = await asyncio.gather(*callers, return_exceptions=True)
    stored = {row.id for row in await sqlite.read(all_pushes)}
    for answer in answers:
        assert isinstance(answer, RetryLaterError) or (isinstance(answer, list) and answer[0].push_id in stored)


async def test_more_callers_than_may_wait_are_asked_to_come_back(
    sqlite: Database, seal: Seal, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "WAITING_MAX", 2)
    parts = await begin(sqlite, seal, sqlite_url)
    waiting = [asyncio.create_task(parts.intake.accept([detection(0)])) for _ in range(2)]
    await asyncio.sleep(0)  # both of them wait now
    with pytest.raises(RetryLaterError, match="nothing was stored"):
        await parts.intake.accept([detection(0)])
    for caller in waiting:
        caller.cancel()


async def test_a_pair_seen_again_is_written_again_only_after_a_while(
    sqlite: Database, seal: Seal, sqlite_url: str, clock: Clock
) -> None:
    parts = await begin(sqlite, seal, sqlite_url)
    interval_ms = parts.config.detection.sighting_interval_s * 1000
    seen_at = []
    for pause_ms in (0, interval_ms - 1, 1):
        clock.forward(pause_ms)
        await parts.intake.accept([detection(0)])
        (pair,) = await sqlite.read(lambda connection: pairs.of_subscriber(connection, bucket_of(imsi(0)), imsi(0)))
        seen_at.append(pair.last_seen_at - clock.ms)
    assert seen_at == [0, 1 - interval_ms, 0]


async def test_a_new_software_version_is_noted_at_once_and_is_no_other_device(
    sqlite: Database, seal: Seal, sqlite_url: str
) -> None:
    parts = await begin(sqlite, seal, sqlite_url)
    await parts.intake.accept([detection(0, device=Device(device(0).number, "01"))])
    (answer,) = await parts.intake.accept([detection(0, device=Device(device(0).number, "02"))])
    (pair,) = await sqlite.read(lambda connection: pairs.of_subscriber(connection, bucket_of(imsi(0)), imsi(0)))
    assert answer.outcome is Outcome.ALREADY_OPEN
    assert pair.software_version == "02"


def causes(rows: Sequence[PushRow]) -> list[str]:
    """What the history of each push begins with."""
    return [row.history.splitlines()[0].split(" ", 1)[1] for row in rows]


async def test_the_history_of_a_push_begins_with_its_cause(
    database: Database, seal: Seal, store_url: str, clock: Clock
) -> None:
    parts = await begin(database, seal, store_url)
    for trigger in (detection(0), detection(0, device=device(1))):
        clock.forward(1000)
        await parts.intake.accept([msgspec.structs.replace(trigger, seen_at=clock())])
    publish(database, seal, SIX_ACCESS_POINTS)
    clock.forward(1000)
    await parts.intake.accept([detection(0, device=device(1))])
    await parts.intake.accept([wish(0, force=True, device=device(2), cause=None)])
    assert causes(await database.read(all_pushes)) == [
        "detection QUEUED first_device",
        "detection QUEUED device_changed",
        "detection QUEUED not_set",
        "api QUEUED forced",
    ]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
async def test_the_cause_of_a_sighting_in_a_batch_is_told_by_what_was_known_before_the_batch(
    sqlite: Database, seal: Seal, sqlite_url: str, order: Sequence[int]
) -> None:
    parts = await begin(sqlite, seal, sqlite_url)
    now = app.now_ms()
    await parts.intake.accept([detection(0, device=device(9), seen_at=now - HOUR_MS)])
    batch = [
        detection(0, device=device(1), seen_at=now),
        detection(0, device=device(1), seen_at=now - 1),
        detection(0, device=device(2), seen_at=now - 2),
    ]
    answers = await parts.intake.accept([batch[place] for place in order])
    assert sorted(answer.outcome for answer in answers) == ["already_open", "queued", "recorded"]
    assert causes(await sqlite.read(all_pushes))[1:] == ["detection QUEUED device_changed"]


async def test_of_two_devices_at_the_same_moment_the_same_one_is_the_newest_whichever_came_first(
    database: Database, seal: Seal, store_url: str
) -> None:
    parts = await begin(database, seal, store_url, 2)
    now = app.now_ms()
    for subscriber, devices in ((0, (1, 2)), (1, (2, 1))):
        for number in devices:
            await parts.intake.accept([detection(subscriber, device=device(number), seen_at=now)])
    assert [await newest_device(database, number) for number in (0, 1)] == [device(2).number] * 2
    assert len(await database.read(all_pushes)) == 3  # of the second subscriber the lesser device came too late


async def test_a_cause_that_is_switched_off_is_recorded_and_sends_nothing(
    sqlite: Database, seal: Seal, sqlite_url: str
) -> None:
    publish(sqlite, seal)
    subscribe(sqlite, seal, 1)
    own = config(sqlite_url)
    own = msgspec.structs.replace(
        own, detection=msgspec.structs.replace(own.detection, triggers=(Cause.DEVICE_CHANGED,))
    )
    parts = app.put_together(own, sqlite, seal)
    now = app.now_ms()
    (first,) = await parts.intake.accept([detection(0, seen_at=now - HOUR_MS)])
    (second,) = await parts.intake.accept([detection(0, device=device(1), seen_at=now)])
    assert first == Answer(Outcome.RECORDED, reason="by detection.triggers nothing is sent for first_device")
    assert second.outcome is Outcome.QUEUED
    assert await newest_device(sqlite) == device(1).number
