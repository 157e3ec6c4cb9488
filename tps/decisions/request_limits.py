"""How often one subscriber may ask by SMS, in bounded memory."""

from collections import OrderedDict

HOUR_S = 3600.0


class RequestLimits:
    """So many requests an hour from each number, counted from its first; the numbers heard longest ago are let go."""

    def __init__(self, per_hour: int, *, capacity: int = 100_000) -> None:
        self._per_hour = per_hour
        self._capacity = capacity
        self._counted: OrderedDict[str, tuple[float, int]] = OrderedDict()
        """Number -> when its hour began, in seconds, and its requests since."""

    def __len__(self) -> int:
        """Numbers that are remembered."""
        return len(self._counted)

    def take(self, number: str, now_s: float) -> bool:
        """Count a request; False where the number has none left. `now_s` in seconds of any steady clock."""
        began_s, count = self._counted.pop(number, (now_s, 0))
        if now_s - began_s >= HOUR_S:
            began_s, count = now_s, 0
        self._counted[number] = (began_s, min(count + 1, self._per_hour + 1))
        if len(self._counted) > self._capacity:
            self._counted.popitem(last=False)
        return count < self._per_hour
