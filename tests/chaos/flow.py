"""Clients that push to everybody, and come again until each push is acknowledged: what a careful client does."""

import asyncio
import contextlib
import itertools
import time
from collections.abc import Sequence

import aiohttp
import msgspec

from tests.chaos.site import Mortal
from tps.bench.api import BULK, Api
from tps.bench.workload import push
from tps.sim.subscribers import Subscriber

CLIENTS = 4
PATIENCE_S = 120.0
REQUEST_S = 30.0
_PAUSE_S = 0.05


class _Line(msgspec.Struct):
    id: str | None = None


_read_line = msgspec.json.Decoder(_Line).decode


class Flow:
    """Several clients side by side, who ask the nodes in turn, and go as far as `allow` says."""

    def __init__(self, nodes: Sequence[Mortal], everybody: Sequence[Subscriber], *, request_lines: int) -> None:
        self.acknowledged: set[str] = set()
        """The numbers of those to whom a push was acknowledged."""
        self._nodes = itertools.cycle(nodes)
        self._everybody = everybody
        self._request_lines = request_lines
        self._begun = 0
        self._allowed = 0
        self._moved = asyncio.Condition()

    async def allow(self, count: int) -> None:
        """Push to the first `count` of them, no further."""
        async with self._moved:
            self._allowed = count
            self._moved.notify_all()

    async def reached(self, count: int) -> None:
        """Wait until so many pushes are acknowledged."""
        async with self._moved:
            await self._moved.wait_for(lambda: len(self.acknowledged) >= count)

    async def run(self) -> None:
        """Until everybody was pushed to."""
        async with asyncio.TaskGroup() as group:
            for _ in range(CLIENTS):
                group.create_task(self._client())

    async def _client(self) -> None:
        while some := await self._next():
            await self._send(some)

    async def _next(self) -> Sequence[Subscriber]:
        """Those of the next request; none at the end."""
        async with self._moved:
            total = len(self._everybody)
            await self._moved.wait_for(lambda: self._begun < self._allowed or self._begun == total)
            first, self._begun = self._begun, min(self._begun + self._request_lines, self._allowed)
            return self._everybody[first : self._begun]

    async def _send(self, people: Sequence[Subscriber]) -> None:
        """Push to all of them, again and again until each is acknowledged."""
        left = people
        deadline = time.monotonic() + PATIENCE_S
        while left:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{len(left)} pushes were never acknowledged")
            answered = await _send_once(await next(self._nodes).api(), left)
            async with self._moved:
                self.acknowledged |= answered
                self._moved.notify_all()
            left = [person for person in left if person.msisdn not in answered]
            if left:
                await asyncio.sleep(_PAUSE_S)


async def _send_once(api: Api, people: Sequence[Subscriber]) -> set[str]:
    """The numbers of those that were acknowledged before something happened."""
    answered: set[str] = set()
    body = b"".join(map(push, people))
    headers = {"Authorization": f"Bearer {api.key}", "Content-Type": "application/x-ndjson"}
    with contextlib.suppress(aiohttp.ClientError, ConnectionError, TimeoutError):
        timeout = aiohttp.ClientTimeout(total=REQUEST_S)
        async with (
            aiohttp.ClientSession(api.address, timeout=timeout) as session,
            session.post(BULK, data=body, headers=headers, raise_for_status=True) as reply,
        ):
            for person in people:  # answers come in the order of the lines
                line = await reply.content.readline()
                if not line.endswith(b"\n"):
                    break
                if _read_line(line).id is not None:
                    answered.add(person.msisdn)
    return answered
