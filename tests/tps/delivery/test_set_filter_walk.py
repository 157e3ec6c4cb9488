"""Whatever happens in whatever order, the answers and the disk are what they would be without the filter."""

import asyncio
import shutil
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tests.tps.conftest import SEAL
from tests.tps.delivering import (
    START_MS,
    detection,
    device,
    imsi,
    msisdn,
    publish,
    subscribe,
)
from tests.tps.delivery.filter_worlds import BODIES, INTERVAL_S, VALUES, World
from tps.backoffice import pairs, subscribers
from tps.backoffice.subscribers import Account, Changes
from tps.decisions.identities import Device
from tps.decisions.push_life import Event
from tps.decisions.triggers import Trigger
from tps.errors import RejectedError

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


class WithAndWithout(RuleBasedStateMachine):
    """The same is done to a world with the filter and to one without."""

    def __init__(self) -> None:
        super().__init__()
        self._runner = asyncio.Runner()
        self._folder = Path(tempfile.mkdtemp())
        self._worlds: list[World] = []
        for name, remembers in (("with", True), ("without", False)):
            (self._folder / name).mkdir()
            self._worlds.append(self._run(self._made(self._folder / name, remembers=remembers)))
        self._last = detection(0, seen_at=START_MS)
        self._everywhere(lambda world: publish(world.databases[0], SEAL))
        self._everywhere(lambda world: subscribe(world.databases[0], SEAL, 3, values=VALUES))

    async def _made(self, folder: Path, *, remembers: bool) -> World:
        return World(folder, remembers=remembers, foresees=remembers)

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
            one, other = (world.shown(self._run(world.ways[node].accept(batch))) for world in self._worlds)
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
        one, other = (world.shown(self._run(world.ways[node].accept([trigger]))) for world in self._worlds)
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
