"""The filter before intake: whatever happens, the answers and the disk are what they would be without it."""

import asyncio
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from sqlalchemy import select

from tests.tps.conftest import SEAL
from tests.tps.delivering import (
    INTERNET,
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
from tps import app
from tps.backoffice import pairs, subscribers
from tps.backoffice.subscribers import Account, Changes
from tps.config import DetectionConfig
from tps.decisions.identities import Device, bucket_of
from tps.decisions.push_life import Event, State, move
from tps.decisions.triggers import Answer, Outcome, Trigger
from tps.errors import RejectedError
from tps.parts import Parts
from tps.store import migrate, pushes, schema
from tps.store.database import Connection, Database
from tps.store.pushes import Move
from tps.store.sealing import Seal

INTERVAL_S = 10
BODIES = (INTERNET, INTERNET_AS_SUBSCRIBER, INTERNET.replace(b"internet.example", b"net.example"))
VALUES = {"ppp_password": "secret"}
NOT_COMPARED = {
    "id", "key_released", "history", "attention_at", "expires_at", "created_at", "changed_at", "sealed_secrets",
    "sealed_values", "sealed_pin", "fingerprint",
}  # fmt: skip
"""Columns that differ between two stores that were told the same: numbers, the clock, seals, the pepper."""

people = st.integers(0, 2)
versions = st.sampled_from([None, None, "01", "02"])
devices = st.builds(lambda number, version: Device(device(number).number, version), st.integers(0, 2), versions)
dirty = st.just(Device("0" * 14, dirty="all digits alike"))
times = st.integers(0, 2 * INTERVAL_S).map(lambda seconds: START_MS + seconds * 1000)
detections = st.builds(
    lambda number, seen_in, at: detection(number, device=seen_in, seen_at=at), people, devices | dirty, times
)
by_number = st.builds(
    lambda seen, number: msgspec.structs.replace(seen, imsi=None, msisdn=msisdn(number)), detections, people
)
triggers = (
    detections
    | detections
    | by_number
    | st.builds(
        lambda seen, force: msgspec.structs.replace(seen, is_detection=False, source="api", force=force),
        detections,
        st.booleans(),
    )
)


@cache
def empty_store() -> Path:
    """A store with the newest schema, made once."""
    file = Path(tempfile.mkdtemp()) / "store.sqlite3"
    database = Database(f"sqlite:///{file}")
    migrate.upgrade(database.engine)
    database.close()
    return file


class World:
    """Two nodes on a store of their own."""

    def __init__(self, folder: Path, remembered_pairs: int) -> None:
        shutil.copy(empty_store(), folder / "store.sqlite3")
        url = f"sqlite:///{folder}/store.sqlite3"
        self.databases = [Database(url), Database(url)]
        detecting = DetectionConfig(
            default_settings="internet", sighting_interval_s=INTERVAL_S, remembered_pairs=remembered_pairs
        )
        self.nodes: list[Parts] = [
            app.put_together(
                msgspec.structs.replace(config(url, node=f"node-{number}"), detection=detecting), database, SEAL
            )
            for number, database in enumerate(self.databases)
        ]
        self._order: dict[int, int] = {}

    def shown(self, answers: Sequence[Answer]) -> list[Answer]:
        """Answers with pushes numbered in the order they were heard of."""
        return [
            answer
            if answer.push_id is None
            else msgspec.structs.replace(answer, push_id=self._order.setdefault(answer.push_id, len(self._order)))
            for answer in answers
        ]

    def tables(self) -> list[list[tuple[Any, ...]]]:
        """What is on the disk, as far as it can be the same in two worlds."""

        def read(connection: Connection) -> list[list[tuple[Any, ...]]]:
            return [
                sorted(
                    (tuple(row) for row in connection.execute(select(*columns))),
                    key=lambda row: tuple(map(repr, row)),
                )
                for columns in (
                    [column for column in table.columns if column.name not in NOT_COMPARED]
                    + ([(table.c.key_released == 0).label("held")] if table is schema.push else [])
                    for table in (schema.subscriber, schema.pair, schema.push)
                )
            ]

        return self.databases[0].read_now(read)

    def land(self, event: Event) -> None:
        """All open pushes end so."""

        def save(connection: Connection) -> None:
            for number in range(3):
                for stored in pushes.open_of(connection, *bucket_and_imsi(number)):
                    after = move(State(stored.state), event)
                    releases = int(after is State.FAILED)
                    step = Move(stored.bucket, stored.id, stored.state, after, 0, "", releases_key=releases)
                    pushes.save(connection, [step], START_MS)

        self.databases[0].write_now(save)

    def close(self) -> None:
        for database in self.databases:
            database.close()


def bucket_and_imsi(number: int) -> tuple[int, str]:
    return bucket_of(imsi(number)), imsi(number)


class WithAndWithout(RuleBasedStateMachine):
    """The same is done to a world with the filter and to one without."""

    def __init__(self) -> None:
        super().__init__()
        self._runner = asyncio.Runner()
        self._folder = Path(tempfile.mkdtemp())
        self._worlds: list[World] = []
        for name, remembered_pairs in (("with", 1000), ("without", 0)):
            (self._folder / name).mkdir()
            self._worlds.append(self._run(self._made(self._folder / name, remembered_pairs)))
        self._last = detection(0, seen_at=START_MS)
        self._everywhere(lambda world: publish(world.databases[0], SEAL))
        self._everywhere(lambda world: subscribe(world.databases[0], SEAL, 3, values=VALUES))

    async def _made(self, folder: Path, remembered_pairs: int) -> World:
        return World(folder, remembered_pairs)

    def _run(self, task: Any) -> Any:
        return self._runner.run(task)

    def _everywhere(self, step: Callable[[World], object]) -> None:
        for world in self._worlds:
            step(world)

    def _asked(self, step: Callable[[World], Awaitable[object]]) -> None:
        """A step of the back office: both worlds agree whether it can be done."""

        async def refusal(world: World) -> str | None:
            try:
                await step(world)
            except RejectedError as error:
                return error.message
            return None

        one, other = (self._run(refusal(world)) for world in self._worlds)
        assert one == other

    @rule(node=st.integers(0, 1), batch=st.lists(triggers, min_size=1, max_size=5), times=st.integers(1, 3))
    def detect(self, node: int, batch: list[Trigger], times: int) -> None:
        for _ in range(times):
            one, other = (world.shown(self._run(world.nodes[node].intake.accept(batch))) for world in self._worlds)
            assert one == other

    @rule(node=st.integers(0, 1), number=people, seen_in=devices, at=times)
    def set_and_learn(self, node: int, number: int, seen_in: Device, at: int) -> None:
        """What the random steps need luck for: the pair is SET, and a node has seen it so."""
        self._last = detection(number, device=seen_in, seen_at=at)
        self.detect(node, [self._last], 1)
        self.land(Event.DELIVER)
        self.detect(node, [self._last], 2)

    @rule(node=st.integers(0, 1), lone=st.booleans())
    def detect_again(self, node: int, lone: bool) -> None:
        """The pair that was learned last comes again, whatever happened since."""
        if lone:
            self.detect_one(node, self._last)
        else:
            self.detect(node, [self._last], 1)

    @rule(node=st.integers(0, 1), trigger=triggers)
    def detect_one(self, node: int, trigger: Trigger) -> None:
        one, other = (world.shown([self._run(world.nodes[node].intake.accept_one(trigger))]) for world in self._worlds)
        assert one == other

    @rule(event=st.sampled_from([Event.DELIVER, Event.DELIVER, Event.DELIVER, Event.REFUSE]))
    def land(self, event: Event) -> None:
        self._everywhere(lambda world: world.land(event))

    @rule(body=st.sampled_from(BODIES))
    def publish(self, body: bytes) -> None:
        self._everywhere(lambda world: publish(world.databases[1], SEAL, body))

    @rule(number=people, values=st.sampled_from([VALUES, {"ppp_password": "other"}, {}]))
    def replace_account(self, number: int, values: dict[str, str]) -> None:
        account = Account(imsi(number), msisdn(number), None, values)
        self._asked(lambda world: subscribers.replace(world.databases[1], SEAL, account, now_ms=START_MS))

    @rule(number=people)
    def change_account(self, number: int) -> None:
        changes = Changes(frozenset({"values"}), values={"ppp_password": "third"})
        self._asked(lambda world: subscribers.change(world.databases[0], SEAL, imsi(number), changes, now_ms=START_MS))

    @rule(number=people)
    def remove_account(self, number: int) -> None:
        self._asked(lambda world: subscribers.remove(world.databases[0], imsi(number), now_ms=START_MS))

    @rule(number=people, seen_in=devices)
    def forget_device(self, number: int, seen_in: Device) -> None:
        self._asked(lambda world: pairs.forget(world.databases[1], imsi(number), seen_in.number, now_ms=START_MS))

    @rule(number=people, seen_in=st.none() | devices, at=times)
    def declare_set(self, number: int, seen_in: Device | None, at: int) -> None:
        async def declare(world: World) -> None:
            intake = world.nodes[0].intake
            await pairs.declare_set(world.databases[0], intake, imsi(number), seen_in, None, now_ms=at)

        self._asked(declare)

    @invariant()
    def the_disk_is_the_same(self) -> None:
        one, other = (world.tables() for world in self._worlds)
        assert one == other

    def teardown(self) -> None:
        self._everywhere(World.close)
        self._runner.close()
        shutil.rmtree(self._folder)


TestWithAndWithout = WithAndWithout.TestCase
TestWithAndWithout.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)


NEXT = START_MS + 1000
LEARNED = detection(0, device=Device(device(0).number, "01"), seen_at=START_MS)
AGAIN = msgspec.structs.replace(LEARNED, seen_at=NEXT)


def told(*triggers: Trigger) -> Callable[[World], Awaitable[object]]:
    """The other node takes these in."""
    return lambda world: world.nodes[1].intake.accept(triggers)


async def publish_other(world: World) -> None:
    publish(world.databases[1], SEAL, BODIES[2])


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
    (alone,), (lone,) = await nodes[0].intake.accept([detection(0)]), [await nodes[0].intake.accept_one(detection(0))]
    assert alone == lone
    assert alone.outcome is Outcome.ALREADY_SET
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
    moved, back = await asyncio.gather(
        intake.accept([detection(0, device=device(1), seen_at=now)]), intake.accept([detection(0, seen_at=now + 1)])
    )
    assert [answer.outcome for answer in (*moved, *back)] == [Outcome.QUEUED, Outcome.ALREADY_SET]
    (row,) = await nodes[0].database.read(lambda connection: connection.execute(select(schema.subscriber.c.device)))
    assert row.device == device(0).number
