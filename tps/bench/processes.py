"""Processes that a load test starts, listens to, and ends by their number."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

START_S = 60.0
"""How long a process may take to say that it is ready."""
STOP_S = 30.0


class ProcessError(Exception):
    """A process of the load test did not start, or ended too early: the text is what it said."""


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

    async def tell(self, octets: bytes) -> None:
        """Write to its input."""
        assert self.process.stdin is not None
        self.process.stdin.write(octets)
        await self.process.stdin.drain()

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
async def child(arguments: list[str], errors: Path, *, has_input: bool = False) -> AsyncIterator[Child]:
    """Run `python arguments...` as a process until the end of the block; `has_input`: it is told things."""
    with errors.open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *arguments,
            stdout=asyncio.subprocess.PIPE,
            stderr=log,
            stdin=asyncio.subprocess.PIPE if has_input else asyncio.subprocess.DEVNULL,
            env=_environment(),
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


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """A port on loopback where nobody listens: of TCP, or of UDP for `SOCK_DGRAM`."""
    with socket.socket(type=kind) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _environment() -> dict[str, str]:
    """The environment, without a store that is not meant here."""
    return {name: value for name, value in os.environ.items() if name != "TPS_STORE_URL"} | {"PYTHONUNBUFFERED": "1"}
