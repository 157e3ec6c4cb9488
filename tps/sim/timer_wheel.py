"""Things that fall due later, kept in bulk: one list per tick instead of one timer per thing."""

import heapq
from collections.abc import Iterable
from typing import Generic, TypeVar

Item = TypeVar("Item")

TICK_S = 0.005


class TimerWheel(Generic[Item]):
    """Items by the tick in which they fall due; times are monotonic seconds given by the caller."""

    __slots__ = ("_lists", "_ticks")

    def __init__(self) -> None:
        self._lists: dict[int, list[Item]] = {}
        self._ticks: list[int] = []

    def add(self, items: Iterable[Item], due: float) -> None:
        """Keep `items` until `due`, rounded up to a whole tick."""
        tick = int(due / TICK_S) + 1
        kept = self._lists.get(tick)
        if kept is None:
            self._lists[tick] = kept = []
            heapq.heappush(self._ticks, tick)
        kept.extend(items)

    def take_due(self, now: float) -> list[Item]:
        """All items due at `now`, the earliest first; they are no longer kept."""
        last = int(now / TICK_S)
        due: list[Item] = []
        while self._ticks and self._ticks[0] <= last:
            due += self._lists.pop(heapq.heappop(self._ticks))
        return due

    def next_due(self) -> float | None:
        """When the next items fall due, or None when nothing is kept."""
        return self._ticks[0] * TICK_S if self._ticks else None

    def __len__(self) -> int:
        """How many items are kept."""
        return sum(map(len, self._lists.values()))
