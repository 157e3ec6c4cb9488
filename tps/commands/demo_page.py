"""What the demo shows: bars while it runs, a summary when it is done."""

import asyncio
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console
from rich.panel import Panel
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from tps.sim.handset import Handset

REFRESH_S = 0.1
WRONG_SHOWN = 5


@dataclass(slots=True)
class Result:
    """What the demo counts."""

    handsets: int
    first: Counter[str] = field(default_factory=Counter)
    """Answers to the first wave of detections by outcome."""
    second: Counter[str] = field(default_factory=Counter)
    segments: int = 0
    """SMS that the SMSC accepted."""
    installed: int = 0
    delivered: int = 0
    """Pushes of which nothing is open any more."""
    seconds: float = 0.0
    second_wave_segments: int = 0
    wrong: list[str] = field(default_factory=list)

    @property
    def is_right(self) -> bool:
        """True when everybody was set up, rightly, and nobody twice."""
        return (
            not self.wrong
            and self.first["queued"] == self.handsets
            and self.second["already_set"] == self.handsets
            and not self.second_wave_segments
        )


class DemoPage:
    """The demo's side of the terminal."""

    def __init__(self, address: str, store_url: str, handsets: int) -> None:
        self._console = Console(highlight=False)
        self._address = address
        store = "SQLite" if store_url.startswith("sqlite") else "PostgreSQL"
        self._console.print(
            f"[bold]Trusted Provisioning Server[/bold] at {address}, store: {store}; "
            f"a simulated SMSC and {handsets:,} simulated handsets, all on loopback."
        )

    @contextmanager
    def progress(self, result: Result) -> Iterator[None]:
        """Bars that follow `result` for as long as the body runs."""
        columns = (TextColumn("{task.description:<34}"), BarColumn(40), MofNCompleteColumn())
        with Progress(*columns, console=self._console) as progress:
            total = result.handsets
            detected = progress.add_task("detected over HTTP", total=total)
            installed = progress.add_task("settings installed by the handset", total=total)
            settled = progress.add_task("delivered, the pair is SET", total=total)

            async def follow() -> None:
                while True:
                    show()
                    await asyncio.sleep(REFRESH_S)

            def show() -> None:
                progress.update(detected, completed=sum(result.first.values()))
                progress.update(installed, completed=result.installed)
                progress.update(settled, completed=max(0, result.delivered))

            following = asyncio.ensure_future(follow())
            try:
                yield
            finally:
                following.cancel()
                show()

    def summarise(self, result: Result, handset: Handset | None) -> None:
        """The counts, and what one handset holds now."""
        table = Table.grid(padding=(0, 2))
        table.add_column(justify="right", style="bold")
        table.add_column()
        rate = result.handsets / result.seconds if result.seconds else 0.0
        for count, meaning in (
            (sum(result.first.values()), "handsets detected"),
            (result.first["queued"], f"pushes sent, in {result.segments:,} SMS"),
            (result.installed, "documents installed: MAC, WSP and WBXML checked by the handset's own code"),
            (result.delivered, "pushes delivered, their pairs SET"),
            (result.handsets - len(result.wrong), "handsets that hold exactly the right settings"),
            (result.second["already_set"], "refused as already SET in a second wave of detections"),
            (result.second_wave_segments, "SMS sent in that second wave"),
        ):
            table.add_row(f"{count:,}", meaning)
        table.add_row(
            f"{result.seconds:.1f} s", f"from the first detection to the last SET: {rate:,.0f} handsets a second"
        )
        verdict = "[green]all right[/green]" if result.is_right else "[red]not all right[/red]"
        self._console.print(Panel(table, title=f"Summary: {verdict}", expand=False))
        for msisdn in result.wrong[:WRONG_SHOWN]:
            self._console.print(f"[red]{msisdn} does not hold the right settings[/red]")
        if handset is not None:
            title = f"The handset with number +{handset.msisdn} now says"
            self._console.print(Panel(handset.describe(), title=title, expand=False))

    async def stay(self, key: str) -> None:
        """Tell how to go on, and wait for Ctrl-C."""
        self._console.print(
            f"The server stays up at [bold]{self._address}[/bold]: open it in a browser to try the API.\n"
            f"API key of this demo: [bold]{key}[/bold]\nCtrl-C ends it."
        )
        stopping = asyncio.Event()
        loop = asyncio.get_running_loop()
        for signal_number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(signal_number, stopping.set)
        await stopping.wait()
