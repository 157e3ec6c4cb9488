"""The filter before intake: it saves transactions, and changes neither answers nor the disk."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path

import msgspec
import pytest

from tests.tps.conftest import SEAL
from tests.tps.delivering import (
    INTERNET_AS_SUBSCRIBER,
    START_MS,
    config,
    detection,
    device,
    imsi,
    msisdn,
    publish,
    subscribe,
)
from tests.tps.delivery.filter_worlds import BODIES, INTERVAL_S, VALUES, World
from tps import app
from tps.backoffice import pairs, subscribers
from tps.backoffice.desk import Desk, desk_of
from tps.backoffice.filtered_way import FilteredWay
from tps.backoffice.subscribers import Account
from tps.backoffice.way import WayHere
from tps.decisions.identities import Device
from tps.decisions.push_life import Event
from tps.decisions.triggers import Answer, Outcome, Trigger
from tps.delivery.set_filter import SetFilter
from tps.parts import Parts
from tps.store import subscribers as stored
from tps.store.database import Database
from tps.store.sealing import Seal

NEXT = START_MS + 1000
LEARNED = detection(0, device=Device(device(0).number, "01"), seen_at=START_MS)
AGAIN = msgspec.structs.replace(LEARNED, seen_at=NEXT)


def told(*triggers: Trigger) -> Callable[[World], Awaitable[object]]:
    """The other node takes these in."""
    return lambda world: world.ways[1].accept(triggers)


async def publish_other(world: World) -> None:
    publish(world.databases[1], SEAL, BODIES[2])


async def see_another_device_at_the_same_time(world: World) -> None:
    await world.ways[1].accept([detection(0, device=device(1), seen_at=START_MS)])
    await world.ways[0].accept([LEARNED])  # it is SET, but of the two the other counts as the newest


CHANGES: dict[str, tuple[Callable[[World], Awaitable[object]], list[Trigger], Outcome]] = {
    "nothing": (told(), [AGAIN], Outcome.ALREADY_SET),
    "other settings": (publish_other, [AGAIN], Outcome.QUEUED),
    "a push that was forced": (
        told(msgspec.structs.replace(AGAIN, is_detection=False, source="api", force=True)), [AGAIN],
        Outcome.ALREADY_OPEN,
    ),
    "an account with other values": (
        lambda world: subscribers.replace(
            world.databases[1], SEAL, Account(imsi(0), msisdn(0), None, {"ppp_password": "other"}), now_ms=NEXT
        ),
        [AGAIN], Outcome.QUEUED,
    ),
    "no account": (
        lambda world: subscribers.remove(world.databases[1], imsi(0), now_ms=NEXT), [AGAIN], Outcome.RECORDED
    ),
    "a device forgotten": (
        lambda world: pairs.forget(world.databases[1], imsi(0), device(0).number, now_ms=NEXT), [AGAIN], Outcome.QUEUED
    ),
    "another device declared": (
        lambda world: pairs.declare_set(
            world.databases[1], world.nodes[1].intake, imsi(0), device(1), None, now_ms=NEXT + 1
        ),
        [AGAIN], Outcome.RECORDED,
    ),
    "a newer device": (
        told(detection(0, device=device(1), seen_at=NEXT + 1)), [AGAIN], Outcome.RECORDED
    ),
    "another software at the other node": (
        told(msgspec.structs.replace(AGAIN, device=Device(device(0).number, "02"))), [AGAIN], Outcome.ALREADY_SET
    ),
    "another software": (
        told(), [msgspec.structs.replace(AGAIN, device=Device(device(0).number, "02"))], Outcome.ALREADY_SET
    ),
    "time": (
        told(), [msgspec.structs.replace(AGAIN, seen_at=START_MS + INTERVAL_S * 1000)], Outcome.ALREADY_SET
    ),
    "another device at the same time": (see_another_device_at_the_same_time, [AGAIN], Outcome.ALREADY_SET),
    "a neighbour in the batch": (
        told(), [AGAIN, detection(0, device=device(1), seen_at=NEXT + 1)], Outcome.RECORDED
    ),
    "a neighbour in the batch, by number": (
        told(), [AGAIN, detection(0, imsi=None, msisdn=msisdn(0), device=device(1), seen_at=NEXT + 1)],
        Outcome.RECORDED,
    ),
}  # fmt: skip
"""What has happened -> how it comes, what this node is told then, and its first answer."""


@pytest.mark.parametrize("removes", [False, True])
async def test_what_was_forgotten_does_not_come_back_with_a_late_sighting(tmp_path: Path, removes: bool) -> None:
    world = World(tmp_path)
    publish(world.databases[0], SEAL)
    subscribe(world.databases[0], SEAL, 1)
    way = world.ways[0]
    await way.accept([LEARNED])
    world.land(Event.DELIVER)
    for seen_at in (START_MS, NEXT):  # the second is answered from memory, and not written
        await way.accept([msgspec.structs.replace(LEARNED, seen_at=seen_at)])
    if removes:
        await subscribers.remove(world.databases[1], imsi(0), now_ms=NEXT)
    else:
        await pairs.forget(world.databases[1], imsi(0), device(0).number, now_ms=NEXT)
    await way.accept([msgspec.structs.replace(LEARNED, seen_at=NEXT - 500)])
    await way.accept([detection(0, device=device(1), seen_at=START_MS - 1000)])
    seen = {
        view.device: view.pair.last_seen_at
        for view in await pairs.of_subscriber(world.databases[0], imsi(0))
        if view.pair is not None
    }
    assert seen == {device(0).number: NEXT - 500, device(1).number: START_MS - 1000}
    world.close()


@pytest.mark.parametrize("foresees", [False, True])
@pytest.mark.parametrize("change", CHANGES)
async def test_after_any_change_a_learned_pair_is_answered_and_stored_as_without_a_filter(
    change: str, foresees: bool, tmp_path: Path
) -> None:
    happens, batch, outcome = CHANGES[change]
    seen = []
    for name, remembers in (("with", True), ("without", False)):
        (tmp_path / name).mkdir()
        world = World(tmp_path / name, remembers=remembers, foresees=foresees)
        publish(world.databases[0], SEAL, INTERNET_AS_SUBSCRIBER)
        subscribe(world.databases[0], SEAL, 1, values=VALUES)
        way = world.ways[0]
        answers = list(await way.accept([LEARNED]))
        world.land(Event.DELIVER)
        for _ in range(2):
            answers += await way.accept([LEARNED])
        await happens(world)
        after = [*await way.accept(batch)]
        assert after[0].outcome is outcome
        seen.append((world.shown(answers + after), world.tables()))
        world.close()
    assert seen[0] == seen[1]


@pytest.fixture
def nodes(database: Database, seal: Seal, store_url: str) -> Iterator[list[Desk]]:
    """Two nodes on a store with one subscriber, whose device is SET; the first has learned it."""
    publish(database, seal)
    subscribe(database, seal, 1)
    other = Database(store_url)
    yield [
        desk_of(app.put_together(config(store_url, node=f"node-{number}"), own, seal))
        for number, own in enumerate((database, other))
    ]
    other.close()


async def set_and_learned(desk: Desk) -> None:
    await desk.way.declare_set(imsi(0), device(0), None)
    for _ in range(3):
        (answer,) = await desk.way.accept([detection(0)])
        assert answer.outcome is Outcome.ALREADY_SET


async def test_a_pair_that_was_learned_is_answered_without_a_transaction(nodes: list[Desk]) -> None:
    await set_and_learned(nodes[0])
    commits = nodes[0].database.commits
    (answer,) = await nodes[0].way.accept([detection(0)])
    assert answer.outcome is Outcome.ALREADY_SET
    assert nodes[0].database.commits == commits


async def test_what_another_node_changes_is_forgotten_here(nodes: list[Desk]) -> None:
    await set_and_learned(nodes[0])
    await nodes[1].way.accept([detection(0, device=device(1))])
    commits = nodes[0].database.commits
    (answer,) = await nodes[0].way.accept([detection(0)])
    assert answer.outcome is Outcome.ALREADY_SET  # it was moved back, and that had to be written
    assert nodes[0].database.commits == commits + 1


async def test_a_subscriber_in_a_transaction_is_not_answered_past_it(nodes: list[Desk]) -> None:
    await set_and_learned(nodes[0])
    way, now = nodes[0].way, app.now_ms()
    _, (back,) = await asyncio.gather(
        way.accept([detection(0, device=device(1), seen_at=now)]), way.accept([detection(0, seen_at=now + 1)])
    )
    assert back.outcome is Outcome.ALREADY_SET
    known = await nodes[0].database.read(lambda connection: stored.load(connection, [imsi(0)]))
    assert known[imsi(0)].device == device(0).number


async def test_a_late_sighting_of_another_device_undoes_nothing_that_was_answered_from_memory(
    nodes: list[Desk],
) -> None:
    """The disk knows of the first sighting only: those after it changed nothing, so they were not written."""
    way, database = nodes[0].way, nodes[0].database
    now = app.now_ms()
    await set_and_learned(nodes[0])
    commits = database.commits
    (answer,) = await way.accept([detection(0, seen_at=now + 60_000)])
    assert (answer.outcome, database.commits) == (Outcome.ALREADY_SET, commits)
    (late,) = await way.accept([detection(0, device=device(1), seen_at=now + 30_000)])
    assert late.outcome is Outcome.RECORDED
    known = await database.read(lambda connection: stored.load(connection, [imsi(0)]))
    assert (known[imsi(0)].device, known[imsi(0)].device_seen_at) == (device(0).number, now + 60_000)
    (newer,) = await way.accept([detection(0, device=device(2), seen_at=now + 60_001)])
    assert newer.outcome is Outcome.QUEUED


async def test_what_was_seen_is_remembered_of_a_device_that_is_not_set_yet(nodes: list[Desk]) -> None:
    way, now = nodes[0].way, app.now_ms()
    (queued,) = await way.accept([detection(0, seen_at=now)])
    (open_yet,) = await way.accept([detection(0, seen_at=now + 60_000)])
    assert (queued.outcome, open_yet.outcome) == (Outcome.QUEUED, Outcome.ALREADY_OPEN)
    (late,) = await way.accept([detection(0, device=device(1), seen_at=now + 30_000)])
    assert late.outcome is Outcome.RECORDED


async def test_what_was_changed_meanwhile_makes_no_late_sighting_newer(nodes: list[Desk]) -> None:
    way, now = nodes[0].way, app.now_ms()
    await set_and_learned(nodes[0])
    await way.accept([detection(0, seen_at=now + 60_000)])
    account = Account(imsi(0), msisdn(0), None, {"ppp_password": "other"})
    await subscribers.replace(nodes[1].database, SEAL, account, now_ms=now)
    (late,) = await way.accept([detection(0, device=device(1), seen_at=now + 30_000)])
    assert late.outcome is Outcome.RECORDED


async def test_a_device_that_was_forgotten_is_not_brought_back_by_what_memory_knows(nodes: list[Desk]) -> None:
    way, now = nodes[0].way, app.now_ms()
    await set_and_learned(nodes[0])
    await way.accept([detection(0, seen_at=now + 60_000)])
    await pairs.forget(nodes[1].database, imsi(0), device(0).number, now_ms=now)
    (first,) = await way.accept([detection(0, device=device(1), seen_at=now + 30_000)])
    assert first.outcome is Outcome.QUEUED
    devices = await pairs.of_subscriber(nodes[0].database, imsi(0))
    assert [view.device for view in devices if view.pair is not None] == [device(1).number]


class Held(WayHere):
    """The way in this process, whose answers can be held back once they are durable."""

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts)
        self.asked = 0
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.is_durable = asyncio.Event()

    async def accept(self, triggers: Sequence[Trigger]) -> Sequence[Answer]:
        """See `tps.delivery.intake`."""
        self.asked += 1
        answers = await super().accept(triggers)
        self.is_durable.set()
        await self.may_answer.wait()
        return answers


@pytest.mark.parametrize("changes", [False, True])
async def test_an_answer_teaches_nothing_of_those_who_were_changed_before_it_came(
    changes: bool, database: Database, seal: Seal, store_url: str
) -> None:
    publish(database, seal)
    subscribe(database, seal, 2)
    held = Held(app.put_together(config(store_url), database, seal))
    way = FilteredWay(held, SetFilter(database, 1000))
    for number in range(2):
        await way.declare_set(imsi(number), device(number), None)
    for _ in range(3):
        await way.accept([detection(0)])
    held.may_answer.clear()
    held.is_durable.clear()
    waiting = asyncio.create_task(way.accept([detection(1)]))
    await held.is_durable.wait()
    if changes:
        account = Account(imsi(1), msisdn(1), None, {"ppp_password": "other"})
        await subscribers.replace(database, SEAL, account, now_ms=app.now_ms())
    asked = held.asked
    (remembered,) = await way.accept([detection(0)])  # by this look the filter hears of the change
    assert (remembered.outcome, held.asked) == (Outcome.ALREADY_SET, asked)
    held.may_answer.set()
    (answer,) = await waiting
    assert answer.outcome is Outcome.ALREADY_SET
    await way.accept([detection(1)])
    assert held.asked == asked + changes
