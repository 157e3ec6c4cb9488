"""The backlog: how many pushes wait to leave, and whether the store takes more.

An exact count of millions takes a good part of a second, so a reader counts them beside the way of a push: after this
node has stored a twentieth of the bound, or while the bound stands in somebody's way. Between two counts what this node
stores is added and what leaves is not taken off: it errs towards fewer. The bound is exceeded by one batch at most, and
by a twentieth for each other node, whose pushes are seen at the next count.
"""

import asyncio

import structlog

from tps.errors import RetryLaterError
from tps.store import pushes
from tps.store.database import Database

log = structlog.get_logger(__name__)

COUNT_AFTER_SHARE = 20
"""This node counts again when it has stored the bound divided by this."""
PAUSE_MIN_S = 0.25
PAUSE_PER_COUNT = 20
"""The pause after a count is at least so many times what the count took: it costs a twentieth of a reader at most."""
DELAY_S = 1.0
"""When those who were refused shall come again."""


class Backlog:
    """Keeps the number of pushes that wait to leave near the operator's bound, 0 for none; lives on the event loop."""

    def __init__(self, database: Database, bound: int) -> None:
        self._database = database
        self._bound = bound
        self._counted = 0
        self._stored = 0
        """Stored by this node since the last count began."""
        self._at_work = 0
        """Triggers that were admitted and are not stored yet."""
        self._wanted = asyncio.Event()

    def admit(self, triggers: int) -> None:
        """Let so many triggers in; `end` must follow. `RetryLaterError` while as many pushes wait as may wait."""
        if self._bound and self._counted + self._stored + self._at_work >= self._bound:
            self._wanted.set()
            raise RetryLaterError(
                f"as many pushes wait to be sent as store.max_open_pushes allows ({self._bound}); "
                "nothing was stored, send it again",
                delay_s=DELAY_S,
            )
        self._at_work += triggers

    def end(self, triggers: int) -> None:
        """So many that were admitted have become what they become."""
        self._at_work -= triggers

    def note_stored(self, number: int) -> None:
        """This node has stored so many new pushes."""
        self._stored += number
        if self._stored * COUNT_AFTER_SHARE >= self._bound:
            self._wanted.set()

    async def run(self) -> None:
        """Count whenever it is worth it, until cancelled."""
        clock = asyncio.get_running_loop().time
        while self._bound:
            began = clock()
            self._wanted.clear()
            await self._count()
            await asyncio.sleep(max(PAUSE_MIN_S, PAUSE_PER_COUNT * (clock() - began)))
            await self._wanted.wait()

    async def _count(self) -> None:
        stored, was_full = self._stored, self._counted >= self._bound
        try:
            self._counted = await self._database.read(lambda found: pushes.count_unsent(found, self._bound))
        except RetryLaterError:
            self._wanted.set()  # the store says why; what was counted last stands
            return
        self._stored -= stored
        if (self._counted >= self._bound) is not was_full:
            log.warning("backlog.goes_on" if was_full else "backlog.full", bound=self._bound)
