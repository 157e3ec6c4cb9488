"""Every case of the chaos in short: nothing is lost, and nothing goes out twice that was not UNCERTAIN."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests import postgresql_server
from tests.chaos import faults
from tests.chaos.cases import CASES
from tests.chaos.counting import count, unexplained, whole_documents
from tests.chaos.recovery import Delivery, catching_up, recoveries
from tests.chaos.run import run
from tests.chaos.stores import Store, new_store
from tps.sim.smsc_record import RecordLine
from tps.store.database import Database

PUSHES, FAULTS = 400, 2
MAKES_UNCERTAIN = {"kill", "two-nodes", "links"}


@contextmanager
def short_store(name: str, kind: str, folder: Path, request: pytest.FixtureRequest) -> Iterator[Store]:
    """A PostgreSQL of its own for the case that restarts it; the others share that of the session."""
    server = request.getfixturevalue("postgresql_url") if kind == "postgresql" else ""
    if kind == "sqlite" or name == "postgresql-restart":
        with new_store(kind, folder) as store:
            yield store
    else:
        with postgresql_server.database(server, f"chaos-{name}") as url:
            yield Store(url)


@pytest.mark.parametrize(("name", "kind"), [(name, kind) for name, case in CASES.items() for kind in case.stores])
async def test_pushes_survive(name: str, kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    case = CASES[name]
    if case.fault is faults.kill_for_a_while:
        case = case._replace(fault=faults.kill)  # the end of a lease is waited for in the long form only
    with short_store(name, kind, tmp_path, request) as store:
        found = await run(case, tmp_path, store, pushes=PUSHES, faults=FAULTS)
    assert found.counted.pushes == PUSHES
    assert found.is_promise_kept, found.as_dict()
    if case.fault is not None:
        assert found.faults == len(found.recovery_s) == FAULTS
    if name in MAKES_UNCERTAIN:
        assert found.counted.uncertain > 0


def record_line(reference: int, part: int) -> RecordLine:
    return RecordLine(0, 1, "1", "9900", reference, part, 2, "")


def test_parts_of_two_attempts_make_no_whole_document() -> None:
    assert whole_documents([record_line(1, 1), record_line(2, 2)]) == {"9900": 0}
    assert whole_documents([record_line(*place) for place in ((1, 1), (1, 2), (2, 1), (2, 2))]) == {"9900": 2}


def test_what_reached_neither_smsc_nor_handset_nor_store_is_counted_as_lost(
    tmp_path: Path, sqlite: Database, sqlite_url: str
) -> None:
    record = tmp_path / "record.jsonl"
    record.touch()
    found = count(record, sqlite_url, acknowledged={"9900"}, installed={})
    assert (found.lost, found.not_installed, found.missing) == (1, 1, 1)
    assert not found.is_promise_kept


def test_once_more_than_a_push_was_uncertain_is_unexplained() -> None:
    stored = {"1": (False, 0), "2": (False, 1), "3": (False, 1)}
    assert unexplained({"1": 1, "2": 2, "3": 2}, stored) == 0
    assert unexplained({"1": 2, "2": 2, "3": 3}, stored) == 2


def test_recovery_is_from_the_end_of_a_fault_to_the_next_delivery_and_to_the_last_of_what_waited() -> None:
    made = [Delivery(0, 1_000), Delivery(500, 2_000), Delivery(2_500, 3_000), Delivery(600, 9_000)]
    assert recoveries(made, [1_500.0, 2_000.0, 9_500.0]) == [0.5, 0.0]
    assert catching_up(made, [100.0, 1_500.0]) == [pytest.approx(0.9), pytest.approx(7.5)]
