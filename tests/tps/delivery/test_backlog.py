"""Back-pressure: while as many pushes wait as the operator allows, new ones are refused, and nothing else is."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
import pytest
from sqlalchemy import update

from tests.tps.delivering import config, detection, node, publish, subscribe
from tps import app
from tps.backoffice.desk import desk_of
from tps.config import StoreConfig
from tps.decisions.push_life import OPEN_STATES, UNSENT_STATES, State
from tps.decisions.triggers import Outcome
from tps.delivery import backlog
from tps.errors import RetryLaterError
from tps.parts import Parts
from tps.store import pushes
from tps.store.database import Database
from tps.store.schema import push
from tps.store.sealing import Seal

BOUND = 20


@pytest.fixture(autouse=True)
def counts_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test waits for the pause between two counts."""
    monkeypatch.setattr(backlog, "PAUSE_MIN_S", 0.001)
    monkeypatch.setattr(backlog, "DELAY_S", 0.005)


@asynccontextmanager
async def bounded(database: Database, seal: Seal, url: str, bound: int = BOUND) -> AsyncIterator[Parts]:
    """The way of a push at work without a route: what is accepted stays."""
    publish(database, seal)
    subscribe(database, seal, 3 * BOUND)
    own = msgspec.structs.replace(config(url), store=StoreConfig(url=url, max_open_pushes=bound))
    parts = app.put_together(own, database, seal)
    async with app.delivering(parts):
        yield parts


def move_all(database: Database, state: State, *, but: int = 0) -> None:
    """Let all pushes but so many be in this state, whatever led there."""
    kept = [row.id for row in database.read_now(lambda connection: connection.execute(push.select().limit(but)))]
    database.write_now(
        lambda connection: connection.execute(update(push).where(push.c.id.not_in(kept)).values(state=int(state)))
    )


async def accepted_at_last(parts: Parts, number: int) -> Outcome:
    """What a caller is told who comes again as often as he is asked to."""
    async with asyncio.timeout(20):
        while True:
            try:
                return (await parts.intake.accept([detection(number)]))[0].outcome
            except RetryLaterError as error:
                await asyncio.sleep(error.delay_s)


async def fill(parts: Parts) -> None:
    answers = await parts.intake.accept([detection(number) for number in range(BOUND)])
    assert {answer.outcome for answer in answers} == {Outcome.QUEUED}


async def test_a_full_store_refuses_lone_pushes_and_batches_and_stores_nothing_of_them(
    sqlite: Database, seal: Seal, sqlite_url: str
) -> None:
    async with bounded(sqlite, seal, sqlite_url) as parts:
        await fill(parts)
        with pytest.raises(RetryLaterError, match=r"store\.max_open_pushes allows \(20\); nothing was stored"):
            await parts.intake.accept([detection(BOUND)])
        with pytest.raises(RetryLaterError, match="nothing was stored"):
            await parts.intake.accept([detection(number) for number in range(BOUND, 2 * BOUND)])
        assert await sqlite.read(lambda connection: pushes.count_unsent(connection, 1000)) == BOUND


@pytest.mark.parametrize("state", [State.SENT, State.DELIVERED, State.FAILED, State.CANCELLED])
async def test_it_goes_on_by_itself_once_pushes_have_left(
    database: Database, seal: Seal, store_url: str, state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backlog, "PAUSE_PER_COUNT", 1)  # on a busy machine a count can take a second
    async with bounded(database, seal, store_url) as parts:
        await fill(parts)
        asked = asyncio.create_task(accepted_at_last(parts, BOUND))
        move_all(database, state, but=BOUND - 1)
        assert await asked is Outcome.QUEUED
        with pytest.raises(RetryLaterError):
            await parts.intake.accept([detection(BOUND + 1)])


@pytest.mark.parametrize("state", sorted(OPEN_STATES))
async def test_what_may_have_to_leave_again_counts_and_what_only_awaits_receipts_does_not(
    database: Database, seal: Seal, store_url: str, state: State
) -> None:
    async with bounded(database, seal, store_url, bound=0) as parts:
        await fill(parts)
        move_all(database, state)
        counted = await database.read(lambda connection: pushes.count_unsent(connection, 1000))
        assert counted == (BOUND if state in UNSENT_STATES else 0)


async def test_counting_ends_at_the_bound(database: Database, seal: Seal, store_url: str) -> None:
    async with bounded(database, seal, store_url, bound=0) as parts:
        await fill(parts)
        assert await database.read(lambda connection: pushes.count_unsent(connection, 3)) == 3


async def test_a_device_that_is_set_is_answered_by_a_full_store_too(
    sqlite: Database, seal: Seal, sqlite_url: str
) -> None:
    async with bounded(sqlite, seal, sqlite_url) as parts:
        await parts.intake.accept([detection(BOUND)])
        move_all(sqlite, State.DELIVERED)
        await parts.backlog._count()
        way = desk_of(parts).way
        for _ in range(2):  # the filter learns it, and then that it was right
            (known,) = await way.accept([detection(BOUND)])
            assert known.outcome is Outcome.ALREADY_SET
        await fill(parts)
        (again,) = await way.accept([detection(BOUND)])
        assert again.outcome is Outcome.ALREADY_SET


async def test_without_a_bound_nothing_is_refused(sqlite: Database, seal: Seal, sqlite_url: str) -> None:
    async with bounded(sqlite, seal, sqlite_url, bound=0) as parts:
        await fill(parts)
        assert await accepted_at_last(parts, BOUND) is Outcome.QUEUED


async def test_what_other_nodes_stored_fills_the_store_too(database: Database, seal: Seal, store_url: str) -> None:
    async with bounded(database, seal, store_url) as parts, node(store_url, seal, 1) as other:
        await parts.backlog._count()
        await other.intake.accept([detection(number) for number in range(BOUND)])
        assert await accepted_at_last(parts, BOUND) is Outcome.QUEUED  # what this node counted is old
        await parts.backlog._count()
        with pytest.raises(RetryLaterError):
            await parts.intake.accept([detection(BOUND + 1)])


async def test_a_store_that_cannot_be_counted_is_counted_when_it_is_back(
    sqlite: Database, seal: Seal, sqlite_url: str
) -> None:
    async with bounded(sqlite, seal, sqlite_url) as parts:
        await fill(parts)
        sqlite._closed = True  # as while it is away: reads are refused
        await parts.backlog._count()
        with pytest.raises(RetryLaterError, match="max_open_pushes"):
            parts.backlog.admit(1)
        sqlite._closed = False
        move_all(sqlite, State.FAILED)
        assert await accepted_at_last(parts, BOUND) is Outcome.QUEUED
