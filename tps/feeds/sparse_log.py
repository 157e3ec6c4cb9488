"""What strangers can cause as often as they like is told ever more seldom."""

from collections import Counter

from structlog.typing import FilteringBoundLogger


class SparseLog:
    """Says it at the first, the second, the fourth, the eighth time..., so that a flood does not flood the log."""

    def __init__(self, log: FilteringBoundLogger) -> None:
        self._log = log
        self._times: Counter[str] = Counter()

    def tell(self, event: str, **words: object) -> None:
        """Count the event, and tell of it where it is time to; `times` is how often it has happened."""
        self._times[event] += 1
        times = self._times[event]
        if times & (times - 1) == 0:
            self._log.warning(event, times=times, **words)
