"""How SQLite finds what the batch statements look for: by an index of the table, however long the batch is."""

from collections.abc import Iterator
from typing import Any

import pytest

from tps.store import (
    cancellable_pushes,
    changes,
    device_models,
    pair_keys,
    pairs,
    parked_receipts,
    push_list,
    pushes,
    sqlite_values,
    submissions,
    subscribers,
)
from tps.store.batches import Batch, Prepared
from tps.store.database import Database

ROOMS = (
    cancellable_pushes, changes, device_models, pair_keys, pairs, parked_receipts,
    push_list, pushes, submissions, subscribers,
)  # fmt: skip
GIVEN = {"now": 1}


def statements() -> Iterator[tuple[str, Prepared, Batch]]:
    """All statements that take a batch, and theirs, made by a function of a dialect in the rooms of the store."""
    for room in ROOMS:
        for name, made in vars(room).items():
            if not (name.startswith("_") and hasattr(made, "cache_info") and made.__module__ == room.__name__):
                continue
            for arguments in ((True,), (False,)) if name == "_save" else ((),):
                found = made("sqlite", *arguments)
                if isinstance(found, tuple):
                    yield f"{room.__name__}.{name}{arguments or ''}", *found


@pytest.mark.parametrize("rows", [1, 64, 224, 256, sqlite_values.ROWS_MAX])
def test_a_batch_of_any_length_is_looked_up_in_an_index(sqlite: Database, rows: int) -> None:
    seen = 0
    for name, statement, batch in statements():
        assert statement._with_rows is not None, name
        parameters = batch.parameters([(1,) * len(batch.c)] * rows)
        (sql, values), *_ = statement._with_rows.executions({**statement._constants, **GIVEN, **parameters})
        with sqlite.engine.connect() as connection:
            plan: list[Any] = connection.connection.cursor().execute(f"EXPLAIN QUERY PLAN {sql}", values).fetchall()
        steps = [step[3] for step in plan]
        tables = [step for step in steps if step.startswith(("SCAN", "SEARCH")) and "subquery" not in step]
        assert not [step for step in steps if "AUTOMATIC" in step], name
        assert not [step for step in tables if step.startswith("SCAN") and "CONSTANT ROW" not in step], (name, steps)
        seen += 1
    assert seen > 15
