"""The network feeds at work in one process: one queue for all of them, each with a switch of its own."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import structlog

from tps.backoffice.desk import Desk
from tps.config import Config, ConfigError
from tps.detection.taking import Taking
from tps.feeds import diameter, equipment_lists, radius
from tps.feeds.detection_queue import DetectionQueue
from tps.feeds.equipment_lists import EquipmentLists
from tps.watch.feeds import Feeds

log = structlog.get_logger(__name__)

AT_ONCE, BATCH_MAX = 4, 500
"""Batches on their way at once, and their size: while one is being committed, the next ones are read and judged. All
together are less than a route has room for (`routes.backlog`), or else new devices take the detour over the disk."""
STOP_S = 3.0
"""Seconds that the feeds get to take leave of their peers, and to hand over what waits, when the server stops."""


@asynccontextmanager
async def hearing(desk: Desk) -> AsyncIterator[None]:
    """The feeds that are switched on. On leaving they hear nothing more, and what they heard is handed over.

    `ConfigError` for a port that cannot be had, or a list that cannot be read.
    """
    config = desk.config
    if not (config.radius.enabled or config.diameter.enabled):
        yield
        return
    lists = _lists_of(config)
    queue = DetectionQueue(Taking(desk), capacity=config.detection.max_waiting, batch_max=BATCH_MAX, at_once=AT_ONCE)
    async with AsyncExitStack() as listening:
        desk.metrics.feeds = await _listening(desk, queue, lists, listening)
        async with asyncio.TaskGroup() as group:
            running = group.create_task(queue.run(), name="detections")
            try:
                yield
            finally:
                await _stop(listening, queue)
                running.cancel()


async def _listening(desk: Desk, queue: DetectionQueue, lists: EquipmentLists, listening: AsyncExitStack) -> Feeds:
    config, clock = desk.config, desk.clock
    accounting, checks = None, None
    if config.radius.enabled:
        where = f"radius.port: cannot listen on {config.radius.host}:{config.radius.port}"
        try:
            accounting = await listening.enter_async_context(radius.listening(config.radius, queue, clock=clock))
        except OSError as error:
            raise ConfigError(f"{where}: {error.strerror}") from error
    if config.diameter.enabled:
        where = f"diameter.port: cannot listen on {config.diameter.host}:{config.diameter.port}"
        peers = diameter.listening(config.diameter, queue, status_of=lists.status_of, clock=clock)
        try:
            checks = await listening.enter_async_context(peers)
        except OSError as error:
            raise ConfigError(f"{where}: {error.strerror}") from error
    return Feeds(queue, accounting, checks)


def _lists_of(config: Config) -> EquipmentLists:
    try:
        return equipment_lists.read(config.diameter)
    except OSError as error:
        raise ConfigError(f"diameter: {error.filename} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise ConfigError(f"diameter: {error}") from error


async def _stop(listening: AsyncExitStack, queue: DetectionQueue) -> None:
    try:
        async with asyncio.timeout(STOP_S):
            await listening.aclose()
            await queue.finish()
    except TimeoutError:
        log.warning("detection.stopped_with_detections_waiting", detections=len(queue))
