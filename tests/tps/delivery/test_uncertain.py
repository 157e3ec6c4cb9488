"""Pushes that may have gone out: sent again a few times, held, or ended; never for ever, never to one who left."""

import pytest

from tests.tps.delivering import (
    SIX_ACCESS_POINTS,
    Clock,
    all_pushes,
    attend,
    config,
    delivering,
    detection,
    imsi,
    publish,
    pushes_in,
    route_to,
    set_version,
    states,
    subscribe,
)
from tps import app
from tps.backoffice import dead_letters
from tps.backoffice import subscribers as office
from tps.decisions.push_id import bucket_of_id
from tps.decisions.push_life import Event, State
from tps.delivery.attend import RESEND_PAUSE_MAX_MS
from tps.sim.smsc import Smsc
from tps.sim.smsc_behaviour import Behaviour
from tps.store import pushes
from tps.store.database import Database
from tps.store.pushes import Move, history_line
from tps.store.sealing import Seal

SILENT = Behaviour(lost_answer_ratio=1.0, missing_receipt_ratio=1.0)
"""An SMSC that takes everything and says nothing."""
ANSWER_WITHIN_S = 0.05


async def test_a_push_that_is_never_answered_is_sent_as_often_as_its_settings_say_and_then_held(
    sqlite: Database, seal: Seal, sqlite_url: str, clock: Clock
) -> None:
    publish(sqlite, seal, max_attempts=2)
    subscribe(sqlite, seal, 1)
    async with (
        Smsc(behaviour=SILENT, recording=True) as smsc,
        delivering(sqlite, seal, sqlite_url, route_to(smsc, response_timeout_s=ANSWER_WITHIN_S)) as parts,
    ):
        await parts.intake.accept([detection(0)])
        await pushes_in(sqlite, State.UNCERTAIN, 1)
        parts_each_time = len(smsc.record)
        await attend(parts)
        clock.forward(RESEND_PAUSE_MAX_MS)
        await smsc.until(lambda counters: counters.submits == 2 * parts_each_time)
        await pushes_in(sqlite, State.UNCERTAIN, 1)
        await attend(parts)
        (row,) = await sqlite.read(all_pushes)
    assert states([row]) == [State.HELD]
    assert row.attempts == 2
    assert row.error == "no answer after 2 attempts"
    assert len(smsc.record) == 2 * parts_each_time


async def test_a_re_queued_push_has_all_its_attempts_and_numbers_them_on_so_that_old_receipts_are_told_from_new(
    sqlite: Database, seal: Seal, sqlite_url: str, clock: Clock
) -> None:
    publish(sqlite, seal, SIX_ACCESS_POINTS, max_attempts=1)
    subscribe(sqlite, seal, 1)
    async with (
        Smsc(behaviour=SILENT, recording=True) as smsc,
        delivering(sqlite, seal, sqlite_url, route_to(smsc, response_timeout_s=ANSWER_WITHIN_S)) as parts,
    ):
        await parts.intake.accept([detection(0)])
        await pushes_in(sqlite, State.UNCERTAIN, 1)
        await attend(parts)
        (held,) = await pushes_in(sqlite, State.HELD, 1)
        await dead_letters.requeue(sqlite, held.id, catalogue=parts.catalogue, reason="test", now_ms=clock.ms)
        (again,) = await pushes_in(sqlite, State.UNCERTAIN, 1)
        await attend(parts)
        (row,) = await sqlite.read(all_pushes)
    assert (again.attempts, again.attempts_before) == (2, 1)
    assert states([row]) == [State.HELD]
    assert row.error == "no answer after 1 attempts"
    # No part has the reference of the attempt before.
    assert len({sent.octets for sent in smsc.record}) == len(smsc.record) > 2


async def test_nothing_is_sent_again_to_a_subscriber_who_was_removed(
    sqlite: Database, seal: Seal, sqlite_url: str, clock: Clock
) -> None:
    publish(sqlite, seal)
    subscribe(sqlite, seal, 1)
    async with (
        Smsc(behaviour=SILENT, recording=True) as smsc,
        delivering(sqlite, seal, sqlite_url, route_to(smsc, response_timeout_s=ANSWER_WITHIN_S)) as parts,
    ):
        await parts.intake.accept([detection(0)])
        await smsc.until(lambda counters: counters.submits >= 1)
        removed = await office.remove(sqlite, imsi(0), now_ms=clock())
        assert removed.running_pushes == 1
        await pushes_in(sqlite, State.UNCERTAIN, 1)
        sent = len(smsc.record)
        await attend(parts)
        clock.forward(RESEND_PAUSE_MAX_MS)
        (row,) = await pushes_in(sqlite, State.CANCELLED, 1)
    assert "removed" in row.history
    assert len(smsc.record) == sent


@pytest.mark.parametrize("cause", ["no such version", "sealed with another key"])
async def test_a_push_whose_settings_do_not_open_is_held_and_stops_no_other(
    sqlite: Database, seal: Seal, sqlite_url: str, cause: str
) -> None:
    publish(sqlite, seal)
    subscribe(sqlite, seal, 2)
    parts = app.put_together(config(sqlite_url), sqlite, seal)
    now = app.now_ms()
    spoilt, other = (answer.push_id for answer in await parts.intake.accept([detection(0), detection(1)]))
    assert spoilt is not None
    assert other is not None
    if cause == "no such version":
        set_version(sqlite, spoilt, 7)
    else:
        publish(sqlite, Seal([b"x" * 32]))
        set_version(sqlite, spoilt, 2)
    for push_id in (spoilt, other):
        await _lose(sqlite, push_id, now)
    assert await attend(parts) == 2
    by_id = {row.id: row for row in await sqlite.read(all_pushes)}
    assert State(by_id[spoilt].state) is State.HELD
    assert ("not stored" if cause == "no such version" else "no sealing key opens") in by_id[spoilt].history
    assert State(by_id[other].state) is State.QUEUED


async def _lose(database: Database, push_id: int, now: int) -> None:
    """The push was in flight when a process died."""
    bucket = bucket_of_id(push_id)
    moves = [
        Move(bucket, push_id, before, after, now, history_line(now, event, after))
        for before, event, after in (
            (State.QUEUED, Event.CLAIM, State.SENDING),
            (State.SENDING, Event.LOSE, State.UNCERTAIN),
        )
    ]
    for step in moves:
        saved = await database.write(lambda connection, step=step: pushes.save(connection, [step], now))  # type: ignore[misc]
        assert saved == 1
