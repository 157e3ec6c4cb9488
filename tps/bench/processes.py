"""The processes of a load test: a server of its own or one named by URL, a simulated SMSC, and this client."""

import asyncio
import base64
import json
import os
import re
import secrets
import signal
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from tps.bench.smsc import ACCOUNT

START_S = 60.0
"""How long a process may take to say that it is ready."""
STOP_S = 30.0
_ADDRESS = re.compile(r"http\S+")
_TOKEN = re.compile(r"Bearer ([^']+)'")


class ProcessError(Exception):
    """A process of the load test did not start, or ended too early: the text is what it said."""


@dataclass(frozen=True, slots=True)
class ServerSetup:
    """How the server under test is configured."""

    folder: Path
    store: str
    smsc_port: int
    window: int = 50
    binds: int = 1
    rate_per_s: int = 0

    @property
    def file(self) -> Path:
        """Its configuration file."""
        return self.folder / "tps.toml"

    def write(self) -> None:
        """Write the configuration, with a sealing key of its own where the environment gives none."""
        key = self.folder / "sealing.key"
        if not key.exists():
            key.write_bytes(base64.b64encode(secrets.token_bytes(32)))
        tables: Mapping[str, Mapping[str, object]] = {
            "[store]": {"url": self.store, "sealing_key_file": str(key)},
            "[http]": {"port": 0},
            "[detection]": {"default_settings": "bench"},
            "[[routes]]": {
                "name": "bench",
                "host": "127.0.0.1",
                "port": self.smsc_port,
                "system_id": ACCOUNT,
                "password": ACCOUNT,
                "window": self.window,
                "binds": self.binds,
                "rate_per_s": self.rate_per_s,
                "reconnect_min_s": 0.1,
                "reconnect_max_s": 0.2,
            },
        }
        # A JSON string, number or array is the same thing in TOML.
        lines = [f"{name}\n" + "".join(f"{k} = {json.dumps(v)}\n" for k, v in t.items()) for name, t in tables.items()]
        self.file.write_text("\n".join(lines))


@dataclass(slots=True)
class Child:
    """A process that was started here."""

    process: asyncio.subprocess.Process
    lines: asyncio.StreamReader
    errors: Path

    @property
    def pid(self) -> int:
        """Its number."""
        return self.process.pid

    async def line(self) -> str:
        """The next line it says; `ProcessError` where it ends or stays silent instead."""
        try:
            async with asyncio.timeout(START_S):
                line = (await self.lines.readline()).decode()
        except TimeoutError:
            line = ""
        if not line:
            raise ProcessError(f"a process of the load test does not start:\n{self.errors.read_text()[-2000:]}")
        return line

    async def stop(self) -> None:
        """Ask it to end, then end it."""
        if self.process.returncode is not None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(STOP_S):
                await self.process.wait()
        except TimeoutError:
            self.process.kill()
            await self.process.wait()


@asynccontextmanager
async def child(arguments: list[str], errors: Path) -> AsyncIterator[Child]:
    """Run `python arguments...` as a process until the end of the block."""
    with errors.open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *arguments, stdout=asyncio.subprocess.PIPE, stderr=log, stdin=asyncio.subprocess.DEVNULL, env=_environment()
        )
    assert process.stdout is not None
    running = Child(process, process.stdout, errors)
    try:
        yield running
    finally:
        await running.stop()


def python(module: str, *arguments: object) -> list[str]:
    """The command that runs a module of this program."""
    return [sys.executable, "-m", module, *map(str, arguments)]


@dataclass(slots=True)
class SmscProcess:
    """The SMSC, and what it told."""

    child: Child
    port: int
    file: Path
    counters: dict[str, Any] = field(default_factory=dict)
    over_time: list[tuple[int, int]] = field(default_factory=list)
    """Milliseconds since 1970-01-01 UTC, parts accepted until then."""

    async def listen(self) -> None:
        """Follow what it tells until it ends."""
        while line := await self.child.lines.readline():
            told = json.loads(line)
            self.counters = told
            self.over_time.append((told["at_ms"], told["accepted"]))

    async def arrivals(self) -> dict[str, float]:
        """Stop it; when the first part for each number came."""
        await self.child.stop()
        return msgspec.json.decode(self.file.read_bytes(), type=dict[str, float])


@asynccontextmanager
async def smsc(
    folder: Path, *, port: int = 0, behaviour: Mapping[str, object] | None = None
) -> AsyncIterator[SmscProcess]:
    """A simulated SMSC in a process of its own."""
    file = folder / "arrivals.json"
    command = python("tps.bench.smsc", port, file, json.dumps(behaviour or {}))
    async with child(command, folder / "smsc.log") as running:
        found = SmscProcess(running, json.loads(await running.line())["port"], file)
        listening = asyncio.create_task(found.listen(), name="bench-smsc")
        try:
            yield found
        finally:
            await running.stop()
            await listening


@dataclass(frozen=True, slots=True)
class ServerProcess:
    """The server under test."""

    pid: int | None
    """None where it was named by URL."""
    address: str
    token: str | None
    """The set-up token of a new store."""


@asynccontextmanager
async def server(setup: ServerSetup, *, is_new: bool = True) -> AsyncIterator[ServerProcess]:
    """The server in a process of its own, with a store that `is_new` or was used by it before."""
    setup.write()
    async with child(python("tps", "serve", "--config", setup.file), setup.folder / "server.log") as running:
        address = _ADDRESS.search(await running.line())
        assert address is not None
        token = None
        if is_new:
            await running.line()
            found = _TOKEN.search(await running.line())
            token = found[1] if found else None
        yield ServerProcess(running.pid, address[0], token)


def free_port() -> int:
    """A TCP port on loopback where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _environment() -> dict[str, str]:
    """The environment, without a store that is not meant here."""
    return {name: value for name, value in os.environ.items() if name != "TPS_STORE_URL"} | {"PYTHONUNBUFFERED": "1"}
