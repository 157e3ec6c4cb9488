"""One who takes what feeds detect, and a queue before it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from tps.errors import RetryLaterError
from tps.feeds.detected import Detected
from tps.feeds.detection_queue import DetectionQueue

NOW_MS = 1_772_366_400_000
"""2026-03-01 12:00 UTC, where the clock of these tests stands."""


def clock() -> int:
    """A clock that stands."""
    return NOW_MS


def detected(number: int = 0, *, peer: str = "ggsn") -> Detected:
    """A detection; each number is another SIM."""
    return Detected(f"00101{number:010}", "3569090112345601", None, "radius", peer, NOW_MS, "session")


class Taker:
    """Remembers the batches it took. It takes none while `open` is not set, and puts the next `refusals` off."""

    def __init__(self) -> None:
        self.batches: list[list[Detected]] = []
        self.refusals = 0
        self.delay_s = 0.0
        self.open = asyncio.Event()
        self.open.set()
        self.asked = asyncio.Event()
        self.news = asyncio.Event()

    async def __call__(self, batch: Sequence[Detected]) -> None:
        """Take a batch."""
        self.asked.set()
        await self.open.wait()
        if self.refusals:
            self.refusals -= 1
            raise RetryLaterError("the store is away", delay_s=self.delay_s)
        self.batches.append(list(batch))
        self.news.set()

    @property
    def taken(self) -> list[Detected]:
        """All of them, in order."""
        return [each for batch in self.batches for each in batch]

    async def until(self, number: int) -> list[Detected]:
        """Wait until so many have been taken, and tell all."""
        while len(self.taken) < number:
            self.news.clear()
            await self.news.wait()
        return self.taken


@asynccontextmanager
async def running_queue(
    taker: Taker, *, capacity: int = 10_000, batch_max: int = 1000, at_once: int = 1
) -> AsyncIterator[DetectionQueue]:
    """A queue at work; emptied at the end."""
    queue = DetectionQueue(taker, capacity=capacity, batch_max=batch_max, at_once=at_once)
    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        running = group.create_task(queue.run())
        yield queue
        await queue.finish()
        running.cancel()
