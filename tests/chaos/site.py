"""A real site for the chaos: an SMSC that keeps a record, a server that is killed and started again, and its client."""

import asyncio
import contextlib
import os
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import msgspec

from tps.bench.api import Api
from tps.bench.processes import Child, child, free_port, python
from tps.bench.server_process import ServerSetup, server
from tps.bench.smsc import ACCOUNT
from tps.bench.workload import push
from tps.sim.subscribers import Subscriber

PUSHES_A_REQUEST = 100
PATIENCE_S = 120.0


class _Line(msgspec.Struct):
    outcome: str = ""
    id: str | None = None


class _Installation(msgspec.Struct):
    msisdn: str = ""


_read_line = msgspec.json.Decoder(_Line).decode
_read_installation = msgspec.json.Decoder(_Installation).decode


@dataclass(slots=True)
class Network:
    """The simulated SMSC and the handsets behind it, and what both know at the end."""

    port: int
    record: Path
    """What the SMSC accepted."""
    installed: Counter[str] = field(default_factory=Counter)
    """How often each handset installed a document, by number."""

    async def listen(self, process: Child) -> None:
        """Follow what the handsets tell until it ends."""
        while line := await process.lines.readline():
            told = _read_installation(line)
            if told.msisdn:
                self.installed[told.msisdn] += 1


@asynccontextmanager
async def network(folder: Path, people: int, *options: str) -> AsyncIterator[Network]:
    """Run it until the end of the block; `options` are those of `tps simulate handsets`."""
    made = Network(free_port(), folder / "record.jsonl")
    command = python("tps", "simulate", "handsets", "--count", people, "--port", made.port, "--record", made.record)
    async with child([*command, "--account", f"{ACCOUNT}:{ACCOUNT}", *options], folder / "smsc.log") as running:
        await running.line()
        listening = asyncio.create_task(made.listen(running))
        yield made
        await running.stop()
        await listening


class Mortal:
    """A server that is killed again and again, and started again each time."""

    def __init__(self, setup: ServerSetup, key: str) -> None:
        self.deaths = 0
        self.recovery_s: list[float] = []
        """From each kill until the server answers again."""
        self._setup = setup
        self._key = key
        self._to_die = asyncio.Event()
        self._api: asyncio.Future[Api] = asyncio.get_running_loop().create_future()

    async def api(self) -> Api:
        """A client of the server, when it is up."""
        return await asyncio.shield(self._api)

    def kill(self) -> None:
        """kill -9, at once."""
        self._to_die.set()

    async def live(self) -> None:
        """Live and die; no end."""
        died = None
        while True:
            self._to_die.clear()
            async with server(self._setup, key=self._key) as process, Api(process.address, process.key) as api:
                if died is not None:
                    self.recovery_s.append(time.monotonic() - died)
                self._api.set_result(api)
                await self._to_die.wait()
                self._api = asyncio.get_running_loop().create_future()
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process.pid, signal.SIGKILL)
                died = time.monotonic()
                self.deaths += 1


async def send(mortal: Mortal, people: list[Subscriber], acknowledged: dict[str, str]) -> None:
    """Push to all of them, again and again until each is acknowledged: what a careful client does."""
    left = people
    deadline = time.monotonic() + PATIENCE_S
    while left:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{len(left)} pushes were never acknowledged")
        api = await mortal.api()
        answered = await _send_once(api, left)
        acknowledged |= answered
        left = [person for person in left if person.msisdn not in answered]
        if left:
            await asyncio.sleep(0.05)


async def _send_once(api: Api, people: Iterable[Subscriber]) -> dict[str, str]:
    """Those that were acknowledged before the server died, in the order of the request."""
    people = list(people)
    answered: dict[str, str] = {}
    body = b"".join(push(person) for person in people)
    headers = {"Authorization": f"Bearer {api.key}", "Content-Type": "application/x-ndjson"}
    with contextlib.suppress(aiohttp.ClientError, ConnectionError, TimeoutError):
        timeout = aiohttp.ClientTimeout(total=30)
        async with (
            aiohttp.ClientSession(api.address, timeout=timeout) as session,
            session.post("/v1/pushes/bulk", data=body, headers=headers) as reply,
        ):
            place = 0
            async for line in reply.content:
                if not line.endswith(b"\n"):
                    break
                answer = _read_line(line)
                if answer.id is not None:
                    answered[people[place].msisdn] = answer.id
                place += 1
    return answered


async def until_settled(mortal: Mortal) -> None:
    """Until no push is open."""
    api = await mortal.api()
    await api.settled()
