"""A dry run says what intake then does, and leaves no trace."""

from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from tests.tps.conftest import SEAL
from tests.tps.delivering import START_MS, config, detection, device, imsi, publish, subscribe
from tests.tps.delivery.filter_worlds import World
from tps import app
from tps.backoffice import pairs
from tps.decisions.identities import Device
from tps.decisions.push_life import Event
from tps.decisions.triggers import Outcome, Trigger
from tps.delivery.dry_run import DryRun
from tps.store.database import Connection, Database
from tps.store.schema import metadata
from tps.store.sealing import Seal

seen = st.builds(
    lambda person, handset, second: detection(person, device=handset, seen_at=START_MS + second * 1000, source="file"),
    st.integers(0, 3),
    st.integers(0, 2).map(device) | st.just(Device("0" * 14, dirty="all digits alike")),
    st.integers(0, 30),
)
batches = st.lists(st.lists(seen, min_size=1, max_size=6), min_size=1, max_size=5)


def everything(connection: Connection) -> list[Any]:
    """All rows of all tables."""
    return [connection.execute(select(table)).all() for table in metadata.sorted_tables]


def seen_in(*told: list[list[Trigger]]) -> set[tuple[str, str]]:
    """IMSI and device of every subscriber's pair."""
    return {
        (each.imsi, each.device.number)
        for batch in chain(*told)
        for each in batch
        if each.imsi is not None and each.device is not None and each.device.dirty is None and each.imsi < imsi(3)
    }


async def told(
    database: Database, dry_run: DryRun, triggers: Sequence[Trigger], reminders: Sequence[Trigger] = ()
) -> list[Outcome]:
    rehearsed = await database.read(lambda connection: dry_run.rehearse(connection, [*reminders, *triggers]))
    return [each.answer.outcome for each in rehearsed[len(reminders) :]]


@given(before=batches, remembered=batches, forgotten=st.integers(0, 4), after=batches)
@settings(max_examples=40)
async def test_a_dry_run_says_of_every_line_what_intake_then_answers(
    before: list[list[Trigger]], remembered: list[list[Trigger]], forgotten: int, after: list[list[Trigger]]
) -> None:
    with TemporaryDirectory() as folder:
        world = World(Path(folder), foresees=True)
        database, way = world.databases[0], world.ways[0]
        publish(database, SEAL)
        subscribe(database, SEAL, 3)
        for batch in before:
            await way.accept(batch)
        world.land(Event.DELIVER)
        for batch in remembered:
            await way.accept(batch)
        for number, handset in sorted(seen_in(before, remembered))[:forgotten]:
            await pairs.forget(database, number, handset, now_ms=START_MS)
        untouched = database.read_now(everything)
        dry_run = DryRun(world.nodes[0].intake.transaction.decision)
        foretold = [await told(database, dry_run, batch, way.reminders_for(batch)) for batch in after]
        assert database.read_now(everything) == untouched
        assert foretold == [[answer.outcome for answer in await way.accept(batch)] for batch in after]
        world.close()


async def test_what_would_be_sent_is_told_with_its_receiver_and_version(
    database: Database, seal: Seal, store_url: str
) -> None:
    publish(database, seal)
    subscribe(database, seal, 1)
    parts = app.put_together(config(store_url), database, seal)
    dry_run = DryRun(parts.intake.transaction.decision)
    triggers = [detection(0), detection(7)]
    known, unknown = await database.read(lambda connection: dry_run.rehearse(connection, triggers))
    assert known.intended is not None
    assert (known.answer.outcome, known.intended.imsi, known.intended.profile.version) == (Outcome.QUEUED, imsi(0), 1)
    assert (unknown.answer.outcome, unknown.intended) == (Outcome.RECORDED, None)


@pytest.mark.parametrize(("remembered", "again"), [(2, Outcome.ALREADY_OPEN), (1, Outcome.QUEUED)])
async def test_of_a_long_dry_run_only_the_newest_is_kept_in_mind(
    sqlite: Database, sqlite_url: str, seal: Seal, remembered: int, again: Outcome
) -> None:
    publish(sqlite, seal)
    subscribe(sqlite, seal, 2)
    parts = app.put_together(config(sqlite_url), sqlite, seal)
    dry_run = DryRun(parts.intake.transaction.decision, remembered)
    for number in range(2):
        assert await told(sqlite, dry_run, [detection(number)]) == [Outcome.QUEUED]
    assert await told(sqlite, dry_run, [detection(0)]) == [again]
