"""Which message only says again what its sender said last, in bounded memory.

An SMSC sends again what was not acknowledged in time; SMPP gives such a message no mark. What was said before another
message is no repetition: of STOP, ALL, STOP the last counts, and of a SIM that comes back to a device its report.
"""

from collections import OrderedDict
from collections.abc import Hashable


class Repetitions:
    """The last message of each sender, for `lifetime_s`; the senders heard longest ago are let go."""

    def __init__(self, lifetime_s: float, *, capacity: int = 20_000) -> None:
        self._lifetime_s = lifetime_s
        self._capacity = capacity
        self._last: OrderedDict[Hashable, tuple[Hashable, float]] = OrderedDict()
        """Sender -> the last message, and when it came for the first time, in seconds."""

    def __len__(self) -> int:
        """Senders that are remembered."""
        return len(self._last)

    def hear(self, sender: Hashable, message: Hashable, now_s: float) -> bool:
        """Note a message; whether it is a repetition. `now_s` in seconds of any steady clock."""
        last, since_s = self._last.pop(sender, (None, now_s))
        is_repeated = message == last and now_s - since_s < self._lifetime_s
        self._last[sender] = (message, since_s if is_repeated else now_s)
        if len(self._last) > self._capacity:
            self._last.popitem(last=False)
        return is_repeated
