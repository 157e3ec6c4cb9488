"""A real site for the chaos: a network that keeps a record, and servers that are killed and started again."""

import asyncio
import contextlib
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import msgspec

from tests.postgresql_server import Cluster
from tps.bench.api import Api
from tps.bench.processes import Child, child, free_port, python
from tps.bench.server_process import ServerSetup, server
from tps.bench.smsc import ACCOUNT


class _Installation(msgspec.Struct):
    """A line that a handset tells; other lines have no number."""

    msisdn: str = ""


_read_installation = msgspec.json.Decoder(_Installation).decode


@dataclass(slots=True)
class Network:
    """The simulated SMSC and the handsets behind it, and what both know at the end."""

    port: int
    record: Path
    """What the SMSC accepted."""
    process: Child
    installed: Counter[str] = field(default_factory=Counter)
    """How often each handset installed a document, by number."""

    async def listen(self) -> None:
        """Follow what the handsets tell until it ends."""
        while line := await self.process.lines.readline():
            told = _read_installation(line)
            if told.msisdn:
                self.installed[told.msisdn] += 1


@asynccontextmanager
async def network(folder: Path, people: int, *options: str) -> AsyncIterator[Network]:
    """Run it until the end of the block; `options` are those of `tps simulate handsets`."""
    port, record = free_port(), folder / "record.jsonl"
    command = python("tps", "simulate", "handsets", "--count", people, "--port", port, "--record", record, "--inbound")
    command += ["--account", f"{ACCOUNT}:{ACCOUNT}", *options]
    async with child(command, folder / "smsc.log", has_input=True) as running:
        await running.line()
        made = Network(port, record, running)
        listening = asyncio.create_task(made.listen())
        yield made
        await running.stop()
        await listening
    verify_silent(folder / "smsc.log")


def verify_silent(log: Path) -> None:
    """Raise `RuntimeError` where the simulated SMSC had an error of its own: what it says is worth nothing then."""
    complaints = log.read_text()
    if complaints:
        raise RuntimeError(f"the simulated SMSC is broken:\n{complaints[-2000:]}")


class Mortal:
    """A server that is killed again and again, and started again each time."""

    def __init__(self, setup: ServerSetup, key: str) -> None:
        self.setup = setup
        self._key = key
        self._down_s = 0.0
        self._to_die = asyncio.Event()
        self._dead = asyncio.Event()
        self._api: asyncio.Future[Api] = asyncio.get_running_loop().create_future()

    async def api(self) -> Api:
        """A client of the server, when it is up."""
        return await asyncio.shield(self._api)

    async def kill(self, down_s: float = 0.0) -> None:
        """kill -9, when it is up; it is dead then, and is started again after so many seconds."""
        await self.api()
        self._down_s = down_s
        self._to_die.set()
        await self._dead.wait()

    async def live(self) -> None:
        """Live and die; no end."""
        while True:
            self._to_die.clear()
            self._dead.clear()
            async with server(self.setup, key=self._key) as process, Api(process.address, process.key) as api:
                self._api.set_result(api)
                await self._to_die.wait()
                self._api = asyncio.get_running_loop().create_future()
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process.pid, signal.SIGKILL)
            self._dead.set()
            await asyncio.sleep(self._down_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What a fault may befall."""

    nodes: Sequence[Mortal]
    store_url: str
    cluster: Cluster | None
    """The PostgreSQL of the store, where it is the site's own."""
    chance: Random
