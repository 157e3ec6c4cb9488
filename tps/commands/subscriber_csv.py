"""Subscribers as rows of a CSV file: imsi, msisdn, settings, pin, and a column value.NAME for each value.

A column that is missing leaves what is stored; an empty cell says that there is none. A cell that a spreadsheet would
take for a formula has an apostrophe in front, as spreadsheets mark text; an apostrophe alone is a value that is empty.
"""

import difflib
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from tps.backoffice.subscribers import Account, Changes
from tps.decisions import identities
from tps.errors import RejectedError

NEEDED = ("imsi", "msisdn")
NAMES = (*NEEDED, "settings", "pin")
VALUE_PREFIX = "value."

_LOOKS_LIKE_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_QUOTE = "'"
_ROUNDED = re.compile(r"[0-9][.,]?[0-9]*[eE]\+?[0-9]+")


class AccountChange(NamedTuple):
    """One row: which account, and what the file says about it."""

    imsi: str
    changes: Changes


def checked_header(cells: Sequence[str]) -> tuple[str, ...]:
    """The names of the columns; `RejectedError` for one that is unknown, missing or given twice."""
    names = tuple(cell.strip() for cell in cells)
    for name in names:
        if name not in NAMES and not (name.startswith(VALUE_PREFIX) and name != VALUE_PREFIX):
            near = difflib.get_close_matches(name, NAMES, n=1)
            hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(NAMES)} and {VALUE_PREFIX}NAME"
            raise RejectedError("header", f"no column is called {name!r}; {hint}")
    for name in NEEDED:
        if name not in names:
            raise RejectedError("header", f"the column {name} is missing; the first row holds the names of the columns")
    doubled = [name for name in names if names.count(name) > 1]
    if doubled:
        raise RejectedError("header", f"the column {doubled[0]} is given twice")
    return names


def change_of(header: Sequence[str], cells: Sequence[str]) -> AccountChange:
    """What a row says; `RejectedError` names the column to mend."""
    if len(cells) != len(header):
        raise RejectedError("", f"{len(cells)} cells; {len(header)} expected, as many as the header has")
    row = dict(zip(header, cells, strict=True))
    named = {name: as_text(row[name]).strip() for name in NAMES if name in row}
    for name in NEEDED:
        if _ROUNDED.fullmatch(named[name]):
            raise RejectedError(name, "a spreadsheet has rounded this number: format the column as text and save again")
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


def as_cell(text: str) -> str:
    """`text` as a cell that no spreadsheet runs."""
    return _QUOTE + text if not text or text.startswith((*_LOOKS_LIKE_FORMULA, _QUOTE)) else text


def as_text(cell: str) -> str:
    """The text of a cell, whether or not `as_cell` made it."""
    is_quoted = cell.startswith(_QUOTE) and (cell == _QUOTE or cell[1:].startswith((*_LOOKS_LIKE_FORMULA, _QUOTE)))
    return cell[1:] if is_quoted else cell
