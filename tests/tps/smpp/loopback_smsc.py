"""A tiny SMSC on the loopback: it answers, remembers, and does what a test tells it to."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from struct import unpack_from

from tests.tps.smpp import peer_octets
from tps.smpp.outcomes import Outcomes
from tps.smpp.route_config import RouteConfig
from tps.smpp.routes import Routes

Reply = Callable[[int, int, bytes], bytes]
"""Octets to answer with, given command_id, sequence_number and body of a request."""


def accept_everything(command: int, sequence: int, body: bytes) -> bytes:
    """Answer each request with success; a submit_sm gets its sequence_number as message id."""
    if command & 0x80000000:
        return b""
    if command == peer_octets.SUBMIT_SM:
        return peer_octets.submit_sm_resp(sequence, message_id=str(sequence))
    answer = b"smsc\0" if command in (1, 2, 9) else b""
    return peer_octets.pdu(command | 0x80000000, sequence=sequence, body=answer)


class LoopbackSmsc:
    """Connections so far, PDUs received, and the reply to give."""

    def __init__(self) -> None:
        self.reply: Reply = accept_everything
        self.received: list[tuple[int, int, int, bytes]] = []
        self.wire: list[tuple[bool, bytes]] = []
        """Everything in the order it passed: whether the client sent it, and the octets."""
        self.writers: list[asyncio.StreamWriter] = []
        self.news = asyncio.Event()
        self.reading = asyncio.Event()
        """Cleared, it reads no more until it is set."""
        self.reading.set()
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection until its end."""
        self.writers.append(writer)
        self.news.set()
        try:
            while await self.reading.wait():
                start = await reader.readexactly(16)
                length, command, status, sequence = unpack_from(">IIII", start)
                body = await reader.readexactly(length - 16)
                self.received.append((command, status, sequence, body))
                self.wire.append((True, start + body))
                if reply := self.reply(command, sequence, body):
                    self.wire.append((False, reply))
                    writer.write(reply)
                self.news.set()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    def send(self, octets: bytes) -> None:
        """Send something of our own on the first connection."""
        self.wire.append((False, octets))
        self.writers[0].write(octets)

    def count(self, command: int) -> int:
        """PDUs received with this command_id."""
        return sum(1 for each in self.received if each[0] == command)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until something received makes it true."""
        while not condition():
            self.news.clear()
            await self.news.wait()


@asynccontextmanager
async def running_smsc(tls: ssl.SSLContext | None = None) -> AsyncIterator[LoopbackSmsc]:
    """An SMSC that listens on a free port."""
    smsc = LoopbackSmsc()
    server = await asyncio.start_server(smsc.serve, "127.0.0.1", 0, ssl=tls)
    smsc.port = server.sockets[0].getsockname()[1]
    try:
        yield smsc
    finally:
        server.close()
        for writer in smsc.writers:
            writer.close()
        await server.wait_closed()


@asynccontextmanager
async def running_routes(*configs: RouteConfig) -> AsyncIterator[Routes]:
    """Routes at work; stopped in order at the end."""
    routes = Routes(configs, chance=lambda: 0.0)
    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        group.create_task(routes.run())
        try:
            yield routes
        finally:
            await routes.stop()


async def until(routes: Routes, condition: Callable[[], bool]) -> None:
    """Wait until news from the links makes it true."""
    while not condition():
        routes.outcome_ready.clear()
        await routes.outcome_ready.wait()


async def next_outcomes(routes: Routes) -> Outcomes:
    """What comes back next, of any route."""
    while True:
        await routes.outcome_ready.wait()
        for _, outcomes in routes.drain_outcomes():
            return outcomes


def route_config(smsc: LoopbackSmsc, name: str = "north", **changes: object) -> RouteConfig:
    """A route to the SMSC with short times."""
    settings = {
        "name": name,
        "host": "127.0.0.1",
        "port": smsc.port,
        "system_id": "tps",
        "password": "secret",
        "reconnect_min_s": 0.01,
        "reconnect_max_s": 0.02,
        **changes,
    }
    return RouteConfig(**settings)  # type: ignore[arg-type]
