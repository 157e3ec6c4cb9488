"""Subscribers as rows of a CSV file: imsi, msisdn, settings, pin, and a column value.NAME for each value.

A column that is missing leaves what is stored; an empty cell says that there is none (see `tps.files.csv_cells`).
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from tps.backoffice.subscribers import Account, Changes
from tps.decisions import identities
from tps.files import csv_cells
from tps.files.csv_cells import Columns, as_cell, as_text, by_column, verify_not_rounded

NEEDED = ("imsi", "msisdn")
NAMES = (*NEEDED, "settings", "pin")
VALUE_PREFIX = "value."
COLUMNS = Columns(NAMES, NEEDED, family=(VALUE_PREFIX, "NAME"))


class AccountChange(NamedTuple):
    """One row: which account, and what the file says about it."""

    imsi: str
    changes: Changes


def checked_header(cells: Sequence[str]) -> tuple[str, ...]:
    """The names of the columns; `RejectedError` for one that is unknown, missing or given twice."""
    return csv_cells.checked_header(cells, COLUMNS)


def change_of(header: Sequence[str], cells: Sequence[str]) -> AccountChange:
    """What a row says; `RejectedError` names the column to mend."""
    row = by_column(header, cells)
    named = {name: as_text(row[name]).strip() for name in NAMES if name in row}
    for name in NEEDED:
        verify_not_rounded(name, named[name])
    values = {
        name.removeprefix(VALUE_PREFIX): as_text(cell) if cell else None
        for name, cell in row.items()
        if name.startswith(VALUE_PREFIX)
    }
    changes = Changes(
        given=frozenset(named) - {"imsi"} | ({"values"} if values else set()),
        msisdn=identities.msisdn(named["msisdn"]),
        settings=named.get("settings") or None,
        values=values,
        pin=named.get("pin") or None,
    )
    return AccountChange(identities.imsi(named["imsi"]), changes)


def header_of(value_names: Iterable[str], *, with_secrets: bool) -> tuple[str, ...]:
    """The first row of an export."""
    if not with_secrets:
        return NAMES[:-1]
    return (*NAMES, *(VALUE_PREFIX + name for name in value_names))


def row_of(account: Account, header: Sequence[str]) -> Iterator[str]:
    """The cells of one account."""
    for name in header:
        if name.startswith(VALUE_PREFIX):
            text = account.values.get(name.removeprefix(VALUE_PREFIX))
        else:
            text = getattr(account, name)
        yield "" if text is None else as_cell(text)
