"""Between the feeds and the one that takes what they detect: a bounded queue that gives away batches.

A feed offers; what is refused it must not acknowledge, so that the network tells it again. What was taken in waits in
memory: a process that is killed forgets it. That is the price of answering before the work is done.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence

import structlog

from tps.errors import RetryLaterError
from tps.feeds.detected import Detected

Take = Callable[[Sequence[Detected]], Awaitable[None]]
"""Takes a batch; returns once it is safe. `RetryLaterError`: offer all of it again later."""

BATCH_MAX = 1000
_log = structlog.get_logger(__name__)


class DetectionQueue:
    """Detections on their way to `take`; at most `capacity` of them, those being taken included."""

    def __init__(self, take: Take, *, capacity: int, batch_max: int = BATCH_MAX, at_once: int = 1) -> None:
        """`at_once`: batches that may be with `take` at the same time."""
        self.taken = 0
        """Detections handed over since the start."""
        self.postponed = 0
        """Batches that had to be offered again."""
        self._take = take
        self._capacity = capacity
        self._batch_max = batch_max
        self._at_once = at_once
        self._waiting: deque[Detected] = deque()
        self._in_hand = 0
        self._arrived = asyncio.Event()
        self._empty = asyncio.Event()

    def __len__(self) -> int:
        """Detections that are not safe yet."""
        return len(self._waiting) + self._in_hand

    def offer(self, detected: Detected) -> bool:
        """Take one in; False while the queue is full: do not acknowledge it."""
        if len(self._waiting) + self._in_hand >= self._capacity:
            return False
        self._waiting.append(detected)
        self._arrived.set()
        return True

    async def run(self) -> None:
        """Hand over batch after batch, each with all that has come meanwhile, until cancelled."""
        async with asyncio.TaskGroup() as group:
            for _ in range(self._at_once):
                group.create_task(self._hand_over_all(), name="detection-batches")

    async def finish(self) -> None:
        """Until nothing waits any more; call it after the feeds have stopped, and before `run` is cancelled."""
        while self:
            self._empty.clear()
            await self._empty.wait()

    async def _hand_over_all(self) -> None:
        while True:
            while self._waiting:
                await self._hand_over()
            if not self:
                self._empty.set()
            self._arrived.clear()
            await self._arrived.wait()

    async def _hand_over(self) -> None:
        waiting = self._waiting
        batch = [waiting.popleft() for _ in range(min(len(waiting), self._batch_max))]
        self._in_hand += len(batch)
        while True:
            try:
                await self._take(batch)
            except RetryLaterError as error:
                self.postponed += 1
                _log.warning("feeds.postponed", detections=len(self), reason=error.message)
                await asyncio.sleep(error.delay_s)
            else:
                break
        self.taken += len(batch)
        self._in_hand -= len(batch)
