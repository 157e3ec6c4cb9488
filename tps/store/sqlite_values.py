"""Rows as bound parameters of one statement of SQLite: a VALUES as long as the batch.

One JSON text for the whole batch, read by `json_each`, took three times as long: each column of each row was looked up
in the text again. The parameters are anonymous: numbered ones make SQLite take time by the square of their number.

A statement is compiled for each number of rows, so these are rounded up (by a quarter at most), and the rows that are
too many hold NULL and are left out by their first column.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import chain
from operator import itemgetter
from typing import Any, Final

ROWS: Final = "batch"
"""The parameter that holds the rows."""
ROWS_MAX = 512
"""Longer batches are run in pieces: SQLite allows 32,766 parameters, and no batch has more than 60 columns."""
_first = itemgetter(0)
_PLACE = re.compile(r"@(\d+)@")
_NAMED = re.compile(r"(?<![:\w]):(\w+)")


def source(names: Sequence[str]) -> str:
    """The SELECT that gives the rows, for a statement of `WithRows`."""
    columns = ", ".join(f"column{place} AS {name}" for place, name in enumerate(names, start=1))
    return f"SELECT {columns} FROM (VALUES @{len(names)}@) WHERE column1 IS NOT NULL"  # noqa: S608 - names of ours


def is_in(sql: str) -> bool:
    """Whether a statement holds such a SELECT."""
    return _PLACE.search(sql) is not None


class WithRows:
    """A statement with rows in one place, and with named parameters around it."""

    def __init__(self, sql: str, names: Collection[str]) -> None:
        """`names` of its other parameters."""
        head, width, tail = _PLACE.split(sql)
        self._width = int(width)
        self._row = f"({', '.join('?' * self._width)})"
        self._head, self._before = _anonymous(head, names)
        self._tail, self._behind = _anonymous(tail, names)
        self._by_size: dict[int, str] = {}

    def executions(self, parameters: Mapping[str, Any]) -> Iterator[tuple[str, list[Any]]]:
        """SQL and values of each execution that the rows need; none without rows."""
        rows: Sequence[Sequence[Any]] = parameters[ROWS]
        before = [parameters[name] for name in self._before]
        behind = [parameters[name] for name in self._behind]
        for start in range(0, len(rows), ROWS_MAX):
            some = rows[start : start + ROWS_MAX]
            if None in map(_first, some):
                raise ValueError("the first column of a batch is never None: such a row would be left out")
            size = _rounded_up(len(some))
            missing = [None] * ((size - len(some)) * self._width)
            yield self._sql(size), [*before, *chain.from_iterable(some), *missing, *behind]

    def _sql(self, size: int) -> str:
        sql = self._by_size.get(size)
        if sql is None:
            sql = self._by_size[size] = f"{self._head}{', '.join([self._row] * size)}{self._tail}"
        return sql


def _rounded_up(rows: int) -> int:
    """The next number with at most three significant bits."""
    step = 1 << max(0, (rows - 1).bit_length() - 3)
    return -(-rows // step) * step


def _anonymous(sql: str, names: Collection[str]) -> tuple[str, list[str]]:
    """The SQL with `?` for its named parameters, and their names in this order."""
    found = [name for name in _NAMED.findall(sql) if name in names]
    return _NAMED.sub(lambda match: "?" if match[1] in names else match[0], sql), found
