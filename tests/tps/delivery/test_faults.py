"""What must hold when things break: links, neighbours in a commit, callers that go away, a process that dies."""

import asyncio
import threading
from collections import Counter
from typing import Any

import pytest

from tests.tps.delivering import (
    all_pushes,
    config,
    delivering,
    detection,
    die,
    msisdn,
    node,
    publish,
    pushes_in,
    route_to,
    running,
    states,
    subscribe,
)
from tps import app
from tps.decisions.push_life import KEY_HOLDING_STATES, OPEN_STATES, State
from tps.decisions.triggers import Outcome
from tps.sim.smsc import Smsc
from tps.sim.smsc_behaviour import Behaviour
from tps.store.database import Database
from tps.store.pushes import PushRow
from tps.store.sealing import Seal

COUNT = 40


async def ended(database: Database) -> list[PushRow]:
    """All pushes, once nothing more can come of any of them."""
    async with asyncio.timeout(30):
        while True:
            rows = await database.read(all_pushes)
            if all(State(row.state) not in OPEN_STATES for row in rows):
                return rows
            await asyncio.sleep(0.01)


async def test_whatever_breaks_on_the_way_every_push_arrives_and_no_flight_is_left(
    sqlite: Database, seal: Seal, sqlite_url: str
) -> None:
    publish(sqlite, seal)
    subscribe(sqlite, seal, COUNT)
    trouble = Behaviour(
        answers_out_of_order=True,
        response_jitter_s=0.02,
        queue_full_ratio=0.1,
        early_receipt_ratio=0.3,
        duplicate_receipt_ratio=0.3,
        receipt_jitter_s=0.1,
    )
    async with (
        Smsc(behaviour=trouble) as smsc,
        delivering(sqlite, seal, sqlite_url, route_to(smsc, reconnect_min_s=0.05)) as parts,
    ):
        await parts.intake.accept([detection(number) for number in range(COUNT // 2)])
        await smsc.until(lambda counters: counters.submits >= 5)
        smsc.drop_links()
        await parts.intake.accept([detection(number) for number in range(COUNT // 2, COUNT)])
        await pushes_in(sqlite, State.DELIVERED, COUNT, within_s=20)
    assert not len(parts.flights)


async def test_a_process_that_dies_in_flight_leaves_pushes_that_the_next_one_brings_home(
    database: Database, seal: Seal, store_url: str
) -> None:
    publish(database, seal)
    subscribe(database, seal, COUNT)
    async with Smsc(behaviour=Behaviour(response_delay_s=60)) as smsc:
        first = app.put_together(config(store_url, route_to(smsc)), database, seal)
        tasks = running(first)
        await first.intake.accept([detection(number) for number in range(COUNT)])
        await smsc.until(lambda counters: counters.submits >= COUNT)
        await die(tasks)
        assert set(states(await database.read(all_pushes))) == {State.SENDING}
        smsc.behave(Behaviour())
        async with delivering(database, seal, store_url, route_to(smsc)):
            rows = await pushes_in(database, State.DELIVERED, COUNT)
    assert all("lose UNCERTAIN the server stopped" in row.history for row in rows)


async def test_a_process_that_dies_before_it_sends_loses_nothing(sqlite: Database, seal: Seal, sqlite_url: str) -> None:
    publish(sqlite, seal)
    subscribe(sqlite, seal, COUNT)
    first = app.put_together(config(sqlite_url), sqlite, seal)
    await first.intake.accept([detection(number) for number in range(COUNT)])
    async with Smsc(recording=True) as smsc:
        async with delivering(sqlite, seal, sqlite_url, route_to(smsc)):
            await pushes_in(sqlite, State.DELIVERED, COUNT)
        assert max(Counter(sent.destination for sent in smsc.record).values()) == 1


async def test_two_nodes_share_the_work_and_send_nothing_twice(database: Database, seal: Seal, store_url: str) -> None:
    publish(database, seal)
    subscribe(database, seal, COUNT)
    async with (
        Smsc(recording=True) as north,
        Smsc(recording=True) as south,
        node(store_url, seal, 0, route_to(north)) as one,
        node(store_url, seal, 1, route_to(south)) as other,
    ):
        detections = [detection(number) for number in range(COUNT)]
        await asyncio.gather(one.intake.accept(detections), other.intake.accept(detections))
        rows = await pushes_in(database, State.DELIVERED, COUNT)
        sent = Counter(each.destination for each in north.record + south.record)
    assert len(rows) == COUNT
    assert sent == dict.fromkeys((msisdn(number) for number in range(COUNT)), 1)


async def test_a_push_is_stored_once_when_a_neighbour_in_its_commit_fails(
    sqlite: Database, seal: Seal, sqlite_url: str
) -> None:
    publish(sqlite, seal)
    subscribe(sqlite, seal, 2)
    parts = app.put_together(config(sqlite_url), sqlite, seal)
    gate = threading.Event()

    def fail(connection: Any) -> None:
        raise ValueError("a neighbour's defect")

    blocking = asyncio.ensure_future(sqlite.write(lambda connection: gate.wait(5)))
    gathered = [
        asyncio.ensure_future(operation)
        for operation in (parts.intake.accept([detection(0)]), sqlite.write(fail), parts.intake.accept([detection(1)]))
    ]
    await asyncio.sleep(0)  # each of them is in the writer's queue now
    gate.set()
    before, failed, after = await asyncio.gather(*gathered, return_exceptions=True)
    await blocking
    assert isinstance(failed, ValueError)
    assert isinstance(before, list)
    assert isinstance(after, list)
    answers = before + after
    assert [answer.outcome for answer in answers] == [Outcome.QUEUED] * 2
    rows = await sqlite.read(all_pushes)
    assert {row.id for row in rows} == {answer.push_id for answer in answers}


async def test_a_caller_that_goes_away_takes_no_other_answer_with_it(
    sqlite: Database, seal: Seal, sqlite_url: str
) -> None:
    publish(sqlite, seal)
    subscribe(sqlite, seal, 10)
    async with delivering(sqlite, seal, sqlite_url) as parts:
        callers = [asyncio.create_task(parts.intake.accept([detection(number)])) for number in range(10)]
        await asyncio.sleep(0)
        for caller in callers[::2]:
            caller.cancel()
        answers = await asyncio.gather(*callers, return_exceptions=True)
        outcomes = [answer[0].outcome for answer in answers[1::2] if not isinstance(answer, BaseException)]
        assert outcomes == [Outcome.QUEUED] * 5


@pytest.mark.parametrize(
    "behaviour",
    [
        pytest.param(Behaviour(), id="delivered"),
        pytest.param(Behaviour(undelivered_ratio=0.5, seed=7), id="some cannot be delivered"),
        pytest.param(Behaviour(refused_ratio=0.5, refused_status=0x0B, seed=7), id="some are refused"),
    ],
)
async def test_a_pairs_key_is_held_exactly_by_pushes_that_are_open_or_delivered(
    database: Database, seal: Seal, store_url: str, behaviour: Behaviour
) -> None:
    publish(database, seal)
    subscribe(database, seal, COUNT)
    async with Smsc(behaviour=behaviour) as smsc, delivering(database, seal, store_url, route_to(smsc)) as parts:
        await parts.intake.accept([detection(number) for number in range(COUNT)])
        rows = await ended(database)
    released = await database.read(
        lambda connection: {row[0]: row[1] for row in connection.exec_driver_sql("SELECT id, key_released FROM push")}
    )
    for row in rows:
        assert released[row.id] == (0 if State(row.state) in KEY_HOLDING_STATES else row.id)
