"""The lines of a CSV file, one after the other, each of them accounted for: as cells, or as what is wrong with it."""

import csv
from collections.abc import Iterator
from typing import Final, NamedTuple, TextIO

from tps.errors import RejectedError

LINE_MAX: Final = 65_536
"""Characters of a line; what is longer is no line of a table."""


class Line(NamedTuple):
    """One record of the file."""

    number: int
    """Of the line it begins in, from 1."""
    read: list[str] | RejectedError
    """Its cells, or what is to be mended."""


def lines(text: TextIO, delimiter: str = ",") -> Iterator[Line]:
    """The records of `text`, which was opened with `newline=""`; empty lines are passed over.

    A line that cannot be read is an answer of its own and the next ones follow, except after octets that are no UTF-8:
    where the next line would begin is not known then.
    """
    source = _Lines(text)
    reader = csv.reader(source, strict=True, delimiter=delimiter)
    while True:
        first = source.number + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield Line(first, RejectedError("", _broken(error, first, source.number)))
        except UnicodeDecodeError:
            yield Line(first, RejectedError("", "not UTF-8, nothing from here on was read: save the file as CSV UTF-8"))
            return
        except RejectedError as error:
            yield Line(first, error)
        else:
            if cells:
                yield Line(first, cells)


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
