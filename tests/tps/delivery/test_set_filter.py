"""The filter before intake: it saves transactions, and changes neither answers nor the disk."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
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
from tps.backoffice.subscribers import Account
from tps.decisions.identities import Device
from tps.decisions.push_life import Event
from tps.decisions.triggers import Outcome, Trigger
from tps.parts import Parts
from tps.store import subscribers as stored
from tps.store.database import Database
from tps.store.sealing import Seal

NEXT = START_MS + 1000
LEARNED = detection(0, device=Device(device(0).number, "01"), seen_at=START_MS)
AGAIN = msgspec.structs.replace(LEARNED, seen_at=NEXT)


def told(*triggers: Trigger) -> Callable[[World], Awaitable[object]]:
    """The other node takes these in."""
    return lambda world: world.nodes[1].intake.accept(triggers)


async def publish_other(world: World) -> None:
    publish(world.databases[1], SEAL, BODIES[2])


async def see_another_device_at_the_same_time(world: World) -> None:
    await world.nodes[1].intake.accept([detection(0, device=device(1), seen_at=START_MS)])
    await world.nodes[0].intake.accept([LEARNED])  # it is SET, but of the two the other counts as the newest


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


@pytest.mark.parametrize("change", CHANGES)
async def test_after_any_change_a_learned_pair_is_answered_and_stored_as_without_a_filter(
    change: str, tmp_path: Path
) -> None:
    happens, batch, outcome = CHANGES[change]
    seen = []
    for name, remembered_pairs in (("with", 1000), ("without", 0)):
        (tmp_path / name).mkdir()
        world = World(tmp_path / name, remembered_pairs)
        publish(world.databases[0], SEAL, INTERNET_AS_SUBSCRIBER)
        subscribe(world.databases[0], SEAL, 1, values=VALUES)
        intake = world.nodes[0].intake
        answers = list(await intake.accept([LEARNED]))
        world.land(Event.DELIVER)
        for _ in range(2):
            answers += await intake.accept([LEARNED])
        await happens(world)
        after = await intake.accept(batch)
        assert after[0].outcome is outcome
        seen.append((world.shown(answers + after), world.tables()))
        world.close()
    assert seen[0] == seen[1]


@pytest.fixture
def nodes(database: Database, seal: Seal, store_url: str) -> Iterator[list[Parts]]:
    """Two nodes on a store with one subscriber, whose device is SET; the first has learned it."""
    publish(database, seal)
    subscribe(database, seal, 1)
    other = Database(store_url)
    yield [
        app.put_together(config(store_url, node=f"node-{number}"), own, seal)
        for number, own in enumerate((database, other))
    ]
    other.close()


async def set_and_learned(parts: Parts) -> None:
    await pairs.declare_set(parts.database, parts.intake, imsi(0), device(0), None, now_ms=app.now_ms())
    for _ in range(3):
        (answer,) = await parts.intake.accept([detection(0)])
        assert answer.outcome is Outcome.ALREADY_SET


async def test_a_pair_that_was_learned_is_answered_without_a_transaction(nodes: list[Parts]) -> None:
    await set_and_learned(nodes[0])
    commits = nodes[0].database.commits
    (answer,) = await nodes[0].intake.accept([detection(0)])
    assert answer.outcome is Outcome.ALREADY_SET
    assert nodes[0].database.commits == commits


async def test_what_another_node_changes_is_forgotten_here(nodes: list[Parts]) -> None:
    await set_and_learned(nodes[0])
    await nodes[1].intake.accept([detection(0, device=device(1))])
    commits = nodes[0].database.commits
    (answer,) = await nodes[0].intake.accept([detection(0)])
    assert answer.outcome is Outcome.ALREADY_SET  # it was moved back, and that had to be written
    assert nodes[0].database.commits == commits + 1


async def test_a_subscriber_in_a_transaction_is_not_answered_past_it(nodes: list[Parts]) -> None:
    await set_and_learned(nodes[0])
    intake, now = nodes[0].intake, app.now_ms()
    _, (back,) = await asyncio.gather(
        intake.accept([detection(0, device=device(1), seen_at=now)]), intake.accept([detection(0, seen_at=now + 1)])
    )
    assert back.outcome is Outcome.ALREADY_SET
    known = await nodes[0].database.read(lambda connection: stored.load(connection, [imsi(0)]))
    assert known[imsi(0)].device == device(0).number
