"""Looking ahead: what changes nothing needs no transaction of the writer, while that is most of what comes."""

import asyncio
from collections.abc import Sequence

import pytest

from tests.tps.delivering import config, detection, device, imsi, publish, subscribe
from tps import app
from tps.backoffice.filtered_way import FilteredWay
from tps.backoffice.way import WayHere
from tps.decisions.triggers import Answer, Outcome, Trigger
from tps.delivery.foresight import Foresight
from tps.delivery.set_filter import SetFilter
from tps.parts import Parts
from tps.store import subscribers
from tps.store.database import Database
from tps.store.sealing import Seal

PEOPLE = 8


class Noting(WayHere):
    """The way in this process, which notes what it is asked and may be held up."""

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts)
        self.asked: list[list[str | None]] = []
        self.may_go_on = asyncio.Event()
        self.may_go_on.set()

    async def until_asked(self, times: int) -> None:
        """Until so many questions have come."""
        async with asyncio.timeout(30):
            while len(self.asked) < times:  # noqa: ASYNC110 - nobody is told that a way was asked
                await asyncio.sleep(0.005)

    async def accept(self, triggers: Sequence[Trigger]) -> Sequence[Answer]:
        """See `tps.delivery.intake`."""
        self.asked.append([trigger.imsi for trigger in triggers])
        await self.may_go_on.wait()
        return await super().accept(triggers)


@pytest.fixture
async def noting(database: Database, seal: Seal, store_url: str) -> Noting:
    """A way to subscribers all of whose devices are SET, which nobody has learned yet."""
    publish(database, seal)
    subscribe(database, seal, PEOPLE)
    way = Noting(app.put_together(config(store_url), database, seal))
    for number in range(PEOPLE):
        await way.declare_set(imsi(number), device(number), None)
    return way


def before(way: Noting, database: Database) -> FilteredWay:
    """A filter that has learned nothing, and looks ahead before each batch of two and more once that pays."""
    decision = way._parts.intake.transaction.decision
    return FilteredWay(way, SetFilter(database, 1000), Foresight(database, decision, batch_min=2))


async def test_what_a_look_finds_is_learned_and_what_is_to_be_written_goes_to_its_transaction(
    noting: Noting, database: Database
) -> None:
    way = before(noting, database)
    now = app.now_ms()
    old = [detection(number, seen_at=now - 1000) for number in range(PEOPLE)]  # older than declared: nothing to write
    await way.accept(old[:2])
    noting.asked.clear()
    commits = database.commits
    answers = await way.accept(old[2:])
    assert {answer.outcome for answer in answers} == {Outcome.ALREADY_SET}
    assert (noting.asked, database.commits) == ([], commits)
    moved = detection(3, device=device(99), seen_at=now + 1000)
    answers = await way.accept([old[2], moved, old[3]])
    assert [answer.outcome for answer in answers] == [Outcome.ALREADY_SET, Outcome.QUEUED, Outcome.RECORDED]
    assert noting.asked == [[imsi(3), imsi(3)]]
    known = await database.read(lambda connection: subscribers.load(connection, [imsi(3)]))
    assert known[imsi(3)].device == device(99).number


async def test_who_is_in_a_transaction_is_not_looked_up_past_it(noting: Noting, database: Database) -> None:
    way = before(noting, database)
    now = app.now_ms()
    old = [detection(number, seen_at=now - 1000) for number in range(PEOPLE)]
    await way.accept(old[:2])
    noting.may_go_on.clear()
    noting.asked.clear()
    moving = asyncio.create_task(way.accept([detection(2, device=device(99), seen_at=now + 1000)]))
    await noting.until_asked(1)
    back = asyncio.create_task(way.accept([detection(2, seen_at=now + 2000), old[3], old[4]]))
    await noting.until_asked(2)
    noting.may_go_on.set()
    await moving
    assert {answer.outcome for answer in await back} == {Outcome.ALREADY_SET}
    assert noting.asked == [[imsi(2)], [imsi(2)]]
    known = await database.read(lambda connection: subscribers.load(connection, [imsi(2)]))
    assert known[imsi(2)].device == device(2).number


async def test_where_most_is_new_nothing_is_looked_up_twice(noting: Noting, database: Database) -> None:
    way = before(noting, database)
    now = app.now_ms()
    await way.accept([detection(number, seen_at=now - 1000) for number in range(2)])
    new = [detection(number, device=device(50 + number), seen_at=now + 1000) for number in range(PEOPLE)]
    await way.accept(new[2:5])  # looked up in vain
    decision = noting._parts.intake.transaction.decision
    looks = 0
    look = decision.look

    def counted(connection: object, triggers: Sequence[Trigger]) -> object:
        nonlocal looks
        looks += 1
        return look(connection, triggers)  # type: ignore[arg-type]

    decision.look = counted  # type: ignore[method-assign,assignment]
    assert {answer.outcome for answer in await way.accept(new[5:])} == {Outcome.QUEUED}
    assert looks == 1
