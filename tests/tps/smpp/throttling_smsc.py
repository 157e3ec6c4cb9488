"""A link's pace and an SMSC that throttles, in virtual time: what came through, and what was refused."""

import heapq
from collections.abc import Callable
from typing import NamedTuple

from tps.smpp.pace import Pace

Admit = Callable[[float], bool]
"""Whether the SMSC takes a submit_sm that comes at this time (seconds)."""


def by_bucket(limit: Callable[[float], float]) -> Admit:
    """Takes `limit(now)` a second, and a tenth of that at once."""
    tokens, filled_at = 1.0, 0.0

    def admit(now: float) -> bool:
        nonlocal tokens, filled_at
        rate = limit(now)
        tokens, filled_at = min(max(1.0, rate / 10), tokens + (now - filled_at) * rate), now
        admitted = tokens >= 1
        tokens -= admitted
        return admitted

    return admit


def by_second(limit: Callable[[float], float]) -> Admit:
    """Takes the first `limit(now)` of each whole second, however fast they come."""
    second, used = -1, 0

    def admit(now: float) -> bool:
        nonlocal second, used
        if int(now) != second:
            second, used = int(now), 0
        used += 1
        return used <= limit(now)

    return admit


class Traffic(NamedTuple):
    """When parts were taken and when they were refused, in seconds."""

    taken: list[float]
    refused: list[float]

    def rate(self, begin: float, end: float) -> float:
        """Parts taken a second between two times."""
        return sum(begin <= at < end for at in self.taken) / (end - begin)

    def refused_share(self, begin: float, end: float) -> float:
        """Share of what was sent between two times that was refused."""
        taken, refused = (sum(begin <= at < end for at in times) for times in self)
        return refused / (taken + refused)


def traffic(pace: Pace, admit: Admit, *, seconds: float, answer_s: float = 0.005, window: int = 50) -> Traffic:
    """What a link does that always has something to send."""
    found = Traffic([], [])
    on_the_wire: list[tuple[float, float, bool]] = []
    now = 0.0
    while now < seconds:
        taken, refused = 0, None
        while on_the_wire and on_the_wire[0][0] <= now:
            _, sent_at, admitted = heapq.heappop(on_the_wire)
            taken += admitted
            refused = refused if admitted else sent_at
        if taken:
            pace.note_accepted(taken, now)
        if refused is not None:
            pace.note_refused(refused, now)
        wanted = window - len(on_the_wire)
        for _ in range(pace.take(wanted, now) if wanted else 0):
            admitted = admit(now)
            (found.taken if admitted else found.refused).append(now)
            heapq.heappush(on_the_wire, (now + answer_s, now, admitted))
        times = [on_the_wire[0][0]] if on_the_wire else []
        if len(on_the_wire) < window:
            times.append(pace.ready_at(window - len(on_the_wire)))
        now = max(now, min(times)) + 0.0002  # a loop is always a little late
    return found
