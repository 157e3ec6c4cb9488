"""Out-of-order events never undo newer knowledge: whatever comes late, the answers are those of a server that writes
every sighting."""

import asyncio
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.tps.conftest import SEAL
from tests.tps.delivering import START_MS, detection, device, imsi, publish, subscribe
from tests.tps.delivery.filter_worlds import BODIES, INTERVAL_S, World
from tps.decisions.identities import bucket_of
from tps.decisions.push_life import Event
from tps.decisions.triggers import Trigger
from tps.store import pairs

PEOPLE = 2
"""One more has no account, at first."""
people = st.integers(0, PEOPLE)
times = st.integers(0, 2 * INTERVAL_S).map(lambda seconds: START_MS + seconds * 1000)
sightings = st.builds(
    lambda number, other, at: detection(number, device=device(other), seen_at=at), people, st.integers(0, 2), times
)


def newest(seen: Mapping[str, int]) -> str | None:
    """The device that was seen last; of two at the same moment the greater number."""
    return max(seen, key=lambda name: (seen[name], name), default=None)


class RememberedAndWritten(RuleBasedStateMachine):
    """The same is told to a server that remembers sightings and to one that writes each of them."""

    def __init__(self) -> None:
        super().__init__()
        self._runner = asyncio.Runner()
        self._folder = tempfile.TemporaryDirectory()
        self._runner.run(self._begin())

    async def _begin(self) -> None:
        names = (("remembers", INTERVAL_S), ("writes", 0))
        folders = [Path(self._folder.name) / name for name, _ in names]
        for folder in folders:
            folder.mkdir()
        self._remembers, self._writes = (
            World(folder, foresees=True, interval_s=interval_s)
            for folder, (_, interval_s) in zip(folders, names, strict=True)
        )
        for world in (self._remembers, self._writes):
            publish(world.databases[0], SEAL)
            subscribe(world.databases[0], SEAL, PEOPLE)

    @initialize(at=times)
    def begin_set(self, at: int) -> None:
        """Everybody's device is SET and remembered so."""
        batch = [detection(number, device=device(0), seen_at=at) for number in range(PEOPLE)]
        self.tell(batch)
        self.land()
        self.tell(batch)

    @rule(batch=st.lists(sightings, min_size=1, max_size=4))
    def tell(self, batch: Sequence[Trigger]) -> None:
        remembered = self._remembers.shown(self._runner.run(self._remembers.ways[0].accept(batch)))
        # What is written needs no filter, and gets none.
        written = self._writes.shown(self._runner.run(self._writes.nodes[0].intake.accept(batch)))
        assert remembered == written

    @rule(sighting=sightings)
    def tell_one(self, sighting: Trigger) -> None:
        self.tell([sighting])

    @rule()
    def land(self) -> None:
        for world in (self._remembers, self._writes):
            world.land(Event.DELIVER)

    @rule()
    def open_account(self) -> None:
        """What was seen of the SIM before counts as for any other."""
        for world in (self._remembers, self._writes):
            subscribe(world.databases[1], SEAL, 1, first=PEOPLE)

    @rule(body=st.sampled_from(BODIES[::2]))
    def publish(self, body: bytes) -> None:
        """Everybody's claim is void; when he was seen is not."""
        for world in (self._remembers, self._writes):
            publish(world.databases[1], SEAL, body)

    @invariant()
    def the_same_was_seen_as_far_as_it_was_due(self) -> None:
        for number in range(PEOPLE + 1):
            who = bucket_of(imsi(number)), imsi(number)
            seen = [
                {
                    pair.device: pair.last_seen_at
                    for pair in world.databases[0].read_now(lambda connection: pairs.of_subscriber(connection, *who))  # noqa: B023
                }
                for world in (self._remembers, self._writes)
            ]
            assert seen[0].keys() == seen[1].keys()
            assert newest(seen[0]) == newest(seen[1])
            assert all(0 <= seen[1][name] - seen[0][name] < INTERVAL_S * 1000 for name in seen[1])

    def teardown(self) -> None:
        for world in (self._remembers, self._writes):
            world.close()
        self._runner.close()
        self._folder.cleanup()


TestRememberedAndWritten = RememberedAndWritten.TestCase
TestRememberedAndWritten.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
