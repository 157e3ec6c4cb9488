"""`import devices` and `export devices`: device models from lists of the operator or of Osmocom, and to CSV files."""

import csv
from collections.abc import Iterable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated, TextIO

import typer

from tps import config as configuration
from tps.app import now_ms
from tps.backoffice.devices import OPERATOR
from tps.commands import store
from tps.commands.csv_options import Delimiter
from tps.commands.subscribers import written
from tps.commands.terminal import BAD_INPUT, BadInputError, opened, page
from tps.decisions.device_models import DeviceModel
from tps.errors import RejectedError
from tps.files import device_csv, osmocom_tac, utf8
from tps.files.device_csv import Row
from tps.store import device_models
from tps.store.database import Connection
from tps.store.device_models import Place

PAGE_ROWS = 1000
SOURCE_MAX = 100


class Format(StrEnum):
    """Who made the list."""

    CSV = "csv"
    OSMOCOM = "osmocom"


def import_devices(
    file: Annotated[Path, typer.Argument(metavar="FILE.csv", help="CSV in UTF-8 with a header; - is standard input.")],
    config: store.ConfigFile = None,
    form: Annotated[
        Format, typer.Option("--format", help="csv: docs/devices.md; osmocom: the public list.")
    ] = Format.CSV,
    delimiter: Delimiter = ",",
    source: Annotated[str, typer.Option("--source", help="Who says so, for lists other than your own.")] = OPERATOR,
    licence: Annotated[str, typer.Option("--licence", help="Under which the list may be used and passed on.")] = "",
    replace: Annotated[bool, typer.Option("--replace", help="Forget what this source said before.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would happen and store nothing.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Store nothing at all where any line is refused.")] = False,
) -> None:
    """Take in what is known of device models; refused lines are listed, the others stored in one transaction.

    Example: tps import devices models.csv --config tps.toml --dry-run

    Example: tps import devices tacdb.csv --format osmocom --config tps.toml
    """
    if form is Format.OSMOCOM:
        source = osmocom_tac.SOURCE
    if not (0 < len(source) <= SOURCE_MAX and source.isprintable()):
        raise BadInputError(f"--source: 1 to {SOURCE_MAX} printable characters expected")
    models, refused = _read(file, form, delimiter, source, licence)
    stores = not dry_run and not (strict and refused)
    removed = 0

    def store_all(connection: Connection) -> int:
        forgotten = device_models.remove_source(connection, source) if replace else 0
        device_models.put(connection, models, now_ms())
        return forgotten

    if stores:
        with store.opened(configuration.load(config)) as (database, _):
            removed = database.write_now(store_all)
    forgotten = f"{removed} forgotten, " if removed else ""
    page().print(
        f"{forgotten}{len(models)} rows of {source}, {refused} refused{'' if stores else '; nothing was stored'}"
    )
    if refused:
        raise typer.Exit(BAD_INPUT)


def export_devices(
    file: Annotated[Path, typer.Argument(metavar="FILE.csv", help="Written anew; - is standard output.")],
    config: store.ConfigFile = None,
    source: Annotated[str, typer.Option("--source", help="Whose rows.")] = OPERATOR,
) -> None:
    """Write what one source says of device models to a CSV file that import takes.

    Example: tps export devices models.csv --config tps.toml
    """
    with store.opened(configuration.load(config)) as (database, _):
        rows, known = database.read_now(
            lambda connection: (list(_all(connection, source)), device_models.sources(connection))
        )
    if not rows:
        others = ", ".join(sorted({each.source for each in known})) or "none"
        raise BadInputError(f"--source: {source!r} says nothing of any device; there are: {others}")
    with written(file) as text:
        writer = csv.writer(text, lineterminator="\n")
        writer.writerows(device_csv.lines_of(rows))
    for licence in sorted({row.licence for row in rows if row.licence}):
        typer.echo(f"These rows are under a licence: {licence}", err=True)


def _read(file: Path, form: Format, delimiter: str, source: str, licence: str) -> tuple[list[DeviceModel], int]:
    """The models of a file, and how many lines of it were refused, which are listed."""
    models: list[DeviceModel] = []
    refused = 0
    with utf8.text_of(opened(file)) as text:
        for number, read in _rows(text, form, delimiter, source, licence):
            if isinstance(read, RejectedError):
                refused += 1
                page().print(f"line {number}: {read}", soft_wrap=True)
            else:
                models.append(read)
    return models, refused


def _rows(text: TextIO, form: Format, delimiter: str, source: str, licence: str) -> Iterable[Row]:
    if form is Format.OSMOCOM:
        return osmocom_tac.read(text, delimiter)
    return device_csv.read(text, delimiter, source=source, licence=licence)


def _all(connection: Connection, source: str) -> Iterator[DeviceModel]:
    """All rows of a source, page by page."""
    after: Place | None = None
    while True:
        rows = device_models.page(connection, after, PAGE_ROWS, source)
        yield from map(device_models.model_of, rows)
        if len(rows) < PAGE_ROWS:
            return
        after = Place(*rows[-1][:4])
