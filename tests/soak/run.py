"""A server that sends a light, steady flow of pushes to an SMSC that goes up and down, for hours with nobody near."""

import asyncio
import os
import signal
import time
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import msgspec

from tests.chaos.counting import count
from tests.soak.figures import Figures, Sample
from tests.soak.link_log import link_events, pauses
from tests.soak.message_centre import Plan, Told
from tps.bench import resources
from tps.bench.api import BULK, Api, StalledError
from tps.bench.processes import Child, child, free_port, python
from tps.bench.server_process import ServerSetup, server
from tps.bench.workload import people, push

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
    """Small enough that most outages reach it; all other keys of the route are the defaults."""
    seed: int = 0

    @property
    def pushes(self) -> int:
        """How many there will be."""
        return int(self.seconds * self.rate_per_s)


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
    route = {"reconnect_min_s": 1.0, "reconnect_max_s": options.reconnect_max_s}
    setup = ServerSetup(folder=folder, store=store_url, smsc_port=port, binds=2, route=route)
    command = python("tests.soak.message_centre", msgspec.json.encode(plan).decode())
    told: list[Told] = []
    samples: list[Sample] = []
    async with child(command, folder / "smsc.log") as smsc:
        told.append(msgspec.json.decode(await smsc.line(), type=Told))
        listening = asyncio.create_task(_listen(smsc, told))
        async with server(setup) as process, Api(process.address, process.key) as api:
            await api.publish()
            sampling = asyncio.create_task(_sample(process.pid, api, max(1.0, options.seconds / _SAMPLES), samples))
            before, began = resources.use(process.pid), time.monotonic()
            acknowledged = await _send(api, options)
            seconds = time.monotonic() - began
            cpu_s = resources.use(process.pid).since(before).cpu_s
            sampling.cancel()
            await asyncio.wait((sampling,))
            os.kill(smsc.pid, signal.SIGUSR1)
            await api.settled()
        await smsc.stop()
        await listening
    return Figures(
        seconds=seconds,
        counted=count(
            record, store_url, acknowledged=acknowledged, installed=msgspec.json.decode(installed.read_bytes())
        ),
        samples=samples,
        told=told,
        pauses=pauses(link_events((folder / "server.log").read_bytes().splitlines())),
        reconnect_max_s=options.reconnect_max_s,
        cpu_s=cpu_s,
    )


async def _send(api: Api, options: Options) -> list[str]:
    """The steady flow; the numbers that were pushed to. Whatever the SMSC does, each push is taken at once."""
    everybody = people(0, options.pushes)
    taken: list[str] = []
    began = time.monotonic()
    while len(taken) < options.pushes:
        due = int((time.monotonic() - began) * options.rate_per_s) - len(taken)
        some = list(islice(everybody, due))
        await api.create(some)
        outcomes = await api.stream(BULK, [b"".join(map(push, some))])
        if outcomes["queued"] != len(some):
            raise StalledError(f"{len(some)} pushes came to {dict(outcomes)}")
        taken += [person.msisdn for person in some]
        await asyncio.sleep(_STEP_S)
    return taken


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
