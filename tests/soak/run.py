"""A server that sends a light, steady flow of pushes to an SMSC that goes up and down, for hours with nobody near."""

import asyncio
import os
import signal
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import msgspec

from tests.chaos.counting import count
from tests.chaos.site import verify_silent
from tests.soak.figures import Figures, Sample
from tests.soak.link_log import link_events, pauses
from tests.soak.message_centre import Plan, Told
from tps.bench import resources
from tps.bench.api import BULK, Api, StalledError, batches
from tps.bench.fill import fill
from tps.bench.processes import Child, child, free_port, python
from tps.bench.server_process import ServerSetup, server
from tps.bench.workload import people, push
from tps.sim.subscribers import Subscriber

_STEP_S = 0.5
"""Pushes are sent by so many seconds' worth."""
_SAMPLES = 720
"""At even distances over the run, a second or more."""
_SMSC = {"response_delay_s": 0.02, "receipt_delay_s": 0.5}
"""So that at each outage answers are missing, and receipts come after it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How long and how much."""

    seconds: float
    rate_per_s: float = 30.0
    up_s: tuple[float, float] = (5.0, 40.0)
    down_s: tuple[float, float] = (1.0, 20.0)
    reconnect_max_s: float = 5.0
    """Small enough that most outages reach it; the first pause is the default."""
    lateness_s: float = 0.5
    """How much later than planned an attempt may be: as much as the machine is busy with other things."""
    past: int = 0
    """Subscribers that are in the store before, each with a push that was delivered."""
    burst: int = 0
    """Pushes at once before the steady flow: with a long past they fill the cache of the database (32 MiB on SQLite),
    which would else grow for hours, and look like a leak."""
    seed: int = 0

    @property
    def pushes(self) -> int:
        """How many there will be."""
        return self.burst + int(self.seconds * self.rate_per_s)


async def soak(folder: Path, store_url: str, options: Options) -> Figures:
    """Run it; it ends when all pushes are settled."""
    record, installed, port = folder / "record.jsonl", folder / "installed.json", free_port()
    plan = Plan(
        port=port,
        record=str(record),
        installed=str(installed),
        people=options.pushes,
        up_s=options.up_s,
        down_s=options.down_s,
        behaviour=_SMSC,
        seed=options.seed,
    )
    route = {"reconnect_min_s": 0.5, "reconnect_max_s": options.reconnect_max_s}
    setup = ServerSetup(folder=folder, store=store_url, smsc_port=port, binds=2, route=route)
    if options.past:
        await asyncio.to_thread(_fill, store_url, folder, options.past)
    command = python("tests.soak.message_centre", msgspec.json.encode(plan).decode())
    told: list[Told] = []
    samples: list[Sample] = []
    async with child(command, folder / "smsc.log") as smsc:
        told.append(msgspec.json.decode(await smsc.line(), type=Told))
        listening = asyncio.create_task(_listen(smsc, told))
        async with server(setup) as process, Api(process.address, process.key) as api:
            await api.publish()
            everybody = people(0, options.pushes)
            acknowledged = await _push(api, islice(everybody, options.burst))
            await api.settled()
            sampling = asyncio.create_task(_sample(process.pid, api, max(1.0, options.seconds / _SAMPLES), samples))
            before, began = resources.use(process.pid), time.monotonic()
            acknowledged += await _push_steadily(api, everybody, options)
            seconds = time.monotonic() - began
            cpu_s = resources.use(process.pid).since(before).cpu_s
            sampling.cancel()
            await asyncio.wait((sampling,))
            os.kill(smsc.pid, signal.SIGUSR1)
            await api.settled()
        await smsc.stop()
        await listening
    verify_silent(folder / "smsc.log")
    return Figures(
        seconds=seconds,
        counted=count(
            record, store_url, acknowledged=acknowledged, installed=msgspec.json.decode(installed.read_bytes())
        ),
        samples=samples,
        told=told,
        pauses=pauses(link_events((folder / "server.log").read_bytes().splitlines())),
        reconnect_max_s=options.reconnect_max_s,
        lateness_s=options.lateness_s,
        cpu_s=cpu_s,
    )


def _fill(store_url: str, folder: Path, past: int) -> None:
    fill(store_url, folder, pair_count=past, push_count=past, tell=lambda _: None)


async def _push_steadily(api: Api, everybody: Iterator[Subscriber], options: Options) -> list[str]:
    """Push to everybody at an even rate; their numbers."""
    acknowledged: list[str] = []
    began = time.monotonic()
    while (elapsed := time.monotonic() - began) < options.seconds:
        due = int(elapsed * options.rate_per_s) - len(acknowledged)
        acknowledged += await _push(api, islice(everybody, due))
        await asyncio.sleep(_STEP_S)
    return acknowledged + await _push(api, everybody)


async def _push(api: Api, some: Iterable[Subscriber]) -> list[str]:
    """Make accounts and push to them; their numbers. Whatever the SMSC does, each push is acknowledged at once."""
    people = list(some)
    await api.create(people)
    outcomes = await api.stream(BULK, batches(map(push, people)))
    if outcomes["queued"] != len(people):
        raise StalledError(f"{len(people)} pushes came to {dict(outcomes)}")
    return [person.msisdn for person in people]


async def _sample(pid: int, api: Api, every_s: float, samples: list[Sample]) -> None:
    """Look again and again; no end."""
    began = time.monotonic()
    while True:
        samples.append(Sample(time.monotonic() - began, resources.rss_mb(pid), await api.open_pushes()))
        await asyncio.sleep(every_s)


async def _listen(smsc: Child, told: list[Told]) -> None:
    """Follow what the SMSC tells until it ends."""
    while line := await smsc.lines.readline():
        told.append(msgspec.json.decode(line, type=Told))
