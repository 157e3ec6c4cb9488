"""A GGSN on the loopback: sends datagrams and hears answers."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import cast

import msgspec

from tests.encoders.radius_octets import SECRET
from tests.tps.feeds.balking_socket import BalkingSocket
from tests.tps.feeds.taking import clock
from tps.feeds.detection_queue import DetectionQueue
from tps.feeds.radius import RadiusListener, listening
from tps.feeds.radius_config import RadiusClient, RadiusFeed

GGSN = RadiusClient(name="ggsn", prefix="127.0.0.0/8", secret=SECRET.decode())
FEED = RadiusFeed(enabled=True, port=0, clients=(GGSN,))


def feed(**changes: object) -> RadiusFeed:
    """The usual feed, changed."""
    return msgspec.structs.replace(FEED, **changes)


class RadiusSocket(asyncio.DatagramProtocol):
    """Answers in the order in which they came."""

    def __init__(self) -> None:
        self.answers: asyncio.Queue[bytes] = asyncio.Queue()
        self.transport: asyncio.DatagramTransport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket is there."""
        self.transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """One answer."""
        self.answers.put_nowait(data)

    def send(self, octets: bytes) -> None:
        """Send one request."""
        self.transport.sendto(octets)

    async def ask(self, octets: bytes) -> bytes:
        """The next answer after a request."""
        self.send(octets)
        return await self.answers.get()


@asynccontextmanager
async def running_listener(queue: DetectionQueue, config: RadiusFeed = FEED) -> AsyncIterator[RadiusListener]:
    """The feed at work on a free port, with a clock that stands."""
    async with listening(config, queue, clock=clock) as listener:
        yield listener


@asynccontextmanager
async def socket_to(
    listener: RadiusListener, address: str = "127.0.0.1", asks: str | None = None
) -> AsyncIterator[RadiusSocket]:
    """A socket of an address of the loopback, connected to the listener at the address that it `asks`."""
    asked = asks or ("::1" if ":" in address else "127.0.0.1")
    transport, sender = await asyncio.get_running_loop().create_datagram_endpoint(
        RadiusSocket, local_addr=(address, 0), remote_addr=(asked, listener.port)
    )
    try:
        yield sender
    finally:
        transport.close()


@contextmanager
def balking(listener: RadiusListener) -> Iterator[BalkingSocket]:
    """The listener's socket as one that takes nothing, until it is told otherwise."""
    with BalkingSocket.of(listener._datagrams._bound) as socket:
        socket.error = BlockingIOError()
        listener._datagrams._bound = socket
        yield socket
