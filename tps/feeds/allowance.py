"""How much somebody may send: so much a second, at most one second's worth at once."""


class Allowance:
    """A bucket that fills by `rate_per_s`, up to what one second brings; without a rate it never ends."""

    def __init__(self, rate_per_s: int, now_s: float) -> None:
        self._rate_per_s = rate_per_s
        self._left = float(rate_per_s)
        self._filled_at_s = now_s

    def take(self, now_s: float) -> bool:
        """Take one; False when nothing is left. `now_s` in seconds of any steady clock."""
        if not self._rate_per_s:
            return True
        self._left = min(self._rate_per_s, self._left + (now_s - self._filled_at_s) * self._rate_per_s)
        self._filled_at_s = now_s
        if self._left < 1.0:
            return False
        self._left -= 1.0
        return True
