"""Many rows as one statement, on both databases: every value comes back as it was given."""

from collections.abc import Sequence
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as effort
from hypothesis import strategies as st
from sqlalchemy import BigInteger, SmallInteger, Text, select

from tests.strategies import fewer_examples
from tps.store import sqlite_values
from tps.store.batches import Batch, Fetching
from tps.store.database import Database


class Values(NamedTuple):
    """A row of three columns."""

    small: int
    big: int | None
    text: str | None


rows_of_any_values = st.lists(
    st.builds(
        Values,
        st.integers(-(1 << 15), (1 << 15) - 1),
        st.none() | st.integers(-(1 << 63), (1 << 63) - 1),
        st.none() | st.text(st.characters(codec="utf-8", exclude_characters="\0")),
    ),
    max_size=20,
)
"""As in every table of the store, the first column is part of the key."""


def through(database: Database, rows: Sequence[Values], *alike: str) -> list[Values]:
    """The rows, read back from the table that a batch is."""
    batch = Batch(database.dialect, alike, small=SmallInteger(), big=BigInteger(), text=Text())
    columns = [batch.c[name].label(name) for name in ("small", "big", "text")]
    statement = Fetching(database.dialect, select(*columns).select_from(batch.source), Values)
    return database.read_now(lambda connection: statement.fetch(connection, batch.parameters(rows)))


@given(rows_of_any_values)
@effort(fewer_examples, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_values_come_back_in_their_order(database: Database, rows: list[Values]) -> None:
    assert through(database, rows) == rows


@pytest.mark.parametrize("alike", [("text",), ("big",), ("big", "text")], ids=str)
@given(rows=rows_of_any_values)
@effort(fewer_examples, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_rows_with_columns_alike_come_back_whatever_they_are_alike_in(
    database: Database, alike: tuple[str, ...], rows: list[Values]
) -> None:
    assert sorted(through(database, rows, *alike), key=repr) == sorted(rows, key=repr)


def test_rows_that_are_alike_share_a_statement(sqlite: Database) -> None:
    batch = Batch(sqlite.dialect, ("big",), small=SmallInteger(), big=BigInteger(), text=Text())
    rows = [Values(1, 7, "a"), Values(2, None, "b"), Values(3, 7, "c")]
    assert batch.parameters(rows)[sqlite_values.ROWS] == [
        ({"batch_big": 7}, [(1, "a"), (3, "c")]),
        ({"batch_big": None}, [(2, "b")]),
    ]


@pytest.mark.parametrize("count", [0, 1, 9, 10, 511, 512, 513, 1025, 5000])
def test_a_batch_may_be_empty_or_long(database: Database, count: int) -> None:
    rows: list[Values] = [Values(number % 7, number, f"row {number}") for number in range(count)]
    assert through(database, rows) == rows


def test_a_text_that_looks_like_a_statement_is_a_text(database: Database) -> None:
    rows = [Values(1, 2, "'); DROP TABLE push; --"), Values(1, 2, '{"a": [1]}'), Values(1, 2, "NULL"), Values(1, 2, "")]
    assert through(database, rows) == rows


def test_a_row_that_would_be_left_out_is_refused(sqlite: Database) -> None:
    with pytest.raises(ValueError, match="first column"):
        through(sqlite, [Values(1, 2, "3"), Values(None, 2, "3")])  # type: ignore[arg-type]


@given(st.integers(1, sqlite_values.ROWS_MAX))
def test_rows_are_rounded_up_by_a_quarter_at_most_and_to_few_numbers(rows: int) -> None:
    rounded = sqlite_values._rounded_up(rows)
    assert rows <= rounded <= rows + rows // 4
    assert len(f"{rounded:b}".rstrip("0")) <= 3
