"""Many rows as one statement, on both databases: every value comes back as it was given."""

from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as effort
from hypothesis import strategies as st
from sqlalchemy import BigInteger, SmallInteger, Text, select

from tests.strategies import fewer_examples
from tps.store.batches import Batch, fetch, fetching
from tps.store.database import Database

Values = tuple[int | None, int | None, str | None]
rows_of_any_values = st.lists(
    st.tuples(
        st.none() | st.integers(-(1 << 15), (1 << 15) - 1),
        st.none() | st.integers(-(1 << 63), (1 << 63) - 1),
        st.none() | st.text(st.characters(codec="utf-8", exclude_characters="\0")),
    ),
    max_size=20,
)


def through(database: Database, rows: Sequence[Values]) -> list[Values]:
    """The rows, read back from the table that a batch is."""
    batch = Batch(database.dialect, small=SmallInteger(), big=BigInteger(), text=Text())
    columns = [batch.c[name].label(name) for name in ("small", "big", "text")]
    statement = fetching(database.dialect, select(*columns).select_from(batch.source))
    return [
        (row[0], row[1], row[2])
        for row in database.read_now(lambda connection: fetch(connection, statement, batch.parameters(rows)))
    ]


@given(rows_of_any_values)
@effort(fewer_examples, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_values_come_back_in_their_order(database: Database, rows: list[Values]) -> None:
    assert through(database, rows) == rows


@pytest.mark.parametrize("count", [0, 1, 5000])
def test_a_batch_may_be_empty_or_long(database: Database, count: int) -> None:
    rows: list[Values] = [(number % 7, number, f"row {number}") for number in range(count)]
    assert through(database, rows) == rows


def test_a_text_that_looks_like_a_statement_is_a_text(database: Database) -> None:
    rows: list[Values] = [(1, 2, "'); DROP TABLE push; --"), (1, 2, '{"a": [1]}'), (1, 2, "NULL"), (1, 2, "")]
    assert through(database, rows) == rows
