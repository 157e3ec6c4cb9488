"""Two servers on one PostgreSQL, and five sources that tell both the same things, each in its own words."""

import asyncio
import math
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.chaos.cases import SLOW_SMSC
from tests.chaos.site import network
from tests.feeds_and_nodes.counting import Count, count
from tests.feeds_and_nodes.sightings import Operator, Sighting
from tests.feeds_and_nodes.sources import Applets, Node
from tps.bench.api import Api
from tps.bench.network import outcomes_of
from tps.bench.server_process import ServerSetup, server

NODES = 2
PORTION, FILE_LINES = 1000, 10_000
_SOURCES = ("detection", "radius", "s13", "applet")
_LOOK_EVERY_S = 0.02
_CLOCKS_S = 0.01
"""The clock of a sleep and that of the day may differ by so much."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What a run showed."""

    counted: Count
    told: Counter[str]
    """Detections by source."""
    outcomes: Counter[str]
    """Of these, by what the nodes say that they led to."""
    resent: int
    """Records of RADIUS that were sent again."""
    seconds: float
    """Until everything was told and everything SET."""

    def as_dict(self) -> dict[str, Any]:
        """By name."""
        told = {f"told_by_{source}": number for source, number in sorted(self.told.items())}
        outcomes = {f"outcome_{name}": number for name, number in sorted(self.outcomes.items())}
        return {
            **self.counted.as_dict(),
            **told,
            **outcomes,
            "radius_sent_again": self.resent,
            "seconds": round(self.seconds, 1),
            "detections_per_s": round(self.told.total() / self.seconds),
        }


async def run(folder: Path, store_url: str, *, subscribers: int, waves: int, seed: int = 0) -> Figures:
    """Tell everything round by round, then once more as a whole, wait until all is settled, and count."""
    operator = Operator(subscribers, waves, seed)
    async with network(folder, subscribers, *SLOW_SMSC) as air:
        async with _nodes(folder, store_url, air.port) as nodes:
            await nodes[0].api.publish()
            await nodes[0].api.create(operator.everybody)
            applets = Applets(air.process, nodes)
            began = time.monotonic()
            for number in range(operator.rounds):
                await _tell(operator, nodes, applets, operator.round(number, await _full_second()))
            await _tell(operator, nodes, applets, operator.replay())
            for node in nodes:
                await node.api.settled()
            seconds = time.monotonic() - began
            outcomes: Counter[str] = Counter()
            for node in nodes:
                for source in _SOURCES:
                    outcomes += await outcomes_of(node.api, source)
        devices = operator.devices()
    numbers = {who.imsi: who.msisdn for who in operator.everybody}
    told = sum((node.told for node in nodes), Counter({"applet": applets.told}))
    return Figures(
        counted=count(air.record, store_url, devices=devices, numbers=numbers, installed=air.installed),
        told=told,
        outcomes=outcomes,
        resent=sum(node.resent for node in nodes),
        seconds=seconds,
    )


@asynccontextmanager
async def _nodes(folder: Path, store_url: str, smsc_port: int) -> AsyncIterator[Sequence[Node]]:
    async with AsyncExitStack() as running:
        nodes = []
        for number in range(NODES):
            place = folder / f"node-{number}"
            place.mkdir()
            node = Node(place)
            setup = ServerSetup(folder=place, store=store_url, smsc_port=smsc_port, node=number, tables=node.tables())
            process = await running.enter_async_context(server(setup))
            node.reach(await running.enter_async_context(Api(process.address, process.key)))
            await node.api.until_ready()
            nodes.append(node)
        yield nodes


async def _tell(operator: Operator, nodes: Sequence[Node], applets: Applets, seen: Sequence[Sighting]) -> None:
    """Every source tells all of it to one node or the other, and half of it to both; then wait until it is taken in."""
    now = [each for each in seen if not each.is_late]
    async with asyncio.TaskGroup() as group:
        for place, node in enumerate(nodes):
            for turn, tell in enumerate((node.radius, node.s13, node.http, node.file)):
                told = now if tell == node.s13 else seen
                mine = [each for each in told if (each.number + turn + place) % NODES]
                others = [each for each in told if not (each.number + turn + place) % NODES]
                all_of_it = operator.shuffled([*mine, *operator.some(others)])
                most = {node.file: FILE_LINES, node.s13: len(all_of_it)}.get(tell, PORTION)  # an MME stays connected
                group.create_task(_by_portions(tell, all_of_it, most))
        group.create_task(applets.tell(operator.shuffled(now)))
    for node in nodes:
        while (await node.api.feeds())["queue"]["waiting"]:  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(_LOOK_EVERY_S)


async def _by_portions(
    tell: Callable[[Sequence[Sighting]], Awaitable[None]], seen: Sequence[Sighting], most: int
) -> None:
    """Tell it portion by portion: all sources live in this process, and none shall keep the others waiting for long."""
    for first in range(0, len(seen), max(1, most)):
        await tell(seen[first : first + most])


async def _full_second() -> int:
    """Wait until a new second begins, and tell it: all that was seen before was seen in an earlier one."""
    at_s = math.ceil(time.time())
    await asyncio.sleep(at_s - time.time() + _CLOCKS_S)
    return at_s
