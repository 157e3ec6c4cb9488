"""The lines of a CSV file, one after the other, each of them accounted for: as cells, or as what is wrong with it."""

import csv
from collections.abc import Iterator
from typing import Final, NamedTuple, TextIO

from tps.errors import RejectedError
from tps.files import utf8

LINE_MAX: Final = 65_536
"""Characters of a line; what is longer is no line of a table."""

DELIMITERS: Final = {",": "','", ";": "';'", "\t": "$'\\t'", "|": "'|'"}
"""What separates cells in the wild, and how a shell is told it."""


class Line(NamedTuple):
    """One record of the file."""

    number: int
    """Of the line it begins in, from 1."""
    read: list[str] | RejectedError
    """Its cells, or what is to be mended."""


def lines(text: TextIO, delimiter: str = ",") -> Iterator[Line]:
    """The records of `text`, which `utf8.text_of` made; empty lines are passed over.

    A line that cannot be read is an answer of its own, and the next ones follow. Octets that are no UTF-8 are looked
    for in whole records: where a line or a cell ends is the same octet in UTF-8 and in what is taken for it.
    """
    source = _Lines(text)
    reader = csv.reader(source, strict=True, delimiter=delimiter)
    while True:
        first = source.number + 1
        try:
            cells = next(reader)
            utf8.verify("".join(cells))
        except StopIteration:
            return
        except csv.Error as error:
            yield Line(first, RejectedError("", _broken(error, first, source.number)))
        except RejectedError as error:
            yield Line(first, error)
        else:
            if cells:
                yield Line(first, cells)


def header_cells(records: Iterator[Line]) -> list[str]:
    """The names in the first record, none where there is no record.

    `RejectedError` where it cannot be read, or is a single cell because something else separates the cells.
    """
    first = next(records, None)
    if first is None:
        return []
    if isinstance(first.read, RejectedError):
        raise RejectedError("header", first.read.message)
    if len(first.read) == 1:
        _verify_single(first.read[0])
    return [cell.strip() for cell in first.read]


def _verify_single(cell: str) -> None:
    found = [word for delimiter, word in DELIMITERS.items() if delimiter in cell]
    if found:
        raise RejectedError(
            "header", f"one column only: {cell!r}; what separates its cells say with --delimiter {found[0]}"
        )


class _Lines:
    """Physical lines of bounded length; an iterator that goes on after it has refused one, as no generator does."""

    def __init__(self, text: TextIO) -> None:
        self._text = text
        self.number = 0

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self._text.readline(LINE_MAX + 1)
        if not line:
            raise StopIteration
        self.number += 1
        if len(line) > LINE_MAX:
            while line and not line.endswith(("\n", "\r")):
                line = self._text.readline(LINE_MAX)
            raise RejectedError("", f"longer than {LINE_MAX} characters: this is no line of a table")
        return line.removeprefix("\ufeff") if self.number == 1 else line


def _broken(error: csv.Error, first: int, last: int) -> str:
    if last > first:
        return f"lines {first} to {last} were not read: {error}; close the quote that opens in line {first}"
    return f'{error}; write a quote inside a cell twice, and the cell in quotes: "17"" screen"'
