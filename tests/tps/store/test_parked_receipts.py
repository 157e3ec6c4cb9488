"""Parked receipts on both databases: kept once, found by time and number, put off, removed."""

from typing import Any

from tps.decisions.identities import bucket_of
from tps.store import parked_receipts
from tps.store.database import Database
from tps.store.parked_receipts import ParkedReceipt

NOW = 1_800_000_000_000


def parked(message_id: str = "7", **changes: Any) -> ParkedReceipt:
    row = ParkedReceipt(
        bucket_of(message_id), "north", message_id, "4917", "DELIVRD", "000", "", NOW, NOW + 1000, NOW + 9000
    )
    return row._replace(**changes)


def add(database: Database, *rows: ParkedReceipt) -> None:
    database.write_now(lambda connection: parked_receipts.add(connection, rows))


def due(database: Database, now: int = NOW + 1000, limit: int = 100) -> list[ParkedReceipt]:
    return database.write_now(lambda connection: parked_receipts.due(connection, now, limit))


def test_what_is_due_comes_in_the_order_it_was_parked(database: Database) -> None:
    later, first, not_due = (
        parked("a", parked_at=NOW + 2),
        parked("b", parked_at=NOW + 1),
        parked("c", look_at=NOW + 2000),
    )
    add(database, later, first, not_due)
    assert due(database) == [first, later]
    assert database.read_now(lambda connection: parked_receipts.is_any_due(connection, NOW + 1000))
    assert not database.read_now(lambda connection: parked_receipts.is_any_due(connection, NOW + 999))
    assert len(due(database, NOW + 2000, limit=2)) == 2


def test_a_repetition_is_one_row_and_a_contradiction_is_another(database: Database) -> None:
    add(database, parked(), parked(look_at=NOW + 5000))
    add(database, parked(look_at=NOW + 5000), parked(state="UNDELIV", parked_at=NOW + 1))
    assert [row.state for row in due(database)] == ["DELIVRD", "UNDELIV"]
    assert database.read_now(parked_receipts.count) == 2


def test_all_for_a_number_are_found_by_it(database: Database) -> None:
    add(database, parked("a"), parked("b", destination="+4917"), parked("c", destination="4918"))
    found = database.write_now(lambda connection: parked_receipts.for_numbers(connection, ["4917", "+4917"]))
    assert sorted(row.message_id for row in found) == ["a", "b"]


def test_what_is_put_off_or_removed_is_due_no_more(database: Database) -> None:
    add(database, parked("a"), parked("b"), parked("c"))
    database.write_now(lambda connection: parked_receipts.put_off(connection, [parked("a", look_at=NOW + 3000)]))
    database.write_now(lambda connection: parked_receipts.remove(connection, [parked("b")]))
    assert [row.message_id for row in due(database)] == ["c"]
    assert sorted(row.message_id for row in due(database, NOW + 3000)) == ["a", "c"]
