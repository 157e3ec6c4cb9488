"""`detect`: detections from a file, taken in by a running server, or only rehearsed."""

import io
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from enum import StrEnum
from itertools import chain, islice
from pathlib import Path
from typing import Annotated, BinaryIO

import aiohttp
import typer
from rich.progress import Progress

from tps.commands import event_loop, running_server
from tps.commands.csv_options import Delimiter
from tps.commands.detection_stream import SILENCE_S, DetectionStream, Told
from tps.commands.running_server import Key, Url
from tps.commands.terminal import BAD_INPUT, opened, progress_bar
from tps.files import detection_csv, detection_ndjson, utf8
from tps.files.detection_record import Row, mapping_of
from tps.web.dry_run import OTHER_REASONS, REASONS_MAX, DryRunLine


class Format(StrEnum):
    """How the lines of a file are written."""

    CSV = "csv"
    NDJSON = "ndjson"


WORDS = {
    "queued": ("queued", "would be sent"),
    "already_open": ("on their way already", "are on their way already"),
    "already_set": ("set already", "are set already"),
    "recorded": ("recorded only", "would be recorded only"),
    "rejected": ("refused", "would be refused"),
}
"""Outcome of a line -> how its number is told, done and rehearsed."""


SHOWN_EVERY = 500
"""Lines after which the progress is shown again."""


class _Sized:
    """How long a file is, and how much of it was read; unknown of a pipe."""

    def __init__(self, octets: BinaryIO) -> None:
        self._octets = octets
        self.size = octets.seek(0, io.SEEK_END) if octets.seekable() else None
        if self.size is not None:
            octets.seek(0)

    @property
    def read(self) -> int:
        """Octets."""
        return 0 if self.size is None else self._octets.tell()


class Tally:
    """What became of the lines so far."""

    def __init__(self, *, dry_run: bool) -> None:
        self.outcomes: Counter[str] = Counter()
        self.reasons: Counter[str] = Counter()
        self._dry_run = dry_run

    def count(self, answer: DryRunLine) -> None:
        """One more line."""
        self.outcomes[answer.outcome] += 1
        if answer.outcome == "recorded" and answer.reason is not None:
            is_counted = answer.reason in self.reasons or len(self.reasons) < REASONS_MAX
            self.reasons[answer.reason if is_counted else OTHER_REASONS] += 1

    def __str__(self) -> str:
        told = [f"{self.outcomes[outcome]} {words[self._dry_run]}" for outcome, words in WORDS.items()]
        return f"{self.outcomes.total()} lines: {', '.join(told)}"


def detect(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Which SIM was seen in which device; - is stdin.")],
    key: Key,
    url: Url = "http://127.0.0.1:8080",
    form: Annotated[
        Format | None, typer.Option("--format", help="Else by the name of the file: .csv, or NDJSON.")
    ] = None,
    columns: Annotated[
        str,
        typer.Option("--map", metavar="FIELD=COLUMN,...", help="Names of the columns imsi, imei, msisdn and seen_at."),
    ] = "",
    delimiter: Delimiter = ",",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be sent to whom; store nothing.")] = False,
) -> None:
    """Let a server take in the detections of a file, or say line by line what they would lead to.

    Refused lines are listed and stop no others. The same file again does nothing twice.

    Example: tps detect eir.csv --map imsi=SUBSCRIBER,imei=EQUIPMENT,seen_at=TIME --dry-run
    """
    mapping = mapping_of(columns)
    is_csv = form is Format.CSV or (form is None and file.suffix.lower() == ".csv")
    tally = Tally(dry_run=dry_run)
    with ExitStack() as stack:
        octets = stack.enter_context(opened(file))
        progress = stack.enter_context(progress_bar())
        sized = _Sized(octets)
        if is_csv:
            rows = detection_csv.read(stack.enter_context(utf8.text_of(octets)), mapping, delimiter)
        else:
            rows = detection_ndjson.read(octets, mapping)
        first = list(islice(rows, 1))  # a header that cannot be used ends the command here
        event_loop.run(_run(url, key, chain(first, rows), tally, progress, sized, dry_run=dry_run))
    for reason, number in tally.reasons.most_common():
        typer.echo(f"{number} recorded only: {reason}")
    typer.echo(f"{tally}{'; nothing was stored' if dry_run else ''}")
    if tally.outcomes["rejected"]:
        raise typer.Exit(BAD_INPUT)


async def _run(
    url: str, key: str, rows: Iterator[Row], tally: Tally, progress: Progress, file: "_Sized", *, dry_run: bool
) -> None:
    task = progress.add_task("", total=file.size)
    timeout = aiohttp.ClientTimeout(total=None, sock_read=SILENCE_S)
    await running_server.verify_answers(url)
    async with aiohttp.ClientSession(url, headers={"Authorization": f"Bearer {key}"}, timeout=timeout) as session:
        async for told in DetectionStream(session, rows, dry_run=dry_run).answers():
            if told.answer.totals is not None:
                continue
            tally.count(told.answer)
            _show(told, progress, dry_run=dry_run)
            if tally.outcomes.total() % SHOWN_EVERY == 0:
                progress.update(task, completed=file.read, description=str(tally))


def _show(told: Told, progress: Progress, *, dry_run: bool) -> None:
    answer = told.answer
    if answer.outcome == "rejected":
        why = "; ".join(f"{error.field}: {error.message}" for error in answer.errors) or answer.reason
        progress.console.print(f"line {told.line}: {why}", soft_wrap=True)
    elif dry_run:
        typer.echo(f"line {told.line}: {_foretold(answer)}")


def _foretold(answer: DryRunLine) -> str:
    what = f"{answer.settings} version {answer.version} to {answer.msisdn} in {answer.imei}"
    match answer.outcome:
        case "queued":
            return f"would send {what}"
        case "already_open":
            return f"nothing, on its way already: {what}"
        case "already_set":
            return f"nothing, set already: {what}"
    return f"nothing, {answer.reason}"
