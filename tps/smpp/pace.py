"""A token bucket for PDUs that makes up for late wake-ups, and in no second exceeds its rate by more than 2 %."""

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


class TokenBucket:
    """Grants `rate_per_s` tokens a second; over any second never more than 2 %, or one token, above it."""

    __slots__ = ("_capacity", "_gather", "_grants", "_highest", "_in_second", "_rate_per_s", "_tokens", "_updated_at")

    def __init__(self, rate_per_s: float, now: float) -> None:
        self._rate_per_s = rate_per_s
        self._capacity = 1 + rate_per_s * _SAVED_S
        self._gather = max(1.0, rate_per_s * _GATHER_S)
        self._highest = int(max(rate_per_s * (1 + _EXCESS), rate_per_s + 1))
        self._tokens = 1.0
        self._updated_at = now
        self._grants: deque[tuple[float, int]] = deque()
        self._in_second = 0

    def take(self, wanted: int, now: float) -> int:
        """Tokens granted at `now` (seconds), 0 to `wanted`."""
        gained = (now - self._updated_at) * self._rate_per_s
        self._tokens = min(self._capacity, self._tokens + gained)
        self._updated_at = now
        self._forget(now - _WATCHED_S)
        granted = min(wanted, int(self._tokens + _ROUNDING), self._highest - self._in_second)
        if granted:
            self._tokens -= granted
            self._in_second += granted
            self._grants.append((now, granted))
        return granted

    def ready_at(self, wanted: int) -> float:
        """When it is worth asking again for `wanted` tokens, in seconds."""
        missing = min(wanted, self._gather) - self._tokens
        saved_at = self._updated_at + max(0.0, missing) / self._rate_per_s
        if self._in_second < self._highest:
            return saved_at
        return max(saved_at, self._grants[0][0] + _WATCHED_S + _ROUNDING)

    def _forget(self, until: float) -> None:
        """Grants that no second from now on can see."""
        while self._grants and self._grants[0][0] < until:
            self._in_second -= self._grants.popleft()[1]
