"""Rows as bound parameters of one statement of SQLite: a VALUES as long as the batch.

One JSON text for the whole batch, read by `json_each`, took three times as long: each column of each row was looked up
in the text again. The parameters are anonymous: numbered ones make SQLite take time by the square of their number.

A statement is compiled for each number of rows, so these are rounded up (by a quarter at most), and the rows that are
too many hold NULL and are left out by their first column.

Each value of a row is bound, and written to the table that SQLite makes of the rows: 0.25 µs. Of a batch most columns
hold the same everywhere, so those that a statement names are bound once for all rows that are alike in them.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import chain, groupby
from operator import itemgetter
from typing import Any, Final

Row = Sequence[Any]

ROWS: Final = "batch"
"""The parameter that holds the rows."""
ROWS_MAX = 512
"""Longer batches are run in pieces: SQLite allows 32,766 parameters, and no batch has more than 60 columns."""
_first = itemgetter(0)
_PLACE = re.compile(r"@(\d+)@")
_NAMED = re.compile(r"(?<![:\w]):(\w+)")


class Columns:
    """The columns of a batch: those that stand in each of its rows, and those bound once for all rows alike in them."""

    def __init__(self, names: Sequence[str], alike: Collection[str]) -> None:
        """`alike` of `names`: columns with few values in a batch, for each of them is a statement of its own."""
        self.in_rows = [name for name in names if name not in alike]
        self.alike = [name for name in names if name in alike]
        self._in_rows = _getter([names.index(name) for name in self.in_rows])
        self._alike = _getter([names.index(name) for name in self.alike])

    def source(self) -> str:
        """The SELECT that gives the rows, for a statement of `WithRows`."""
        columns = ", ".join(f"column{place} AS {name}" for place, name in enumerate(self.in_rows, start=1))
        width = len(self.in_rows)
        return f"SELECT {columns} FROM (VALUES @{width}@) WHERE column1 IS NOT NULL"  # noqa: S608 - names of ours

    def groups(self, rows: Sequence[Row]) -> list[tuple[Mapping[str, Any], Sequence[Row]]]:
        """The rows that are alike, without what they are alike in, and this, by `parameter_of` its columns.

        Rows alike stay in their order. Rows that contend for one key must not come together: of two that are not alike
        the one would be first whose like is.
        """
        if not self.alike:
            return [({}, rows)]
        groups: defaultdict[Row, list[Row]] = defaultdict(list)
        for alike, some in groupby(rows, self._alike):
            groups[alike] += map(self._in_rows, some)
        names = [parameter_of(name) for name in self.alike]
        return [(dict(zip(names, alike, strict=True)), its) for alike, its in groups.items()]


def parameter_of(name: str) -> str:
    """The parameter that holds a column of a batch."""
    return f"batch_{name}"


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
        self._missing = (None, *(0,) * (self._width - 1))
        self._head, self._before = _anonymous(head, names)
        self._tail, self._behind = _anonymous(tail, names)
        self._by_size: dict[int, str] = {}

    def executions(self, parameters: Mapping[str, Any]) -> Iterator[tuple[str, list[Any]]]:
        """SQL and values of each execution that the rows need, group by group; none without rows."""
        groups: Sequence[tuple[Mapping[str, Any], Sequence[Row]]] = parameters[ROWS]
        for alike, rows in groups:
            given = {**parameters, **alike}
            before = [given[name] for name in self._before]
            behind = [given[name] for name in self._behind]
            for start in range(0, len(rows), ROWS_MAX):
                some = rows[start : start + ROWS_MAX]
                if None in map(_first, some):
                    raise ValueError("the first column of a batch is never None: such a row would be left out")
                size = _rounded_up(len(some))
                missing = self._missing * (size - len(some))
                yield self._sql(size), [*before, *chain.from_iterable(some), *missing, *behind]

    def _sql(self, size: int) -> str:
        sql = self._by_size.get(size)
        if sql is None:
            sql = self._by_size[size] = f"{self._head}{', '.join([self._row] * size)}{self._tail}"
        return sql


def _getter(places: Sequence[int]) -> Callable[[Row], Row]:
    """What takes these places out of a row, as a tuple of any length."""
    if len(places) > 1:
        return itemgetter(*places)
    return lambda row: tuple([row[place] for place in places])


def _rounded_up(rows: int) -> int:
    """The next number with at most three significant bits."""
    step = 1 << max(0, (rows - 1).bit_length() - 3)
    return -(-rows // step) * step


def _anonymous(sql: str, names: Collection[str]) -> tuple[str, list[str]]:
    """The SQL with `?` for its named parameters, and their names in this order."""
    found = [name for name in _NAMED.findall(sql) if name in names]
    return _NAMED.sub(lambda match: "?" if match[1] in names else match[0], sql), found
