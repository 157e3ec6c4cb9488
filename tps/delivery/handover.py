"""Handover: the short cut from intake to dispatch, for pushes that can leave at once.

A push that waits is stored as QUEUED, found again by a claim and written a second time. While the routes have room and
nothing older waits, that detour buys nothing: intake stores the push as SENDING under this node's lease from its first
moment, and dispatch gets it as a value. One write a push less, and one commit less before it leaves.
"""

import asyncio
import contextlib
from collections.abc import Sequence

import msgspec

from tps.delivery.catalogue import Profile
from tps.store.pushes import DuePush

HURRIED_S, PATIENT_S = 0.1, 1.0
"""How long a batch waits for room: little where routes are slow or older pushes wait on the disk, longer where the
routes send the like of it each second. A stream is then as fast as the way, and not faster at the price of a detour."""
_PACE_S = 1.0


class Departing(msgspec.Struct, frozen=True, gc=False):
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
        self._capacity = 0
        """Pushes that the routes have room for when nothing is on its way."""
        self._is_behind = self._is_stopping = False
        self._sent = self._sent_before = 0
        """Pushes given to the routes in this second, and in the one before."""
        self._second_began = 0.0

    async def wait_for_room(self, pushes: int) -> None:
        """Until there is room for so many pushes, or as many as there ever is, or patience ends."""
        now = asyncio.get_running_loop().time
        began = now()
        while self._room < min(pushes, self._capacity) or not self._room:
            is_hurried = self._is_behind or self._is_stopping or self._pace(now()) < pushes
            left_s = began + (HURRIED_S if is_hurried else PATIENT_S) - now()
            if left_s <= 0:
                break
            self._opened.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(left_s):
                    await self._opened.wait()

    def hurry(self) -> None:
        """The server stops: nobody waits long for room any more."""
        self._is_stopping = True
        self._opened.set()

    def open_for(self, pushes: int, *, capacity: int, is_behind: bool) -> None:
        """The routes have room for so many pushes; none of it is intake's while dispatch is behind with older ones.

        `capacity`: for how many when nothing is on its way.
        """
        self._is_behind, self._capacity = is_behind, capacity
        self._room = 0 if is_behind else max(0, pushes - self.granted - len(self._departing))
        self._opened.set()

    def note_sent(self, pushes: int) -> None:
        """So many went to the routes now."""
        self._pace(asyncio.get_running_loop().time())
        self._sent += pushes

    def _pace(self, now_s: float) -> int:
        """Pushes that the routes take in a second, by the last second or two."""
        elapsed_s = now_s - self._second_began
        if elapsed_s >= _PACE_S:
            self._sent_before = self._sent if elapsed_s < 2 * _PACE_S else 0
            self._sent, self._second_began = 0, now_s
        return max(self._sent, self._sent_before)

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
