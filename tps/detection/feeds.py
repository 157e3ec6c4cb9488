"""The network feeds at work in one process: one queue for all of them, each with a switch of its own."""

import asyncio
import errno
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager

import structlog

from tps.backoffice.desk import Desk
from tps.config import Config, ConfigError
from tps.detection.taking import Taking
from tps.feeds import diameter, equipment_lists, radius
from tps.feeds.datagram_socket import bound_to
from tps.feeds.detection_queue import DetectionQueue
from tps.feeds.diameter_config import DiameterFeed
from tps.feeds.equipment_lists import EquipmentLists
from tps.feeds.radius_config import RadiusFeed
from tps.watch.feeds import Feeds

log = structlog.get_logger(__name__)

AT_ONCE, BATCH_MAX = 4, 500
"""Batches on their way at once, and their size: while one is being committed, the next ones are read and judged. All
together are less than a route has room for (`routes.backlog`), or else new devices take the detour over the disk."""
STOP_S = 3.0
"""Seconds that the feeds get to take leave of their peers, and to hand over what waits, when the server stops."""
_OF_THE_PORT = frozenset({errno.EADDRINUSE, errno.EACCES})
"""What the system says where the port is the fault, and not the address."""


async def verify(config: Config) -> None:
    """`ConfigError` where the feeds that are switched on could not be heard: asked before anything else is at work."""
    if config.radius.enabled:
        with _listening_at("radius", config.radius), await bound_to(config.radius.host, config.radius.port):
            pass
    if config.diameter.enabled:
        _lists_of(config)
        with _listening_at("diameter", config.diameter):
            server = await asyncio.get_running_loop().create_server(
                asyncio.Protocol, config.diameter.host, config.diameter.port, start_serving=False
            )
            server.close()


@contextmanager
def _listening_at(table: str, feed: RadiusFeed | DiameterFeed) -> Iterator[None]:
    """Names the key whose value it is that this address cannot be had."""
    try:
        yield
    except OSError as error:
        key = "port" if error.errno in _OF_THE_PORT else "host"
        raise ConfigError(f"{table}.{key}: cannot listen on {feed.host}:{feed.port}: {error.strerror}") from error


@asynccontextmanager
async def hearing(desk: Desk) -> AsyncIterator[None]:
    """The feeds that are switched on. On leaving they hear nothing more, and what they heard is handed over.

    `ConfigError` for a port that cannot be had, or a list that cannot be read.
    """
    config = desk.config
    if not (config.radius.enabled or config.diameter.enabled):
        yield
        return
    queue = DetectionQueue(Taking(desk), capacity=config.detection.max_waiting, batch_max=BATCH_MAX, at_once=AT_ONCE)
    async with AsyncExitStack() as listening:
        desk.metrics.feeds = await _listening(desk, queue, listening)
        async with asyncio.TaskGroup() as group:
            running = group.create_task(queue.run(), name="detections")
            try:
                yield
            finally:
                await _stop(listening, queue)
                running.cancel()


async def _listening(desk: Desk, queue: DetectionQueue, listening: AsyncExitStack) -> Feeds:
    config, clock = desk.config, desk.clock
    accounting, checks = None, None
    if config.radius.enabled:
        with _listening_at("radius", config.radius):
            accounting = await listening.enter_async_context(radius.listening(config.radius, queue, clock=clock))
    if config.diameter.enabled:
        lists = _lists_of(config)
        peers = diameter.listening(config.diameter, queue, status_of=lists.status_of, clock=clock)
        with _listening_at("diameter", config.diameter):
            checks = await listening.enter_async_context(peers)
    return Feeds(queue, accounting, checks)


def _lists_of(config: Config) -> EquipmentLists:
    try:
        return equipment_lists.read(config.diameter)
    except ValueError as error:
        raise ConfigError(f"diameter.{error}") from error


async def _stop(listening: AsyncExitStack, queue: DetectionQueue) -> None:
    try:
        async with asyncio.timeout(STOP_S):
            await listening.aclose()
            await queue.finish()
    except TimeoutError:
        log.warning("detection.stopped_with_detections_waiting", detections=len(queue))
