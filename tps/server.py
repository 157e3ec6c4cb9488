"""The whole server: the store, the way of a push and the web, started and stopped in order."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import structlog

from tps.app import delivering, open_store, put_together, set_up_token
from tps.config import Config
from tps.parts import Parts
from tps.web.server import serving, tls_context

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
    database, seal = open_store(config)
    try:
        token = set_up_token(database)
        parts = put_together(config, database, seal)
        async with delivering(parts), serving(parts) as address:
            yield Running(parts, address, token)
    finally:
        database.close()


async def serve(config: Config, announce: Callable[[Running], None]) -> None:
    """Run until SIGTERM or SIGINT, then stop in order; a second signal ends the process at once."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()

    def stop() -> None:
        if stopping.is_set():
            os._exit(1)
        stopping.set()

    for signal_number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signal_number, stop)
    async with running(config) as server:
        announce(server)
        await stopping.wait()
        log.info("server.stopping")
