"""`bench fill` and `bench plot`: a store with a past before load tests, pictures of what they measured after."""

import tempfile
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from tps.bench import fill as filling
from tps.bench import plot as plotting
from tps.bench.results import Report
from tps.commands.terminal import BadInputError, progress_bar, read_octets, write_octets


def fill(
    store: Annotated[str, typer.Option(help="URL of the store, to be given to the load tests then.")],
    pairs: Annotated[int, typer.Option(min=0, help="Accounts, each seen in a device.")] = 0,
    pushes: Annotated[int, typer.Option(min=0, help="Pushes that were delivered to the first of them.")] = 0,
) -> None:
    """Give a store the past of years of service, to measure how it carries that.

    Example: tps bench fill --store sqlite:///grown.sqlite3 --pairs 10000000 --pushes 1000000
    """
    if pushes > pairs:
        raise BadInputError(f"--pushes {pushes}: at most one for each of the {pairs} pairs")
    with tempfile.TemporaryDirectory(prefix="tps-bench-") as folder, progress_bar() as progress:
        task = progress.add_task(f"{pairs:,} accounts", total=1.0)
        filled = filling.fill(
            store,
            Path(folder),
            pair_count=pairs,
            push_count=pushes,
            tell=lambda share: progress.update(task, completed=share),
        )
    typer.echo(
        f"{pairs:,} accounts with a pair each and {pushes:,} delivered pushes were stored: {filled.rows:,} rows in "
        f"{filled.seconds:.1f} s, {filled.rows / filled.seconds:,.0f} a second; the store takes {filled.octets:,} "
        f"octets.\nLoad tests go on with --first {filling.FIRST + pushes} (accounts that are known) or 0 (new ones)."
    )


def plot(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="What load tests wrote with --json.")],
    into: Annotated[Path, typer.Option(metavar="FOLDER", help="Where the pictures go.")] = Path(),
    together: Annotated[
        str | None, typer.Option(metavar="NAME", help="One more picture NAME.svg: the medians of all files.")
    ] = None,
) -> None:
    """Draw the results of load tests as SVG: rate over time, latencies, the comparison.

    Example: tps bench plot bulk.json bulk-grown.json --into docs --together growth
    """
    reports = [(file.stem, _report(file)) for file in files]
    pictures: dict[str, str] = {}
    for name, report in reports:
        pictures |= _pictures(name, report)
    if together is not None:
        pictures[together] = plotting.medians(reports, f"Median rates: {together.replace('-', ' ')}")
    into.mkdir(parents=True, exist_ok=True)
    for name, picture in pictures.items():
        write_octets(picture.encode(), into / f"{name}.svg")
        typer.echo(into / f"{name}.svg")


def _pictures(name: str, report: Report) -> dict[str, str]:
    """Whatever this report has something to draw of."""
    pictures: dict[str, str] = {}
    about = f"{report.scenario}, {report.date}"
    if any(len(run.over_time) > 2 for run in report.runs):
        pictures[f"{name}-rate"] = plotting.rate_over_time(report.runs, f"Rate over time: {about}")
    if len(report.runs[-1].memory_over_time_mb) > 2:
        pictures[f"{name}-memory"] = plotting.memory_over_time(report.runs[-1], f"Memory over time: {about}")
    latencies = list(report.runs[-1].latencies.items())
    if latencies:
        pictures[f"{name}-latency"] = plotting.latency_distribution(latencies, f"Latency: {about}")
    if report.pairs:
        pictures[f"{name}-kannel"] = plotting.compared(
            report.pairs, f"Ratio to Kannel {report.ratio_to_kannel}: {about}"
        )
    return pictures


def _report(file: Path) -> Report:
    try:
        return msgspec.json.decode(read_octets(file), type=Report)
    except msgspec.DecodeError as error:
        raise BadInputError(f"{file}: not what a load test wrote: {error}") from error
