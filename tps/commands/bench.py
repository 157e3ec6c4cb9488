"""`bench`: load tests, each against a server of its own, and what they measured."""

import shlex
import sys
import tempfile
from collections.abc import Callable, Coroutine
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from aiohttp import ClientError

from tps.bench import encoding, kannel, limits, network, pressure, resources, results, scenarios, session
from tps.bench.api import RefusedError, StalledError
from tps.bench.processes import ProcessError
from tps.bench.results import Run
from tps.bench.site import Options
from tps.commands import bench_options, bench_page, event_loop, running_server
from tps.commands.running_server import OtherKey, OtherUrl
from tps.commands.terminal import BadInputError
from tps.config import StoreConfig
from tps.watch import logs

# fmt: off
COUNTS = {
    "bulk":     (50_000, "Pushes as a stream of lines."),
    "single":   (20_000, "Pushes in a request each, every one durable before it is answered."),
    "detect":   (200_000, "Detections as a stream, 2 % of them in a new device, the rest SET already."),
    "radius":   (100_000, "RADIUS accounting records, 2 % of them of a new device, the rest SET already."),
    "s13":      (100_000, "The same as checks that an MME asks of its EIR."),
    "applet":   (20_000, "The same as SMS of SIM applets, each of another SIM."),
    "pressure": (100_000, "A stream and lone requests, far more than a slow route takes: nothing may be lost."),
    "campaign": (50_000, "Pushes that were stored before: how fast the server starts with them and sends them."),
    "encode":   (20_000, "Settings to SMS on one core, nothing sent."),
    "smpp":     (200_000, "The SMPP session alone."),
}
# fmt: on
"""How many units by default, and what each scenario is."""
SCENARIOS = {
    "bulk": scenarios.bulk,
    "single": scenarios.single,
    "detect": scenarios.detect,
    "radius": network.radius,
    "s13": network.s13,
    "applet": network.applet,
    "pressure": pressure.pressure,
    "campaign": scenarios.campaign,
}
"""Those over the whole server."""
WARM_UP_SHARE = 10
WARM_UP_MAX = 2_000
LIMIT_COUNT = 200_000
MAX_OPEN_PUSHES = StoreConfig().max_open_pushes

Count = Annotated[int | None, typer.Option(min=1, max=100_000_000, help="Units to measure.")]
Connections = Annotated[int, typer.Option(min=1, max=1000, help="HTTP connections of lone requests.")]
Repeat = Annotated[int, typer.Option(min=1, max=100, help="Runs; medians are told.")]
Rate = Annotated[float, typer.Option(min=0, help="Units a second, to measure latency; 0: as fast as they are taken.")]
Store = Annotated[str | None, typer.Option(help="URL of an empty store (postgresql://...); else an SQLite file.")]
Window = Annotated[int, typer.Option(min=1, help="SMPP window of a link.")]
Binds = Annotated[int, typer.Option(min=1, help="SMPP links.")]
First = Annotated[int, typer.Option(min=0, help="First subscriber's number: another one on a store used before.")]
SmscDelay = Annotated[float, typer.Option(min=0, metavar="SECONDS", help="How long the SMSC takes to answer.")]
NewEvery = Annotated[int, typer.Option(min=1, help="Of detections: one in so many is of a new device; 1: all are.")]
RouteRate = Annotated[int, typer.Option(min=0, help="Limit of each link in PDUs a second; 0: none.")]
MaxOpenPushes = Annotated[int, typer.Option(min=0, help="Pushes that may wait at the server; 0: any number.")]
ServeWith = Annotated[str, typer.Option(metavar="OPTIONS", help="What else `tps serve` is told.")]
ShowLimits = Annotated[bool, typer.Option("--show-limits", help="Tell first what the simulated SMSC itself can take.")]
CompareKannel = Annotated[
    bool, typer.Option("--compare-kannel", help="Let Kannel do the same in turn, and tell the ratio.")
]
JsonFile = Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write what was measured.")]


def _command(scenario: str) -> Callable[..., None]:
    """The command of one scenario."""

    def run(
        context: typer.Context,
        count: Count = None,
        connections: Connections = 32,
        repeat: Repeat = 1,
        rate: Rate = 0.0,
        store: Store = None,
        url: OtherUrl = None,
        key: OtherKey = None,
        window: Window = 50,
        binds: Binds = 1,
        first: First = 0,
        smsc_delay: SmscDelay = 0.0,
        route_rate: RouteRate = 0,
        max_open_pushes: MaxOpenPushes = MAX_OPEN_PUSHES,
        new_every: NewEvery = 50,
        serve_with: ServeWith = "",
        json_file: JsonFile = None,
        show_limits: ShowLimits = False,
        compare_kannel: CompareKannel = False,
    ) -> None:
        bench_options.verify_used(scenario, context)
        units = count or COUNTS[scenario][0]
        options = Options(
            count=units,
            connections=connections,
            warm_up=min(units // WARM_UP_SHARE, WARM_UP_MAX),
            rate_per_s=rate,
            store=store,
            url=url,
            key=key,
            window=window,
            binds=binds,
            first=first,
            response_delay_s=smsc_delay,
            route_rate_per_s=route_rate,
            max_open_pushes=max_open_pushes,
            server_arguments=tuple(shlex.split(serve_with)),
            new_every=new_every,
        )
        if url is not None:
            event_loop.run(running_server.verify_answers(url))
        _run(scenario, options, repeat, json_file, with_limits=show_limits, with_kannel=compare_kannel)

    run.__doc__ = f"{COUNTS[scenario][1]}\n\nExample: tps bench {scenario} --repeat 3"
    return run


bulk, single, detect, radius, s13, applet, under_pressure, campaign, encode, smpp = map(_command, COUNTS)


def _run(
    scenario: str, options: Options, repeat: int, json_file: Path | None, *, with_limits: bool, with_kannel: bool
) -> None:
    logs.configure(readable=True, warnings_only=True)
    limited = _shown(_limits()) if with_limits else []
    runs: list[Run] = []
    theirs: list[Run] = []
    units = options.warm_up + options.count
    for turn in range(repeat):
        # Another part of the subscribers each time: a store that is given stays as it is between the runs.
        runs += _shown(_timed(partial(_measured, scenario, replace(options, first=options.first + turn * units))))
        if with_kannel:
            theirs += _shown(_timed(lambda: [_in_folder(lambda folder: kannel.sendota(options, folder))]))
    report = results.report(scenario, runs, kannel=theirs, limits=limited, command=" ".join(["tps", *sys.argv[1:]]))
    bench_page.show_report(report)
    if json_file is not None:
        json_file.write_bytes(msgspec.json.format(msgspec.json.encode(report)) + b"\n")


def _shown(runs: list[Run]) -> list[Run]:
    for run in runs:
        bench_page.show(run)
    return runs


def _limits() -> list[Run]:
    return [
        _in_folder(lambda folder: limits.smsc_limit(LIMIT_COUNT, folder, with_receipts=False)),
        _in_folder(lambda folder: limits.smsc_limit(LIMIT_COUNT, folder, with_receipts=True)),
    ]


def _timed(measure: Callable[[], list[Run]]) -> list[Run]:
    """What was measured, and how fast the processor was meanwhile."""
    before = resources.processor_speed()
    runs = measure()
    speed = min(before, resources.processor_speed())
    return [msgspec.structs.replace(run, processor_speed=speed) for run in runs]


def _measured(scenario: str, options: Options) -> list[Run]:
    """One repetition, with everything it needs put up and taken down."""
    if scenario == "encode":
        return encoding.encode(options.count)
    if scenario == "smpp":
        return [
            _in_folder(lambda folder: session.smpp(options, folder, with_receipts=False)),
            _in_folder(lambda folder: session.smpp(options, folder, with_receipts=True)),
        ]
    return [_in_folder(lambda folder: SCENARIOS[scenario](options, folder))]


def _in_folder(run: Callable[[Path], Coroutine[object, object, Run]]) -> Run:
    """What a scenario measured that keeps its files in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="tps-bench-") as folder:
        try:
            return event_loop.run(run(Path(folder)))
        except RefusedError as error:
            raise running_server.refusal(error.status, error.octets) from error
        except (ProcessError, StalledError, ClientError, ConnectionError) as error:
            raise BadInputError(str(error)) from error
