"""`import subscribers` and `export subscribers`: accounts from and to CSV files."""

import csv
import io
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Annotated, BinaryIO, TextIO

import typer
from rich.progress import Progress

from tps import config as configuration
from tps.app import now_ms
from tps.backoffice import subscribers
from tps.backoffice.subscribers import Account
from tps.commands import event_loop, store
from tps.commands.csv_options import Delimiter
from tps.commands.subscriber_csv import AccountChange, change_of, checked_header, header_of, row_of
from tps.commands.terminal import BAD_INPUT, STANDARD_STREAM, BadInputError, opened, page, progress_bar
from tps.config import Config
from tps.errors import RejectedError
from tps.files import utf8
from tps.files.csv_lines import header_cells, lines
from tps.store import subscribers as stored_subscribers
from tps.store.database import Database
from tps.store.rehearsal import Rehearsal
from tps.store.sealing import Seal
from tps.store.subscribers import Subscriber

BATCH_ROWS = 500
"""Rows that become one transaction."""
PAGE_ROWS = 1000
"""Accounts read at once for an export."""

Row = tuple[int, AccountChange | RejectedError]
"""Number of the line a row begins in, and what it says, or why it cannot be read."""


@dataclass(slots=True)
class Tally:
    """What became of the rows so far."""

    created: int = 0
    changed: int = 0
    refused: int = 0

    def __str__(self) -> str:
        return f"{self.created} created, {self.changed} changed, {self.refused} refused"


def import_subscribers(
    file: Annotated[Path, typer.Argument(metavar="FILE.csv", help="CSV in UTF-8 with a header; - is standard input.")],
    config: store.ConfigFile = None,
    delimiter: Delimiter = ",",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would happen and store nothing.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Store nothing at all where any row is refused.")] = False,
) -> None:
    """Create or change subscribers from a CSV file with columns imsi, msisdn, settings, pin and value.NAME.

    A missing column leaves what is stored, an empty cell removes it. Refused rows are listed, the others stored.

    Example: tps import subscribers customers.csv --config tps.toml --dry-run
    """
    running = configuration.load(config)
    content = sys.stdin.buffer.read() if str(file) == STANDARD_STREAM else None
    tally = _take_in(file, content, delimiter, running, Rehearsal if dry_run or strict else Database)
    if strict and not dry_run and not tally.refused:
        tally = _take_in(file, content, delimiter, running, Database)
    stores_nothing = dry_run or (strict and tally.refused)
    page().print(f"{tally}{'; nothing was stored' if stores_nothing else ''}")
    if tally.refused:
        raise typer.Exit(BAD_INPUT)


def export_subscribers(
    file: Annotated[Path, typer.Argument(metavar="FILE.csv", help="Written anew; - is standard output.")],
    config: store.ConfigFile = None,
    with_secrets: Annotated[
        bool, typer.Option("--with-secrets", help="With PINs and values, such as PPP passwords, in the clear.")
    ] = False,
) -> None:
    """Write all subscribers to a CSV file that import takes; without PINs and values unless asked for.

    Example: tps export subscribers customers.csv --config tps.toml
    """
    with store.opened(configuration.load(config)) as (database, seal), written(file) as text:
        names = {
            name for row in (_all(database) if with_secrets else ()) for name in subscribers.value_names(seal, row)
        }
        header = header_of(sorted(names), with_secrets=with_secrets)
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(header)
        for row in _all(database):
            writer.writerow(row_of(_account(seal, row) if with_secrets else _without_secrets(row), header))


def _take_in(file: Path, content: bytes | None, delimiter: str, config: Config, kind: type[Database]) -> Tally:
    """Read the whole file into a store of this kind."""
    with store.opened(config, kind) as (database, seal), _read(file, content) as octets, progress_bar() as progress:
        return event_loop.run(_store_all(database, seal, octets, delimiter, progress))


async def _store_all(database: Database, seal: Seal, octets: BinaryIO, delimiter: str, progress: Progress) -> Tally:
    tally = Tally()
    task = progress.add_task("", total=octets.seek(0, io.SEEK_END))
    octets.seek(0)
    with utf8.text_of(octets) as text:
        rows = _rows(text, delimiter)
        while batch := list(islice(rows, BATCH_ROWS)):
            for number, answer in await _store(database, seal, batch):
                if isinstance(answer, RejectedError):
                    tally.refused += 1
                    progress.console.print(f"line {number}: {answer}", soft_wrap=True)
                else:
                    tally.created += answer
                    tally.changed += not answer
            progress.update(task, completed=octets.tell(), description=str(tally))
    return tally


async def _store(database: Database, seal: Seal, batch: Sequence[Row]) -> list[tuple[int, bool | RejectedError]]:
    """For each row of a batch, in order, its number and whether its account is new, or why it was refused."""
    wanted = [change.imsi for _, change in batch if isinstance(change, AccountChange)]
    before = await database.read(lambda connection: stored_subscribers.load(connection, wanted))
    answers: dict[int, bool | RejectedError] = {}
    accounts: dict[int, Account] = {}
    for number, change in batch:
        try:
            if isinstance(change, RejectedError):
                raise change
            account = _changed(seal, before.get(change.imsi), change)
            subscribers.verify(account)
        except RejectedError as error:
            answers[number] = error
        else:
            accounts[number] = account
    written = await subscribers.replace_many(database, seal, list(accounts.values()), now_ms=now_ms())
    answers |= {number: one.refusal or one.is_new for number, one in zip(accounts, written, strict=True)}
    return sorted(answers.items())


def _rows(text: TextIO, delimiter: str) -> Iterator[Row]:
    """The rows below the header; an account may stand in one of them only."""
    records = lines(text, delimiter)
    header = checked_header(header_cells(records))
    first_with: dict[tuple[str, str], int] = {}
    for number, record in records:
        yield number, _row(header, record, number, first_with)


def _row(
    header: Sequence[str], record: Sequence[str] | RejectedError, number: int, first_with: dict[tuple[str, str], int]
) -> AccountChange | RejectedError:
    try:
        if isinstance(record, RejectedError):
            raise record
        change = change_of(header, record)
        _refuse_repeated(first_with, change, number)
    except RejectedError as error:
        return error
    return change


def _refuse_repeated(first_with: dict[tuple[str, str], int], change: AccountChange, number: int) -> None:
    for key in (("imsi", change.imsi), ("msisdn", change.changes.msisdn)):
        first = first_with.setdefault(key, number)
        if first != number:
            raise RejectedError(key[0], f"line {first} has the same: keep one of them")


def _changed(seal: Seal, before: Subscriber | None, change: AccountChange) -> Account:
    """The account after the change."""
    imsi, changes = change
    account = Account(imsi, changes.msisdn) if before is None else _account(seal, before)
    values = {name: value for name, value in {**account.values, **(changes.values or {})}.items() if value is not None}
    return Account(
        imsi,
        changes.msisdn,
        changes.settings if "settings" in changes.given else account.settings,
        values,
        changes.pin if "pin" in changes.given else account.pin,
    )


def _account(seal: Seal, row: Subscriber) -> Account:
    values = subscribers.values_of(seal, row)
    return Account(row.imsi, row.msisdn, row.settings, values, subscribers.pin_of(seal, row))


def _without_secrets(row: Subscriber) -> Account:
    return Account(row.imsi, row.msisdn, row.settings)


def _all(database: Database) -> Iterator[Subscriber]:
    """Every account, page by page."""
    after: str | None = None
    while True:
        rows = database.read_now(partial(stored_subscribers.page, after=after, limit=PAGE_ROWS))
        yield from rows
        if len(rows) < PAGE_ROWS:
            return
        after = rows[-1].imsi


def _read(file: Path, content: bytes | None) -> BinaryIO:
    return opened(file) if content is None else io.BytesIO(content)


@contextmanager
def written(file: Path) -> Iterator[TextIO]:
    """A new file that only its owner may read, or standard output."""
    if str(file) == STANDARD_STREAM:
        yield sys.stdout
        return
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    except OSError as error:
        raise BadInputError(f"{file}: cannot be written: {error.strerror}") from error
    with os.fdopen(handle, "w", encoding="utf-8", newline="") as text:
        yield text
