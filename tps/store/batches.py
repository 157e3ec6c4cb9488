"""Many rows as one statement: a batch is a table-valued parameter, and an answer of many rows is fetched in one step.

On SQLite the batch is one JSON text read by `json_each`, and results come back as one JSON text. Both make the whole
batch a single `sqlite3_step`, during which the interpreter lock is free: row-by-row binding or fetching takes the lock
back at
every row, and on a busy event loop each of these waits for a switch interval. On PostgreSQL the batch is `unnest` of
one array per column. See docs/performance.md for what was measured.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import (
    ARRAY,
    Connection,
    FromClause,
    Select,
    Text,
    bindparam,
    cast,
    column,
    func,
    select,
)
from sqlalchemy.types import TypeEngine

if TYPE_CHECKING:
    from sqlalchemy.sql.elements import ColumnElement

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(list[list[Any]]).decode

Row = Sequence[Any]


class Batch:
    """A table-valued parameter with named, typed columns; use it in a statement like a table."""

    def __init__(self, dialect: str, **columns: TypeEngine[Any]) -> None:
        self._dialect = dialect
        self._names = tuple(columns)
        self.c: dict[str, ColumnElement[Any]]
        self.source: FromClause
        if dialect == "sqlite":
            rows = func.json_each(bindparam("batch", type_=Text)).table_valued("value", name="batch")
            self.source = rows
            self.c = {
                name: func.json_extract(rows.c.value, f"$[{place}]", type_=type_)
                for place, (name, type_) in enumerate(columns.items())
            }
        else:
            arrays = [cast(bindparam(f"batch_{name}"), ARRAY(type_)) for name, type_ in columns.items()]
            derived = (
                func.unnest(*arrays)
                .table_valued(*(column(name, type_) for name, type_ in columns.items()), name="batch")
                .render_derived()
            )
            self.source = derived
            self.c = {name: derived.c[name] for name in columns}

    def parameters(self, rows: Sequence[Row]) -> dict[str, Any]:
        """The parameters that make this batch hold `rows` (values in the order of the columns)."""
        if self._dialect == "sqlite":
            return {"batch": _encode(rows).decode()}
        arrays = zip(*rows, strict=True) if rows else ((),) * len(self._names)
        return {f"batch_{name}": list(values) for name, values in zip(self._names, arrays, strict=True)}


def fetching(dialect: str, statement: Select[Any]) -> Select[Any]:
    """`statement` in the form that `fetch` reads: on SQLite all of its rows become one JSON text."""
    if dialect != "sqlite":
        return statement
    rows = statement.subquery("rows")
    return select(func.json_group_array(func.json_array(*rows.c), type_=Text))


def fetch(connection: Connection, statement: Select[Any], parameters: dict[str, Any] | None = None) -> list[Any]:
    """All rows of a statement made by `fetching`."""
    result = connection.execute(statement, parameters or {})
    if connection.dialect.name == "sqlite":
        return _decode(result.scalar_one())
    return list(result.all())
