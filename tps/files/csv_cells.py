"""Columns and cells of CSV files that pass through spreadsheets: named columns, no formulas, no rounded numbers.

A cell that a spreadsheet would take for a formula has an apostrophe in front, as spreadsheets mark text; an apostrophe
alone is a value that is empty.
"""

import difflib
import re
from collections.abc import Sequence
from typing import NamedTuple

from tps.errors import RejectedError

_LOOKS_LIKE_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_QUOTE = "'"
_ROUNDED = re.compile(r"[0-9][.,]?[0-9]*[eE]\+?[0-9]+")


class Columns(NamedTuple):
    """The columns that a kind of file may have."""

    names: tuple[str, ...]
    needed: tuple[str, ...] = ()
    family: tuple[str, str] = ("", "")
    """The beginning of further columns, and what stands for the rest of their names: ("value.", "NAME")."""


def checked_header(cells: Sequence[str], columns: Columns) -> tuple[str, ...]:
    """The names of the columns; `RejectedError` for one that is unknown, missing or given twice."""
    names = tuple(cell.strip() for cell in cells)
    prefix, rest = columns.family
    for name in names:
        if name not in columns.names and not (prefix and name.startswith(prefix) and name != prefix):
            near = difflib.get_close_matches(name, columns.names, n=1)
            known = ", ".join(columns.names) + (f" and {prefix}{rest}" if prefix else "")
            hint = f"did you mean {near[0]}?" if near else f"known are {known}"
            raise RejectedError("header", f"no column is called {name!r}; {hint}")
    for name in columns.needed:
        if name not in names:
            raise RejectedError("header", f"the column {name} is missing; the first row holds the names of the columns")
    doubled = [name for name in names if names.count(name) > 1]
    if doubled:
        raise RejectedError("header", f"the column {doubled[0]} is given twice")
    return names


def by_column(header: Sequence[str], cells: Sequence[str]) -> dict[str, str]:
    """The cells by the names of their columns; `RejectedError` where there are more or fewer of them."""
    if len(cells) != len(header):
        raise RejectedError("", f"{len(cells)} cells; {len(header)} expected, as many as the header has")
    return dict(zip(header, cells, strict=True))


def verify_not_rounded(field: str, cell: str) -> None:
    """Raise `RejectedError` for digits that a spreadsheet took for a number, such as 3.57E+07."""
    if _ROUNDED.fullmatch(cell):
        raise RejectedError(field, "a spreadsheet has rounded this number: format the column as text and save again")


def as_cell(text: str) -> str:
    """`text` as a cell that no spreadsheet runs."""
    return _QUOTE + text if not text or text.startswith((*_LOOKS_LIKE_FORMULA, _QUOTE)) else text


def as_text(cell: str) -> str:
    """The text of a cell, whether or not `as_cell` made it."""
    is_quoted = cell.startswith(_QUOTE) and (cell == _QUOTE or cell[1:].startswith((*_LOOKS_LIKE_FORMULA, _QUOTE)))
    return cell[1:] if is_quoted else cell
