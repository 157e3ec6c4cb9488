"""What goes out, where to, and what waits: without a route, with a full one, to a number that has changed."""

import asyncio
from typing import Any

import pytest

from tests.tps.delivering import (
    Clock,
    all_pushes,
    config,
    delivering,
    detection,
    imsi,
    msisdn,
    publish,
    pushes_in,
    route_to,
    set_version,
    states,
    subscribe,
)
from tps import app
from tps.backoffice import subscribers as office
from tps.decisions.push_life import State
from tps.delivery.dispatch import DEFER_MAX_MS, DEFER_MIN_MS
from tps.delivery.flights import Flight
from tps.errors import RetryLaterError
from tps.sim.smsc import Smsc
from tps.sim.smsc_behaviour import Behaviour
from tps.store import pushes
from tps.store.database import Connection, Database
from tps.store.pushes import PushRow
from tps.store.sealing import Seal

NEW_NUMBER = "99123456789"


async def deferred(database: Database, until_later_than: int) -> PushRow:
    """The only push, once its next attempt has been put off beyond this time."""
    async with asyncio.timeout(30):
        while True:
            (row,) = await database.read(all_pushes)
            if row.state == State.QUEUED and row.attention_at > until_later_than:
                return row
            await asyncio.sleep(0.01)


async def test_a_push_without_a_route_is_looked_at_ever_more_rarely_and_its_history_stays_short(
    sqlite: Database, seal: Seal, sqlite_url: str, clock: Clock
) -> None:
    publish(sqlite, seal)
    subscribe(sqlite, seal, 1)
    async with Smsc() as smsc, delivering(sqlite, seal, sqlite_url, route_to(smsc, prefixes=("1",))) as parts:
        await parts.intake.accept([detection(0)])
        pauses = []
        for _ in range(6):
            row = await deferred(sqlite, clock.ms)
            pauses.append(row.attention_at - clock.ms)
            clock.forward(10 * pauses[-1])
    assert row.history.count("\n") <= 3  # stored, tried once, given back
    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (DEFER_MIN_MS, DEFER_MAX_MS)
    assert states([row]) == [State.QUEUED]


async def test_a_route_that_is_full_holds_up_nobody_else(sqlite: Database, seal: Seal, sqlite_url: str) -> None:
    count = 1500
    publish(sqlite, seal)
    subscribe(sqlite, seal, count + 1)
    async with Smsc(behaviour=Behaviour(response_delay_s=60)) as slow, Smsc() as quick:
        north = route_to(slow, name="north", prefixes=("99",), window=1, backlog=3, response_timeout_s=120.0)
        south = route_to(quick, name="south", prefixes=(msisdn(count),))
        async with delivering(sqlite, seal, sqlite_url, north, south) as parts:
            await parts.intake.accept([detection(number) for number in range(count)])
            await slow.until(lambda counters: counters.submits >= 1)
            await parts.intake.accept([detection(count)])
            rows = await pushes_in(sqlite, State.DELIVERED, 1)
            slow.drop_links()  # or the end would wait for its answers
    assert [row.msisdn for row in rows if row.state == State.DELIVERED] == [msisdn(count)]
    # Stored, claimed and given back once: what has no room is not claimed over and over.
    assert max(row.history.count("\n") for row in rows) <= 3


async def test_a_push_that_has_not_left_follows_the_subscriber_to_the_new_number(
    sqlite: Database, seal: Seal, sqlite_url: str
) -> None:
    publish(sqlite, seal)
    subscribe(sqlite, seal, 1)
    parts = app.put_together(config(sqlite_url), sqlite, seal)
    await parts.intake.accept([detection(0)])
    changes = office.Changes(frozenset({"msisdn"}), msisdn=NEW_NUMBER)
    await office.change(sqlite, seal, imsi(0), changes, now_ms=app.now_ms())
    await office.create(sqlite, seal, office.Account(imsi(9), msisdn(0)), now_ms=app.now_ms())  # has the old one now
    async with Smsc(recording=True) as smsc, delivering(sqlite, seal, sqlite_url, route_to(smsc)):
        await pushes_in(sqlite, State.DELIVERED, 1)
    assert {sent.destination for sent in smsc.record} == {NEW_NUMBER}


async def test_a_push_past_its_validity_is_not_sent_when_a_route_comes_up(
    sqlite: Database, seal: Seal, sqlite_url: str, clock: Clock
) -> None:
    publish(sqlite, seal, validity_s=60)
    subscribe(sqlite, seal, 1)
    parts = app.put_together(config(sqlite_url), sqlite, seal)
    await parts.intake.accept([detection(0)])
    clock.forward(60_000)
    async with Smsc(recording=True) as smsc, delivering(sqlite, seal, sqlite_url, route_to(smsc)):
        (row,) = await pushes_in(sqlite, State.EXPIRED, 1)
    assert (row.error or "").startswith("no route took it in time: ")
    assert smsc.record == []


async def test_a_push_whose_settings_are_gone_fails_and_says_why_and_stops_no_other(
    sqlite: Database, seal: Seal, sqlite_url: str
) -> None:
    publish(sqlite, seal)
    subscribe(sqlite, seal, 2)
    parts = app.put_together(config(sqlite_url), sqlite, seal)
    answers = await parts.intake.accept([detection(0), detection(1)])
    set_version(sqlite, answers[0].push_id, 7)
    async with Smsc() as smsc, delivering(sqlite, seal, sqlite_url, route_to(smsc)):
        rows = await pushes_in(sqlite, State.DELIVERED, 1)
    assert states(rows) == [State.FAILED, State.DELIVERED]
    assert rows[0].error == "settings internet version 7 are not stored"


async def test_a_push_whose_landing_is_in_doubt_is_not_claimed_again(
    sqlite: Database, seal: Seal, sqlite_url: str
) -> None:
    """The disk says QUEUED, but whoever wrote that was told of an error: it would go out beside itself (seed 1869)."""
    publish(sqlite, seal)
    subscribe(sqlite, seal, 1)
    async with Smsc(recording=True) as smsc:
        parts = app.put_together(config(sqlite_url, route_to(smsc)), sqlite, seal)
        await parts.intake.accept([detection(0)])
        (stored,) = await sqlite.read(lambda connection: pushes.due(connection, app.now_ms(), 1))
        in_doubt = Flight(stored, "north", 1, 8)
        parts.flights.depart([in_doubt])
        async with app.delivering(parts):
            await deferred(sqlite, stored.created_at + DEFER_MIN_MS - 1)
            assert smsc.counters.submits == 0
            parts.flights.land([in_doubt])
            await pushes_in(sqlite, State.DELIVERED, 1)


async def test_what_could_not_leave_before_the_stop_is_queued_again_also_when_the_store_comes_back_late(
    sqlite: Database, seal: Seal, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stop failed, and what was in the air became UNCERTAIN (seed 2666)."""
    publish(sqlite, seal)
    subscribe(sqlite, seal, 1)
    parts = app.put_together(config(sqlite_url), sqlite, seal)
    parts.dispatch._handover.open_for(1, capacity=1, is_behind=False)
    await parts.intake.accept([detection(0)])
    assert states(await sqlite.read(all_pushes)) == [State.SENDING]
    failures = iter([True, True])
    honest = pushes.save

    def save(connection: Connection, *arguments: Any) -> int:
        if next(failures, False):
            raise RetryLaterError("the store is away")
        return honest(connection, *arguments)

    monkeypatch.setattr(pushes, "save", save)
    parts.dispatch.stop()
    await parts.dispatch.run()
    (row,) = await sqlite.read(all_pushes)
    assert (row.state, next(failures, None)) == (State.QUEUED, None)
    assert "release QUEUED no route is up" in row.history
