"""However feeds, nodes, retries and replays are interleaved: one push for each (IMSI, device, settings fingerprint)."""

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import count
from typing import NamedTuple

import msgspec
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import select

from tests.tps.conftest import SEAL
from tests.tps.delivering import INTERNET, START_MS, config, detection, device, imsi, publish, subscribe
from tps import app
from tps.decisions.identities import bucket_of
from tps.decisions.push_life import KEY_HOLDING_STATES, Event, State, move
from tps.decisions.triggers import Outcome, Trigger
from tps.parts import Parts
from tps.store import pushes
from tps.store.database import Connection, Database
from tps.store.pushes import Move
from tps.store.schema import push

PEOPLE, HANDSETS = 3, 3
FEEDS = ("radius", "s13", "file", "detection")


class Told(NamedTuple):
    """A sighting, before it is known which people this run is about."""

    person: int
    handset: int
    second: int
    feed: str


told = st.builds(
    Told, st.integers(0, PEOPLE - 1), st.integers(0, HANDSETS - 1), st.integers(0, 20), st.sampled_from(FEEDS)
)
batches = st.lists(told, min_size=1, max_size=6)


class Site:
    """Two nodes on a store that many runs share, each with people of its own."""

    def __init__(self, database: Database, url: str) -> None:
        self.runner = asyncio.Runner()
        self.firsts = count(0, PEOPLE)
        self.other = Database(url)
        self.nodes = self.runner.run(self._nodes([database, self.other], url))
        publish(database, SEAL)
        self.versions = count()
        self.outcomes: Counter[Outcome] = Counter()

    async def _nodes(self, databases: Sequence[Database], url: str) -> list[Parts]:
        nodes = []
        for number, database in enumerate(databases):
            own = config(url, node=f"node-{number}")
            own = msgspec.structs.replace(own, node=msgspec.structs.replace(own.node, number=number))
            nodes.append(app.put_together(own, database, SEAL))
        return nodes

    def close(self) -> None:
        self.runner.close()
        self.other.close()


class OnePush(RuleBasedStateMachine):
    """Feeds tell the same and other things, to either node, again and again, while pushes come to their ends."""

    def __init__(self, site: Site) -> None:
        super().__init__()
        self._site = site
        self._database = site.nodes[0].database
        self._first = next(site.firsts)
        self._told: list[list[Told]] = []
        subscribe(self._database, SEAL, PEOPLE, first=self._first)

    @rule(node=st.integers(0, 1), batch=batches)
    def tell(self, node: int, batch: list[Told]) -> None:
        self._told.append(batch)
        self._site.runner.run(self._accept([(node, batch)]))

    @rule(batches=st.lists(batches, min_size=2, max_size=4))
    def tell_both_nodes_at_once(self, batches: list[list[Told]]) -> None:
        self._told += batches
        self._site.runner.run(self._accept([(number % 2, batch) for number, batch in enumerate(batches)]))

    @rule(data=st.data(), node=st.integers(0, 1))
    def replay(self, data: st.DataObject, node: int) -> None:
        if self._told:
            batch = data.draw(st.sampled_from(self._told))
            self._site.runner.run(self._accept([(node, batch), (1 - node, batch)]))

    @rule(event=st.sampled_from([Event.DELIVER, Event.DELIVER, Event.REFUSE]))
    def land(self, event: Event) -> None:
        def save(connection: Connection) -> None:
            for person in range(PEOPLE):
                name = imsi(self._first + person)
                for row in pushes.open_of(connection, bucket_of(name), name):
                    after = move(State(row.state), event)
                    step = Move(row.bucket, row.id, row.state, after, 0, "", releases_key=int(after is State.FAILED))
                    pushes.save(connection, [step], START_MS)

        self._database.write_now(save)

    @rule()
    def publish(self) -> None:
        address = f"internet{next(self._site.versions)}.example"
        publish(self._database, SEAL, INTERNET.replace(b"internet.example", address.encode()))

    @rule()
    def tell_everything_again(self) -> None:
        """Nothing is lost: who was told of has a push of the newest settings to his newest device, and one only."""
        everything = [each for batch in self._told for each in batch]
        newest = {each.person: max((one.second, one.handset) for one in everything if one.person == each.person)
                  for each in everything}  # fmt: skip
        last = [Told(person, handset, second, "file") for person, (second, handset) in newest.items()]
        outcomes = self._site.runner.run(self._accept([(0, last), (1, last)])) if last else []
        assert all(outcome is not Outcome.RECORDED for outcome in outcomes)

    @invariant()
    def no_key_has_two_pushes(self) -> None:
        people = [imsi(self._first + person) for person in range(PEOPLE)]
        columns = push.c.imsi, push.c.device, push.c.fingerprint, push.c.state
        statement = select(*columns).where(push.c.imsi.in_(people))
        rows = self._database.read_now(lambda connection: connection.execute(statement).all())
        living = Counter(row[:3] for row in rows if row.state in KEY_HOLDING_STATES)
        assert all(number == 1 for number in living.values()), living

    async def _accept(self, deliveries: Sequence[tuple[int, list[Told]]]) -> list[Outcome]:
        answers = await asyncio.gather(
            *(self._site.nodes[node].intake.accept(list(map(self._trigger, batch))) for node, batch in deliveries)
        )
        outcomes = [answer.outcome for each in answers for answer in each]
        self._site.outcomes.update(outcomes)
        return outcomes

    def _trigger(self, each: Told) -> Trigger:
        seen_at = START_MS + each.second * 1000
        return detection(self._first + each.person, device=device(each.handset), seen_at=seen_at, source=each.feed)


@pytest.fixture
def site(database: Database, store_url: str) -> Iterator[Site]:
    made = Site(database, store_url)
    yield made
    made.close()


def test_there_is_one_push_for_each_key_however_feeds_and_nodes_interleave(site: Site) -> None:
    class Here(OnePush):
        def __init__(self) -> None:
            super().__init__(site)

    run_state_machine_as_test(Here, settings=settings(max_examples=25, stateful_step_count=20, deadline=None))
    assert site.outcomes.keys() == set(Outcome) - {Outcome.REJECTED}
