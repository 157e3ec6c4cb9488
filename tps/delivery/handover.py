"""Handover: the short cut from intake to dispatch, for pushes that can leave at once.

A push that waits is stored as QUEUED, found again by a claim and written a second time. While the routes have room and
nothing older waits, that detour buys nothing: intake stores the push as SENDING under this node's lease from its first
moment, and dispatch gets it as a value. One write a push less, and one commit less before it leaves.
"""

import asyncio
import contextlib
from collections.abc import Sequence
from typing import NamedTuple

from tps.delivery.catalogue import Profile
from tps.store.pushes import DuePush


class Departing(NamedTuple):
    """A push under this node's lease, and what it shall say."""

    push: DuePush
    profile: Profile


class Handover:
    """Between intake and dispatch of one node; both live on the event loop."""

    def __init__(self) -> None:
        self.waiting_on_disk = True
        """Pushes may have been stored as QUEUED, or become due: dispatch must look."""
        self.granted = 0
        """Pushes that intake may be storing as claimed at this moment."""
        self._room = 0
        self._departing: list[Departing] = []
        self._opened = asyncio.Event()

    async def wait_for_room(self, pushes: int, patience_s: float) -> None:
        """Until there is room for so many pushes, or patience ends."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience_s):
                while self._room < pushes:
                    self._opened.clear()
                    await self._opened.wait()

    def open_for(self, pushes: int) -> None:
        """Dispatch is not behind, and its routes have room for so many pushes."""
        self._room = max(0, pushes - self.granted - len(self._departing))
        self._opened.set()

    def take_room(self, wanted: int) -> int:
        """How many of `wanted` pushes may be stored as claimed; `hand_over` must follow, whatever comes of them."""
        granted = min(self._room, wanted)
        self._room -= granted
        self.granted += granted
        return granted

    def hand_over(self, granted: int, departing: Sequence[Departing]) -> None:
        """Of the pushes granted these are on the disk as claimed by this node; the room of the others is free again."""
        self.granted -= granted
        self._room += granted - len(departing)
        self._departing += departing

    def take_over(self) -> list[Departing]:
        """Everything handed over since the last time."""
        taken, self._departing = self._departing, []
        return taken
