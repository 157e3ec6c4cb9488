"""One case with real processes: pushes flow, faults befall the site again and again, and everything is counted."""

import asyncio
import random
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.chaos.cases import Case
from tests.chaos.counting import Count, count
from tests.chaos.flow import Flow
from tests.chaos.recovery import catching_up, deliveries, recoveries
from tests.chaos.site import Mortal, Network, Site, network
from tests.chaos.stores import Store
from tests.soak.link_log import link_events
from tps.bench.server_process import ServerSetup
from tps.bench.workload import people
from tps.sim.subscribers import Subscriber

RECOVERY_MAX_S = 30.0
_REQUESTS_A_FAULT = 12
_REQUEST_LINES_MAX = 100
_MOMENT_S = 0.1
"""A fault comes so much later than planned at most, by chance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What a run showed."""

    counted: Count
    faults: int
    recovery_s: Sequence[float]
    """From the end of each fault until a push was DELIVERED again."""
    catching_up_s: Sequence[float]
    """Until all was DELIVERED that had been accepted before."""
    seconds: float

    @property
    def is_promise_kept(self) -> bool:
        """Nothing lost, doubled, or stuck, and no recovery too long."""
        return self.counted.is_promise_kept and max(self.recovery_s, default=0.0) < RECOVERY_MAX_S

    def as_dict(self) -> dict[str, Any]:
        """By name, times in seconds."""
        return {
            **self.counted.as_dict(),
            "faults": self.faults,
            "recoveries": len(self.recovery_s),
            "recovery_median_s": round(statistics.median(self.recovery_s or [0.0]), 2),
            "recovery_longest_s": round(max(self.recovery_s, default=0.0), 2),
            "catching_up_longest_s": round(max(self.catching_up_s, default=0.0), 2),
            "seconds": round(self.seconds, 1),
        }


async def run(case: Case, folder: Path, store: Store, *, pushes: int, faults: int) -> Figures:
    """Push to so many subscribers with so many faults spread over them; then wait until all is settled, and count."""
    began = time.monotonic()
    async with network(folder, pushes, *case.smsc) as air, asyncio.TaskGroup() as group:
        nodes = [await _node(case, folder, store.url, air, number) for number in range(case.nodes)]
        living = [group.create_task(node.live()) for node in nodes]
        everybody = list(people(0, pushes))
        await _prepare(nodes, everybody)
        lines = max(1, min(_REQUEST_LINES_MAX, pushes // max(1, faults) // _REQUESTS_A_FAULT))
        flow = Flow(nodes, everybody, request_lines=lines)
        flowing = group.create_task(flow.run())
        site = Site(nodes=nodes, store_url=store.url, cluster=store.cluster, chance=random.Random(0))
        ends_ms = await _trouble(site, case, flow, pushes, faults)
        await flowing
        await _settled(nodes)
        settled_ms = time.time() * 1000
        for life in living:
            life.cancel()
    if case.fault is None:
        ends_ms = _losses_ms(nodes, settled_ms)
    counted = await asyncio.to_thread(
        count, air.record, store.url, acknowledged=flow.acknowledged, installed=air.installed
    )
    delivered = await asyncio.to_thread(deliveries, store.url)
    return Figures(
        counted=counted,
        faults=len(ends_ms),
        recovery_s=recoveries(delivered, ends_ms),
        catching_up_s=catching_up(delivered, ends_ms),
        seconds=time.monotonic() - began,
    )


async def _node(case: Case, folder: Path, store_url: str, air: Network, number: int) -> Mortal:
    place = folder / f"node-{number}"
    place.mkdir()
    setup = ServerSetup(folder=place, store=store_url, smsc_port=air.port, node=number, route=case.route)
    setup.write()
    return Mortal(setup, await setup.new_key())


async def _prepare(nodes: Sequence[Mortal], everybody: Sequence[Subscriber]) -> None:
    """Settings and accounts."""
    api = await nodes[0].api()
    await api.publish()
    await api.create(everybody)


async def _trouble(site: Site, case: Case, flow: Flow, pushes: int, faults: int) -> list[float]:
    """Let it flow; when each fault ended, in milliseconds since 1970-01-01 UTC.

    Each comes in the middle of its share of the pushes: some flow on meanwhile, the last third begins after it.
    """
    ends_ms: list[float] = []
    if case.fault is None:
        await flow.allow(pushes)
        return ends_ms
    for number in range(faults):
        begin, end = pushes * number // faults, pushes * (number + 1) // faults
        third = (end - begin) // 3
        await flow.allow(begin + 2 * third)
        await flow.reached(begin + third)
        await asyncio.sleep(site.chance.uniform(0.0, _MOMENT_S))
        await case.fault(site)
        ends_ms.append(time.time() * 1000)
        await flow.allow(end)
        await flow.reached(end)
        if case.one_by_one:
            await _settled(site.nodes)
    return ends_ms


LONGEST_PAUSE_S = 600.0
"""A push that was UNCERTAIN again and again waits twice as long each time."""


async def _settled(nodes: Sequence[Mortal]) -> None:
    """Wait until no push is open."""
    for node in nodes:
        await (await node.api()).settled(LONGEST_PAUSE_S)


def _losses_ms(nodes: Sequence[Mortal], until_ms: float) -> list[float]:
    """When links were lost before that, by the logs of servers that were never started again."""
    logs = ((node.setup.folder / "server.log").read_bytes().splitlines() for node in nodes)
    lost = (line.timestamp.timestamp() * 1000 for log in logs for line in link_events(log) if line.event == "smpp_down")
    return [at_ms for at_ms in lost if at_ms < until_ms]
