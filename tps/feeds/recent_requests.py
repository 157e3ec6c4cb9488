"""Which requests were answered lately, so that one that comes again is answered again and counts once.

RFC 5080 clause 2.2.2: a client that missed an answer sends the same octets from the same port.
"""

from collections.abc import Hashable


class RecentRequests:
    """Remembers for `lifetime_s` to twice that; for less only while half of `capacity` come within `lifetime_s`.

    Two generations: the older one goes as a whole, when its time has come or the younger one is full.
    """

    def __init__(self, capacity: int, lifetime_s: float) -> None:
        self._generation_max = max(1, capacity // 2)
        self._lifetime_s = lifetime_s
        self._younger: set[Hashable] = set()
        self._older: set[Hashable] = set()
        self._turn_at_s = 0.0

    def __len__(self) -> int:
        """Requests remembered."""
        return len(self._younger) + len(self._older)

    def knows(self, request: Hashable, now_s: float) -> bool:
        """Whether it was answered lately; `now_s` in seconds of any steady clock."""
        if now_s >= self._turn_at_s:
            self._turn(now_s)
        return request in self._younger or request in self._older

    def add(self, request: Hashable, now_s: float) -> None:
        """It is answered now."""
        if now_s >= self._turn_at_s:
            self._turn(now_s)
        if len(self._younger) >= self._generation_max:
            self._begin(now_s, self._younger)
        self._younger.add(request)

    def _turn(self, now_s: float) -> None:
        """The time of the older generation has come."""
        if now_s >= self._turn_at_s + self._lifetime_s:  # nothing has come for so long that both generations are old
            self._begin(now_s, set())
        else:
            self._begin(self._turn_at_s, self._younger)

    def _begin(self, since_s: float, older: set[Hashable]) -> None:
        self._older, self._younger = older, set()
        self._turn_at_s = since_s + self._lifetime_s
