"""How fast a link sends: the agreed rate, and below it the rate that the SMSC's own refusals teach.

Theory of operation
-------------------
An SMSC that throttles (ESME_RTHROTTLED, ESME_RMSGQFUL) tells that it has been sent too much, not how much it takes. So
the pace is found as TCP finds it: slower by a factor at each refusal, faster by small steps while none comes.

*Down.* What the link carried over the last second is the best guess at what the SMSC takes: nine tenths of it are the
new rate, but no less than half of the old one, because a second with little to send proves little. What was on its way
at that time will be refused too and teaches nothing new. A pause of a tenth of a second lets the SMSC take breath;
it doubles while nothing gets through.

*Up.* Each accepted part adds its share of a step, so that a link with nothing to send learns nothing. Up to a little
above the rate that was refused last, a step is 3 % a second: there the limit is likely to be met again, and each
meeting costs refusals. Beyond it the limit is evidently gone, and a step is as large as the rate. The agreed rate is
never exceeded; where none is agreed, a rate that no link can reach ends the limit.

*Congestion.* SMPP 5.0 lets an SMSC tell its load with each response (congestion_state, clause 4.8.4.18), in percent:
from 80 (optimum load) the rate stays, from 90 (nearing congestion) it goes down, at 100 (congested) by half.
"""

from collections import deque
from typing import Final

_SAVED_S: Final = 0.1
"""What may be saved up, in seconds of the rate: a large batch that comes in makes the loop late by some 50 ms."""
_EXCESS: Final = 0.02
"""Share by which a second may exceed the rate (at least one token): what is made up for is spread over several."""
_WATCHED_S: Final = 1.0
_GATHER_S: Final = 0.005
"""How long to wait for more than one token, so that a fast route does not wake up for each PDU."""
_ROUNDING: Final = 1e-6
"""What adding up seconds in floating point may lose of a token."""

RATE_MIN_PER_S: Final = 1.0
"""However often it is refused, a link goes on trying."""
_DOWN: Final = 0.9
_DOWN_MOST: Final = 0.5
_STEP: Final = 0.03
"""Of the rate that was refused last, each second, up to `_NEAR` times that rate."""
_STEP_MIN_PER_S: Final = 0.2
_NEAR: Final = 1.1
_FAR_STEP: Final = 1.0
"""Of the present rate, each second, beyond."""
_FAR_STEP_MIN_PER_S: Final = 5.0
_UNREACHABLE_PER_S: Final = 200_000.0
_PAUSE_MIN_S: Final = 0.1
_PAUSE_MAX_S: Final = 1.0
_DOUBLINGS_MAX: Final = 5
_CARRIED_MIN_S: Final = 0.1
"""A shorter time tells no rate: an SMSC that counts by the second takes its first ones as fast as they come."""

_OPTIMUM: Final = 80
_NEARING: Final = 90
_CONGESTED: Final = 100
"""Values of congestion_state (SMPP 5.0 clause 4.8.4.18)."""
_CONGESTION_HEARD_S: Final = 1.0
"""The load follows the rate with delay: each step waits for what the last one led to."""


class Recent:
    """What was counted in the last second."""

    __slots__ = ("_counted", "total")

    def __init__(self) -> None:
        self._counted: deque[tuple[float, int]] = deque()
        self.total = 0

    def add(self, count: int, now: float) -> None:
        """So many at `now` (seconds)."""
        self.total += count
        self._counted.append((now, count))

    def forget(self, now: float) -> None:
        """Leave out what no second from now on can see."""
        until = now - _WATCHED_S
        while self._counted and self._counted[0][0] < until:
            self.total -= self._counted.popleft()[1]

    @property
    def since(self) -> float | None:
        """When the first of them was counted."""
        return self._counted[0][0] if self._counted else None


class TokenBucket:
    """Grants `rate_per_s` tokens a second, makes up for late wake-ups; no second sees more than 2 %, or one, above."""

    __slots__ = ("_capacity", "_gather", "_granted", "_highest", "_rate_per_s", "_tokens", "_updated_at")

    def __init__(self, rate_per_s: float, now: float) -> None:
        self._tokens = 1.0
        self._updated_at = now
        self._granted = Recent()
        self.change_rate(rate_per_s)

    def change_rate(self, rate_per_s: float) -> None:
        """Grant so many a second from now on."""
        self._rate_per_s = rate_per_s
        self._capacity = 1 + rate_per_s * _SAVED_S
        self._gather = max(1.0, rate_per_s * _GATHER_S)
        self._highest = int(max(rate_per_s * (1 + _EXCESS), rate_per_s + 1))

    def take(self, wanted: int, now: float) -> int:
        """Tokens granted at `now` (seconds), 0 to `wanted`."""
        gained = (now - self._updated_at) * self._rate_per_s
        self._tokens = min(self._capacity, self._tokens + gained)
        self._updated_at = now
        self._granted.forget(now)
        granted = max(0, min(wanted, int(self._tokens + _ROUNDING), self._highest - self._granted.total))
        if granted:
            self._tokens -= granted
            self._granted.add(granted, now)
        return granted

    def ready_at(self, wanted: int) -> float:
        """When it is worth asking again for `wanted` tokens, in seconds."""
        missing = min(wanted, self._gather) - self._tokens
        saved_at = self._updated_at + max(0.0, missing) / self._rate_per_s
        first_granted_at = self._granted.since
        if first_granted_at is None or self._granted.total < self._highest:
            return saved_at
        return max(saved_at, first_granted_at + _WATCHED_S + _ROUNDING)


class Pace:
    """The pace of one link, which outlives its sessions; see the Theory of operation above."""

    __slots__ = (
        "_accepted",
        "_agreed",
        "_agreed_per_s",
        "_grown_at",
        "_heard_at",
        "_held",
        "_learnt",
        "_refused_per_s",
        "_refused_times",
        "_resume_at",
        "_slowed_at",
        "congestion",
        "rate_per_s",
    )

    def __init__(self, agreed_per_s: float, now: float) -> None:
        """`agreed_per_s` is 0 where no rate was agreed."""
        self.rate_per_s: float | None = agreed_per_s or None
        """The present limit; None is no limit."""
        self.congestion: int | None = None
        """The congestion_state that came last, in percent."""
        self._agreed_per_s = agreed_per_s
        self._agreed = TokenBucket(agreed_per_s, now) if agreed_per_s else None
        self._learnt: TokenBucket | None = None
        self._accepted = Recent()
        self._refused_per_s = RATE_MIN_PER_S
        self._refused_times = 0
        self._held = False
        self._heard_at = self._slowed_at = float("-inf")
        self._resume_at = self._grown_at = now

    def __repr__(self) -> str:
        """Like <Pace 95.0/s, learnt>."""
        rate = "unlimited" if self.rate_per_s is None else f"{self.rate_per_s:.1f}/s"
        return f"<Pace {rate}{', learnt' if self.learnt else ''}>"

    @property
    def learnt(self) -> bool:
        """True while the limit is the SMSC's and not the agreed one."""
        return self._learnt is not None

    def take(self, wanted: int, now: float) -> int:
        """PDUs that may be sent at `now` (seconds), 0 to `wanted`."""
        if now < self._resume_at:
            return 0
        if self._learnt is not None:
            wanted = self._learnt.take(wanted, now)
        return wanted if self._agreed is None else self._agreed.take(wanted, now)

    def ready_at(self, wanted: int) -> float:
        """When it is worth asking again for `wanted` PDUs, in seconds."""
        buckets = (bucket for bucket in (self._learnt, self._agreed) if bucket is not None)
        return max((bucket.ready_at(wanted) for bucket in buckets), default=self._resume_at)

    def note_accepted(self, count: int, now: float) -> None:
        """So many parts were answered by something else than a request to slow down."""
        self._accepted.add(count, now)
        self._accepted.forget(now)
        if now >= self._resume_at:
            self._refused_times = 0
            if self._learnt is not None and self.rate_per_s is not None and not self._held:
                self._grow(self._learnt, self.rate_per_s, count, now)

    def note_refused(self, sent_at: float, now: float) -> None:
        """A part that was sent at `sent_at` was refused with ESME_RTHROTTLED or ESME_RMSGQFUL."""
        if sent_at > self._slowed_at:
            self._resume_at = now + min(_PAUSE_MIN_S * 2**self._refused_times, _PAUSE_MAX_S)
            self._refused_times = min(self._refused_times + 1, _DOUBLINGS_MAX)
            self._slow_down(_DOWN, now, self._resume_at)

    def note_congestion(self, state: int, now: float) -> None:
        """A response told the load of the SMSC in percent; values the standard does not have are left alone."""
        if state > _CONGESTED:
            return
        self.congestion = state
        self._held = state >= _OPTIMUM
        if not self._held or now < self._heard_at + _CONGESTION_HEARD_S:
            return
        self._heard_at = now
        if state >= _NEARING:
            self._slow_down(_DOWN_MOST if state == _CONGESTED else _DOWN, now, now)
        elif self.rate_per_s is None:
            self._slow_down(1.0, now, now)

    def _slow_down(self, factor: float, now: float, since: float) -> None:
        """Send `factor` of what was carried, or of the old rate if that is less, but at least half of that."""
        carried = self._carried_per_s(now)
        rate = carried * factor
        if self.rate_per_s is not None:
            rate = min(max(rate, self.rate_per_s * _DOWN_MOST), self.rate_per_s * factor)
        self.rate_per_s = max(rate, RATE_MIN_PER_S)
        self._refused_per_s = max(carried, RATE_MIN_PER_S)
        self._slowed_at = now
        self._grown_at = since
        self._learnt = TokenBucket(self.rate_per_s, since)

    def _carried_per_s(self, now: float) -> float:
        self._accepted.forget(now)
        since = self._accepted.since
        return 0.0 if since is None else self._accepted.total / max(now - since, _CARRIED_MIN_S)

    def _grow(self, learnt: TokenBucket, rate_per_s: float, count: int, now: float) -> None:
        """Faster by the step of the time that passed, as far as it was used."""
        if rate_per_s < self._refused_per_s * _NEAR:
            step = max(self._refused_per_s * _STEP, _STEP_MIN_PER_S)
        else:
            step = max(rate_per_s * _FAR_STEP, _FAR_STEP_MIN_PER_S)
        rate_per_s += step * min(count / rate_per_s, now - self._grown_at)
        self._grown_at = now
        if rate_per_s < (self._agreed_per_s or _UNREACHABLE_PER_S):
            self.rate_per_s = rate_per_s
            learnt.change_rate(rate_per_s)
        else:
            self.rate_per_s = self._agreed_per_s or None
            self._learnt = None
