"""What the scenarios measure: a server with an SMSC behind it, and what it used while it was at work."""

import asyncio
import os
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tps.bench import evenness, resources
from tps.bench.api import Api, Push
from tps.bench.latency import Latency, latency
from tps.bench.resources import Use
from tps.bench.results import ProcessUse, Run, by_second, since, steps_by_second
from tps.bench.server_process import ServerSetup, server
from tps.bench.smsc import Record
from tps.bench.smsc_process import SmscProcess, smsc
from tps.bench.workload import SEGMENTS

CLAIMS_SAMPLED = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How hard to test what."""

    count: int
    connections: int = 32
    warm_up: int = 0
    """Units before the measuring begins."""
    rate_per_s: float = 0.0
    """Units a second; 0 is as fast as they are taken."""
    store: str | None = None
    """URL of an empty store; None makes an SQLite file."""
    url: str | None = None
    """A server to test instead of one of its own, in scenarios that need no more of it than its HTTP API."""
    key: str | None = None
    first: int = 0
    """Number of the first subscriber: another one in each run on the same store."""
    window: int = 50
    binds: int = 1
    response_delay_s: float = 0.0
    """How long the SMSC takes to answer."""
    route_rate_per_s: int = 0
    """Limit of each link of the route, in PDUs; 0 for none."""
    max_open_pushes: int = 0
    """Pushes that may wait at the server; 0 for any number."""
    server_arguments: tuple[str, ...] = ()
    """What else `tps serve` is told."""
    new_every: int = 50
    """One detection in so many shows a device that is new."""
    configuration: str = ""
    """What else stands in the configuration of the server."""

    @property
    def rate_ceiling_per_s(self) -> float | None:
        """PDUs a second that the limit of its links lets through the route; None without one."""
        return float(self.route_rate_per_s * self.binds) or None

    @property
    def window_ceiling_per_s(self) -> float | None:
        """PDUs a second that its windows let through while the SMSC takes its time; None where it takes none."""
        return self.window * self.binds / self.response_delay_s if self.response_delay_s else None

    @property
    def behaviour(self) -> Mapping[str, object]:
        """How the SMSC behaves."""
        return {"response_delay_s": self.response_delay_s}


@dataclass(slots=True)
class Site:
    """A server that answers, and its surroundings."""

    api: Api
    server_pid: int | None
    smsc: SmscProcess | None

    def pids(self) -> dict[str, int]:
        """The processes that can be looked at."""
        found = {"client": os.getpid()}
        if self.server_pid is not None:
            found["server"] = self.server_pid
        if self.smsc is not None:
            found["smsc"] = self.smsc.child.pid
        return found


@asynccontextmanager
async def site(options: Options, folder: Path) -> AsyncIterator[Site]:
    """A server ready to deliver, its settings published."""
    if options.url is not None:
        async with Api(options.url, options.key or "") as client:
            await _publish(client)
            yield Site(client, None, None)
        return
    async with (
        smsc(folder, behaviour=options.behaviour) as centre,
        server(setup_of(options, folder, centre.port)) as process,
        Api(process.address, process.key) as client,
    ):
        await _publish(client)
        await client.until_ready()
        yield Site(client, process.pid, centre)


def setup_of(options: Options, folder: Path, smsc_port: int) -> ServerSetup:
    """The configuration of the server under test."""
    return ServerSetup(
        folder=folder,
        store=options.store or f"sqlite:///{folder}/bench.sqlite3",
        smsc_port=smsc_port,
        window=options.window,
        binds=options.binds,
        rate_per_s=options.route_rate_per_s,
        max_open_pushes=options.max_open_pushes,
        arguments=options.server_arguments,
        tables=options.configuration,
    )


async def _publish(client: Api) -> None:
    segments = await client.publish()
    if segments != SEGMENTS:
        raise AssertionError(f"the document of the load tests takes {segments} SMS; {SEGMENTS} expected")


@dataclass(slots=True)
class Stopwatch:
    """What was used from `start` to `stop`."""

    site: Site
    started_ms: float = 0.0
    commits: int = 0
    uses: dict[str, Use] = field(default_factory=dict)
    memory_mb: list[float] = field(default_factory=list)
    """What the server held in each second."""
    _looking: "asyncio.Task[None] | None" = None

    async def start(self) -> None:
        """Now."""
        if self.site.server_pid is not None:
            self._looking = asyncio.create_task(self._look_at_memory(self.site.server_pid), name="bench-memory")
        self.commits = await self.site.api.commits()
        self.uses = uses(self.site.pids())
        self.started_ms = time.time() * 1000

    async def stop(self, count: int) -> tuple[dict[str, ProcessUse], int]:
        """What each process used for `count` units since, and the commits."""
        if self._looking is not None:
            self._looking.cancel()
        found = process_uses(self.site.pids(), self.uses, count)
        return found, await self.site.api.commits() - self.commits

    async def _look_at_memory(self, pid: int) -> None:
        while True:
            self.memory_mb.append(round(resources.rss_mb(pid), 1))
            await asyncio.sleep(1.0)


def uses(pids: Mapping[str, int]) -> dict[str, Use]:
    """What these processes have used until now."""
    return {name: resources.use(pid) for name, pid in pids.items()}


def process_uses(pids: Mapping[str, int], before: Mapping[str, Use], count: int) -> dict[str, ProcessUse]:
    """What they used since for `count` units."""
    return {name: _process_use(pid, before[name], count) for name, pid in pids.items()}


def _process_use(pid: int, before: Use, count: int) -> ProcessUse:
    used = resources.use(pid).since(before)
    return ProcessUse(
        cpu_s_per_1000=_per_1000(used.cpu_s, count),
        peak_rss_mb=round(resources.peak_rss_mb(pid), 1),
        stages={name: _per_1000(spent, count) for name, spent in resources.by_stage(pid, used).items()},
    )


def _per_1000(seconds: float, count: int) -> float:
    return round(seconds * 1000 / count, 4)


async def settled_run(
    scenario: str,
    options: Options,
    watch: Stopwatch,
    *,
    outcomes: Mapping[str, int],
    figures: Mapping[str, float],
    latencies: Mapping[str, Latency | None],
    stored_from_ms: float | None = None,
) -> Run:
    """The result of a run that ends when no push is open any more: waits for that, then reads the pushes.

    Where the pushes were stored before the measuring began, from `stored_from_ms` on, only sending them is measured.
    """
    here, count, started_ms = watch.site, options.count, watch.started_ms
    ended_ms = await here.api.settled()
    processes, commits = await watch.stop(count)
    read = await here.api.pushes(stored_from_ms or started_ms, count)
    record = Record() if here.smsc is None else await here.smsc.record()
    if len(read) == count:
        ended_ms = max(push.changed_ms for push in read)
    distributions = dict(latencies)
    if stored_from_ms is None:
        distributions |= await _from_accepted(here, read, record.first_ms)
    else:
        started_ms = min(record.first_ms.values(), default=started_ms)
    seconds = (ended_ms - started_ms) / 1000
    return Run(
        scenario=scenario,
        unit="settings",
        count=count,
        seconds=round(seconds, 3),
        per_s=round(count / seconds, 1),
        figures={
            **figures,
            "commits": commits,
            "settings_per_commit": round(count / max(commits, 1), 1),
            **evenness.figures(options.rate_ceiling_per_s, options.window_ceiling_per_s, record, started_ms),
        },
        latencies={name: found for name, found in distributions.items() if found is not None},
        processes=processes,
        memory_over_time_mb=watch.memory_mb,
        over_time=_over_time(read, count, record, started_ms),
        parts_over_time=steps_by_second(since(record.steps(), started_ms), started_ms),
        outcomes={**outcomes, **_states(read, count)},
    )


def _states(read: Sequence[Push], count: int) -> dict[str, int]:
    """How many pushes ended in each state; where not all were read, of those that were."""
    sample = "" if len(read) == count else f" of {len(read)} looked at"
    return {f"{state}{sample}": number for state, number in Counter(push.state for push in read).items()}


async def _from_accepted(here: Site, read: Sequence[Push], arrivals: Mapping[str, float]) -> dict[str, Latency | None]:
    """Until the first part is at the SMSC (of a server elsewhere: until it is claimed for sending), and until SET."""
    if here.smsc is None:
        submitted = await here.api.claimed(read[:: max(len(read) // CLAIMS_SAMPLED, 1)])
    else:
        submitted = [arrivals[push.msisdn] - push.created_ms for push in read if push.msisdn in arrivals]
    set_after = [push.changed_ms - push.created_ms for push in read if push.state == "DELIVERED"]
    return {"accepted to submitted": latency(submitted), "accepted to SET": latency(set_after)}


def _over_time(read: Sequence[Push], count: int, record: Record, started_ms: float) -> list[int]:
    """Pushes SET in each second; where not all were read, those submitted."""
    if len(read) == count:
        return by_second([push.changed_ms for push in read], started_ms)
    return [parts // SEGMENTS for parts in steps_by_second(since(record.steps(), started_ms), started_ms)]
