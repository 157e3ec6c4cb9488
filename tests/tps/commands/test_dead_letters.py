"""`tps dead-letters`: reasons are counted, pushes begin again by id or all of a kind."""

import asyncio
from pathlib import Path

import pytest

from tests.tps.commands.conftest import Run
from tests.tps.delivering import all_pushes, config, detection, publish, subscribe
from tps import app
from tps.commands import dead_letters
from tps.decisions.push_id import text_of
from tps.decisions.push_life import Event, State
from tps.store import pushes
from tps.store.database import Database
from tps.store.pushes import Move, history_line
from tps.store.sealing import Seal

NO_ROUTE, REFUSED = "no route took it", "command_status 0x0000000B"


@pytest.fixture
def ids(sqlite: Database, seal: Seal, sqlite_url: str) -> list[str]:
    """Pushes: three EXPIRED, one FAILED, one QUEUED."""
    publish(sqlite, seal)
    subscribe(sqlite, seal, 5)

    async def store() -> list[int]:
        parts = app.put_together(config(sqlite_url), sqlite, seal)
        answers = await parts.intake.accept([detection(number) for number in range(5)])
        return [answer.push_id or 0 for answer in answers]

    numbers = asyncio.run(store())
    rows = {row.id: row for row in sqlite.read_now(all_pushes)}
    ends = [(State.EXPIRED, NO_ROUTE)] * 3 + [(State.FAILED, REFUSED)]
    moves = [
        Move(number & 63, number, rows[number].state, state, 1, history_line(1, Event.EXPIRE, state), error=error,
             releases_key=1)
        for number, (state, error) in zip(numbers, ends, strict=False)
    ]  # fmt: skip
    sqlite.write_now(lambda connection: pushes.save(connection, moves, 1))
    return [text_of(number) for number in numbers]


def states(database: Database) -> dict[str, str]:
    return {text_of(row.id): State(row.state).name for row in database.read_now(all_pushes)}


def test_reasons_are_listed_the_most_frequent_first(run: Run, config_file: Path, ids: list[str]) -> None:
    listed = run("dead-letters", "list", "--config", config_file)
    assert listed.exit_code == 0
    assert listed.stdout.index(NO_ROUTE) < listed.stdout.index("ESME_RINVDSTADR")
    assert ids[2] in listed.stdout
    none = run("dead-letters", "list", "--config", config_file, "--until", "2026-01-01", "--settings", "internet")
    assert none.stdout == "no dead letters\n"


def test_those_that_are_named_begin_again_and_the_others_are_told_why_not(
    run: Run, config_file: Path, sqlite: Database, ids: list[str]
) -> None:
    done = run("dead-letters", "requeue", ids[3], ids[4], "--config", config_file)
    assert (done.exit_code, done.stdout) == (2, "1 re-queued, 1 refused\n")
    assert f"{ids[4]}: a push that is QUEUED cannot be re-queued" in done.stderr
    assert states(sqlite)[ids[3]] == "QUEUED"
    assert "by tps dead-letters" in sqlite.read_now(all_pushes)[0].history + sqlite.read_now(all_pushes)[3].history


@pytest.mark.parametrize(("limit", "expected"), [(None, 3), (2, 2), (1, 1)])
def test_all_of_a_kind_begin_again_batch_by_batch(
    run: Run,
    config_file: Path,
    sqlite: Database,
    ids: list[str],
    monkeypatch: pytest.MonkeyPatch,
    limit: int | None,
    expected: int,
) -> None:
    monkeypatch.setattr(dead_letters, "REQUEUED_MAX", 2)
    most = [] if limit is None else ["--limit", limit]
    done = run("dead-letters", "requeue", "--state", "expired", "--reason", "route", *most, "--config", config_file)
    assert (done.exit_code, done.stdout) == (0, f"{expected} re-queued, 0 refused\n")
    assert [states(sqlite)[push_id] for push_id in ids[:3]] == ["QUEUED"] * expected + ["EXPIRED"] * (3 - expected)


@pytest.mark.parametrize("arguments", [[], ["0am29r5fg001g", "--state", "FAILED"]])
def test_which_ones_must_be_said_in_one_way(run: Run, config_file: Path, arguments: list[str]) -> None:
    refused = run("dead-letters", "requeue", *arguments, "--config", config_file)
    assert refused.exit_code == 2
    assert "give either the ids of pushes or --state" in refused.stderr
