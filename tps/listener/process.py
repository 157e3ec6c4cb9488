"""The listener's process, as the process that owns the way of a push starts it, watches it and ends it."""

import asyncio
import os
import socket
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import structlog

from tps.backoffice.way import WayHere
from tps.channel.answering import Answering
from tps.channel.connection import Connection, decoder
from tps.channel.messages import Damaged, Misconfigured, Ready, Start, Stop, ToWay
from tps.config import ConfigError
from tps.errors import StoreDamagedError
from tps.parts import Parts
from tps.web.server import STOP_S

log = structlog.get_logger(__name__)

ENTRY = "tps.commands.listener"
"""The module that the listener's process runs."""
PATIENCE_S = STOP_S + 5.0
"""How long the listener may take to end before it is ended."""


class ListenerEndedError(Exception):
    """The listener has ended by itself: the server cannot go on without it."""


class Listener:
    """The other process, from its start on: it loads its libraries while the way gets ready."""

    def __init__(self, process: Process, channel: socket.socket) -> None:
        self._process = process
        self._channel = channel

    @asynccontextmanager
    async def answering(self, parts: Parts) -> AsyncIterator[None]:
        """Requests are answered; on leaving those at work may end first, and the process ends.

        `ConfigError` where the listener cannot start with this configuration.
        """
        loop = asyncio.get_running_loop()
        ready: asyncio.Future[None] = loop.create_future()
        damage: asyncio.Future[str] = loop.create_future()

        def hear(message: ToWay) -> None:
            match message:
                case Ready():
                    ready.set_result(None)
                case Misconfigured(reason):
                    ready.set_exception(ConfigError(reason))
                case Damaged(advice):
                    damage.set_result(advice)
                case _:
                    answers.hear(message)

        connection: Connection[ToWay] = Connection(decoder(ToWay), hear)
        answers = Answering(WayHere(parts), connection.send)
        await loop.create_unix_connection(lambda: connection, sock=self._channel)
        try:
            connection.send(Start(parts.config))
            await asyncio.wait([ready, connection.ended], return_when=asyncio.FIRST_COMPLETED)
            if not ready.done():
                raise ListenerEndedError("the listener did not start: what it said before tells why")
            ready.result()
            async with asyncio.TaskGroup() as group:
                watching = group.create_task(_watch(connection, damage), name="listener")
                try:
                    yield
                finally:
                    watching.cancel()
                    connection.send(Stop())
                    await self._wait()
        finally:
            connection.close()

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(PATIENCE_S):
                await self._process.wait()
        except TimeoutError:
            log.warning("listener.does_not_end", pid=self._process.pid)
            self._process.kill()
            await self._process.wait()

    async def end(self) -> None:
        """Not without it having been asked to: nothing is left of it afterwards."""
        self._channel.close()
        if self._process.returncode is None:
            self._process.kill()
            await self._process.wait()


@asynccontextmanager
async def started(door: socket.socket) -> AsyncIterator[Listener]:
    """A listener's process, which will listen on the socket `door` once it is told to."""
    own, other = socket.socketpair()
    with other:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-P", "-m", ENTRY, str(other.fileno()), str(door.fileno()),
            pass_fds=(other.fileno(), door.fileno()), stdin=DEVNULL, stdout=DEVNULL,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )  # fmt: skip
    door.close()
    own.setblocking(False)
    listener = Listener(process, own)
    try:
        yield listener
    finally:
        await listener.end()


async def _watch(connection: Connection[ToWay], damage: "asyncio.Future[str]") -> None:
    waiting: list[asyncio.Future[Any]] = [connection.ended, damage]
    await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    if damage.done():
        raise StoreDamagedError(damage.result())
    raise ListenerEndedError("the listener has ended by itself: what it said before tells why")
