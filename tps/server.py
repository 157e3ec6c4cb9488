"""The whole server: the store, the way of a push and the web, started and stopped in order."""

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import structlog

from tps.app import delivering, open_store, put_together, set_up_token
from tps.backoffice.desk import Desk, desk_of
from tps.config import Config
from tps.detection import feeds
from tps.listener.process import Listener, started
from tps.parts import Parts
from tps.web.server import listening_socket, serving, tls_context, url_of

SIGNALLED = 128
"""Exit status of a process that a signal has ended, less the signal's number, as shells tell it."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Running:
    """A server that answers."""

    parts: Parts
    address: str
    """Base URL of its HTTP API."""
    set_up_token: str | None
    """Until there is an API key: makes the first one, once."""


@asynccontextmanager
async def running(config: Config) -> AsyncIterator[Running]:
    """The whole server. On leaving it takes no more requests, drains what is in the air, and closes the store."""
    tls_context(config.http)  # so that a mistake in it is told before anything is at work
    with await listening_socket(config.http) as door:  # a predecessor that was killed has let go of all its ports
        await feeds.verify(config)
        address = url_of(config.http, door)
        async with _listener_of(config, door) as listener:
            database, seal = open_store(config)
            try:
                token = set_up_token(database)
                parts = put_together(config, database, seal)
                listening = _listening(desk_of(parts), door) if listener is None else listener.answering(parts)
                async with delivering(parts), listening:
                    try:
                        yield Running(parts, address, token)
                    finally:
                        parts.intake.hurry()
            finally:
                await asyncio.to_thread(database.close)  # it waits for the last commit; signals are heard meanwhile


@asynccontextmanager
async def _listening(desk: Desk, door: socket.socket) -> AsyncIterator[None]:
    """HTTP and the network feeds in this process."""
    async with feeds.hearing(desk), serving(desk, door):
        yield


@asynccontextmanager
async def _listener_of(config: Config, door: socket.socket) -> AsyncIterator[Listener | None]:
    """The process of the listener; None where it shares this one."""
    if not config.http.own_process:
        yield None
        return
    async with started(door) as listener:
        yield listener


async def serve(config: Config, announce: Callable[[Running], None]) -> None:
    """Run until SIGTERM or SIGINT, then stop in order; a second signal ends the process at once.

    A signal during the start, which may have to wait for the end of a predecessor's lease, breaks it off.
    """
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    working = asyncio.current_task()
    is_starting = True

    def stop(number: signal.Signals) -> None:
        if stopping.is_set():
            os._exit(SIGNALLED + number)
        stopping.set()
        if is_starting and working is not None:
            working.cancel()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop, number)
    try:
        async with running(config) as server:
            is_starting = False
            announce(server)
            await stopping.wait()
            log.info("server.stopping")
    except asyncio.CancelledError:
        if not (is_starting and stopping.is_set()):
            raise
        log.info("server.start_broken_off")
