"""What commands read and write."""

import sys
from pathlib import Path
from typing import BinaryIO

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

BAD_INPUT = 2
"""Exit status where the user has to mend what was given."""
STANDARD_STREAM = "-"
PLAIN_WIDTH = 120
"""Columns where the output is no terminal that could tell its width."""


class BadInputError(Exception):
    """What the user gave cannot be used: the text says what and why."""


def page() -> Console:
    """Standard output for people: in colour on a terminal, plain text with long lines elsewhere."""
    return Console(markup=False, highlight=False, width=None if sys.stdout.isatty() else PLAIN_WIDTH)


def notes() -> Console:
    """Standard error for people: findings, progress, what else there is to know."""
    return Console(stderr=True, markup=False, highlight=False, width=None if sys.stderr.isatty() else PLAIN_WIDTH)


def progress_bar() -> Progress:
    """A bar on the terminal, nothing elsewhere."""
    console = notes()
    columns = (BarColumn(), TaskProgressColumn(), TimeRemainingColumn(), TextColumn("{task.description}"))
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)


def opened(path: Path) -> BinaryIO:
    """A file to be read, or standard input for "-"."""
    if str(path) == STANDARD_STREAM:
        return sys.stdin.buffer
    try:
        return path.open("rb")
    except OSError as error:
        raise BadInputError(f"{path}: cannot be read: {error.strerror}") from error


def read_octets(path: Path) -> bytes:
    """The content of a file, or of standard input for "-"."""
    if str(path) == STANDARD_STREAM:
        return sys.stdin.buffer.read()
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadInputError(f"{path}: cannot be read: {error.strerror}") from error


def write_octets(octets: bytes, path: Path | None) -> None:
    """Octets to a file, or as they are to standard output."""
    if path is None or str(path) == STANDARD_STREAM:
        typer.echo(octets, nl=False)
        return
    try:
        path.write_bytes(octets)
    except OSError as error:
        raise BadInputError(f"{path}: cannot be written: {error.strerror}") from error
