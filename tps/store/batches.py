"""Many rows as one statement: a batch is a table-valued parameter, and an answer of many rows is fetched in one step.

On SQLite the batch is a VALUES of bound parameters (`tps.store.sqlite_values`), and results come back as one JSON text.
Both make the whole batch a single `sqlite3_step`, during which the interpreter lock is free: row-by-row binding or
fetching takes the lock back at every row, and on a busy event loop each of these waits for a switch interval. On
PostgreSQL the batch is `unnest` of one array per column, written in one step too. See docs/performance.md for what was
measured.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import starmap
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import msgspec
from sqlalchemy import (
    ARRAY,
    Connection,
    FromClause,
    Select,
    Text,
    UpdateBase,
    bindparam,
    cast,
    column,
    func,
    select,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import psycopg
from sqlalchemy.types import TypeEngine

from tps.store import sqlite_values

if TYPE_CHECKING:
    from sqlalchemy.engine.interfaces import DBAPICursor
    from sqlalchemy.sql.elements import ColumnElement

_DIALECTS = {"sqlite": sqlite.dialect(paramstyle="named"), "postgresql": psycopg.dialect()}  # type: ignore[no-untyped-call]
_INSERTS: Mapping[str, Callable[..., Any]] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
_encode = msgspec.json.Encoder().encode

Row = Sequence[Any]
RowType = TypeVar("RowType")


class Batch:
    """A table-valued parameter with named, typed columns; use it in a statement like a table."""

    def __init__(self, dialect: str, alike: Collection[str] = (), /, **columns: TypeEngine[Any]) -> None:
        """`alike`: columns that hold few values in a batch. On SQLite each of them makes a statement of its own."""
        self._dialect = dialect
        self._names = tuple(columns)
        self.c: dict[str, ColumnElement[Any]]
        self.source: FromClause
        if dialect == "sqlite":
            self._columns = sqlite_values.Columns(self._names, alike)
            in_rows = [column(name, columns[name]) for name in self._columns.in_rows]
            self.source = text(self._columns.source()).columns(*in_rows).subquery("batch")
            self.c = {
                name: bindparam(sqlite_values.parameter_of(name), type_=type_) if name in alike else self.source.c[name]
                for name, type_ in columns.items()
            }
        else:
            arrays = [
                cast(bindparam(sqlite_values.parameter_of(name)), ARRAY(type_)) for name, type_ in columns.items()
            ]
            derived = (
                func.unnest(*arrays)
                .table_valued(*(column(name, type_) for name, type_ in columns.items()), name="batch")
                .render_derived()
            )
            self.source = derived
            self.c = {name: derived.c[name] for name in columns}

    def parameters(self, rows: Sequence[Row]) -> dict[str, Any]:
        """The parameters that make this batch hold `rows`: values in the order of the columns, the first never None."""
        if self._dialect == "sqlite":
            return {sqlite_values.ROWS: self._columns.groups(rows)}
        arrays = zip(*rows, strict=True) if rows else ((),) * len(self._names)
        return {
            sqlite_values.parameter_of(name): _array(values) for name, values in zip(self._names, arrays, strict=True)
        }


def _array(values: Row) -> str | list[Any]:
    """The values as PostgreSQL reads an array: but for the brackets, and what JSON escapes in a text, it reads JSON.

    The driver would write them one by one in Python, which took two fifths of the writer's time. In an array a
    backslash stands for the character behind it, so the line ends of histories are put back, and a text with any other
    escape is left to the driver.
    """
    written = _encode(values).decode().replace("\\n", "\n")
    return list(values) if "\\" in written else f"{{{written[1:-1]}}}"


class Prepared:
    """A statement that changes rows, compiled once: running it costs the driver's time only.

    SQLAlchemy takes about 60 µs a statement for what is the same each time. Errors are the driver's own.
    """

    def __init__(self, dialect: str, statement: Select[Any] | UpdateBase) -> None:
        compiled = statement.compile(dialect=_DIALECTS[dialect], compile_kwargs={"render_postcompile": True})
        self._sql = str(compiled)
        self._constants = {name: value for name, value in compiled.params.items() if value is not None}
        self._with_rows = None
        if dialect == "sqlite" and sqlite_values.is_in(self._sql):
            self._with_rows = sqlite_values.WithRows(self._sql, compiled.params)

    def run(self, connection: Connection, parameters: Mapping[str, Any]) -> int:
        """How many rows it changed."""
        return sum(cursor.rowcount for cursor in self._executed(connection, parameters))

    def _executed(self, connection: Connection, parameters: Mapping[str, Any]) -> Iterator["DBAPICursor"]:
        """The cursor after each execution: several where a batch is longer than a statement may be."""
        cursor = connection.connection.cursor()
        given = {**self._constants, **parameters}
        if self._with_rows is None:
            cursor.execute(self._sql, given)
            yield cursor
            return
        for sql, values in self._with_rows.executions(given):
            cursor.execute(sql, values)
            yield cursor


class Fetching(Prepared, Generic[RowType]):
    """A statement that finds rows, as values of `row_type` (a NamedTuple or a struct like an array); compiled once."""

    def __init__(self, dialect: str, statement: Select[Any], row_type: type[RowType]) -> None:
        self._decode = None
        self._row_type = row_type
        if dialect == "sqlite":
            rows = statement.subquery("rows")
            statement = select(func.json_group_array(func.json_array(*rows.c), type_=Text))
            self._decode = msgspec.json.Decoder(list[row_type]).decode  # type: ignore[valid-type]
        super().__init__(dialect, statement)

    def fetch(self, connection: Connection, parameters: Mapping[str, Any]) -> list[RowType]:
        """All its rows; on SQLite they come as one JSON text."""
        found: list[RowType] = []
        for cursor in self._executed(connection, parameters):
            if self._decode is not None:
                found += self._decode(cursor.fetchone()[0])  # type: ignore[index]
            else:
                found += starmap(self._row_type, cursor.fetchall())
        return found


def inserting(dialect: str, table: Any, names: Sequence[str], rows: Select[Any]) -> Any:  # noqa: ANN401 - both dialects' Insert
    """INSERT of `rows` into the columns `names`, in the dialect's form that knows ON CONFLICT."""
    return _INSERTS[dialect](table).from_select(list(names), rows)
