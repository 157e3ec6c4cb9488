"""A token bucket for PDUs, exact to 2 % of a second's worth."""

from typing import Final

_BURST_S: Final = 0.02
"""What may be saved up, in seconds of the rate: timers and other work make the loop late by a few milliseconds."""
_GATHER_S: Final = 0.005
"""How long to wait for more than one token, so that a fast route does not wake up for each PDU."""
_ROUNDING: Final = 1e-6
"""What adding up seconds in floating point may lose of a token."""


class TokenBucket:
    """Grants at most `rate_per_s` tokens a second; over any second never more than 2 % and one token above it."""

    __slots__ = ("_capacity", "_gather", "_rate_per_s", "_tokens", "_updated_at")

    def __init__(self, rate_per_s: float, now: float) -> None:
        self._rate_per_s = rate_per_s
        self._capacity = 1 + rate_per_s * _BURST_S
        self._gather = max(1.0, rate_per_s * _GATHER_S)
        self._tokens = 1.0
        self._updated_at = now

    def take(self, wanted: int, now: float) -> int:
        """Tokens granted at `now` (seconds), 0 to `wanted`."""
        gained = (now - self._updated_at) * self._rate_per_s
        self._tokens = min(self._capacity, self._tokens + gained)
        self._updated_at = now
        granted = min(wanted, int(self._tokens + _ROUNDING))
        self._tokens -= granted
        return granted

    def ready_at(self, wanted: int) -> float:
        """When it is worth asking again for `wanted` tokens, in seconds."""
        missing = min(wanted, self._gather) - self._tokens
        return self._updated_at + max(0.0, missing) / self._rate_per_s
