"""kill -9 of the server, again and again, while pushes flow: what the SMSC's own record says afterwards."""

import asyncio
import random
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.chaos.counting import Count, count
from tests.chaos.site import PUSHES_A_REQUEST, Mortal, network, send, until_settled
from tps.bench.server_process import ServerSetup
from tps.bench.workload import people
from tps.sim.subscribers import Subscriber

CLIENTS = 4
SLOW_SMSC = ("--response-delay-s", "0.03", "--receipt-delay-s", "0.1")
"""So that at any moment something is on its way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What a run showed."""

    counted: Count
    kills: int
    recovery_s: tuple[float, ...]
    """From each kill until the server answered again."""
    seconds: float

    def as_dict(self) -> dict[str, Any]:
        """By name, times in seconds."""
        return {
            **self.counted.as_dict(),
            "kills": self.kills,
            "recovery_longest_s": round(max(self.recovery_s, default=0.0), 2),
            "seconds": round(self.seconds, 1),
        }


async def kill_again_and_again(
    folder: Path, store_url: str, *, pushes: int, kills: int, smsc_options: tuple[str, ...] = SLOW_SMSC
) -> Figures:
    """Push to so many subscribers, killing the server so often, spread over the pushes; then wait, and count."""
    began = time.monotonic()
    async with network(folder, pushes, *smsc_options) as air:
        setup = ServerSetup(folder=folder, store=store_url, smsc_port=air.port)
        setup.write()
        mortal = Mortal(setup, await setup.new_key())
        living = asyncio.create_task(mortal.live())
        everybody = list(people(0, pushes))
        api = await mortal.api()
        await api.publish()
        await api.create(everybody)
        acknowledged: dict[str, str] = {}
        killing = asyncio.create_task(_kill(mortal, acknowledged, pushes, kills))
        await _send_all(mortal, everybody, acknowledged)
        await killing
        await until_settled(mortal)
        living.cancel()
        await asyncio.wait((living,))
        if not living.cancelled():
            living.result()
    counted = await asyncio.to_thread(count, air.record, store_url, acknowledged=acknowledged, installed=air.installed)
    return Figures(
        counted=counted, kills=mortal.deaths, recovery_s=tuple(mortal.recovery_s), seconds=time.monotonic() - began
    )


async def _send_all(mortal: Mortal, everybody: list[Subscriber], acknowledged: dict[str, str]) -> None:
    """Several clients side by side."""
    requests = iter(range(0, len(everybody), PUSHES_A_REQUEST))

    async def client() -> None:
        for first in requests:
            await send(mortal, everybody[first : first + PUSHES_A_REQUEST], acknowledged)

    async with asyncio.TaskGroup() as group:
        for _ in range(CLIENTS):
            group.create_task(client())


async def _kill(mortal: Mortal, acknowledged: dict[str, str], pushes: int, kills: int) -> None:
    """Each at a moment of its own after its share of the pushes."""
    moments = random.Random(0)
    for number in range(kills):
        while len(acknowledged) < pushes * number // kills:  # noqa: ASYNC110 - answers come by the hundred
            await asyncio.sleep(0.01)
        await mortal.api()
        await asyncio.sleep(moments.uniform(0.0, 0.2))
        deaths = mortal.deaths
        mortal.kill()
        while mortal.deaths == deaths:  # noqa: ASYNC110 - it takes a moment
            await asyncio.sleep(0.01)
