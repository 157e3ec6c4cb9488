"""What befalls each submitted message: drawn from the behaviour with its seed, so that a run can be repeated."""

import random
from collections.abc import Sequence
from typing import NamedTuple

from tps.sim.smsc_behaviour import Behaviour
from tps.sim.smsc_pdus import DELIVERED, UNDELIVERABLE, FinalState, Status

_BURST_S = 0.1
"""How much of a second's allowance may come at once before throttling sets in."""


class Fate(NamedTuple):
    """What happens to one submit_sm."""

    status: int = Status.ESME_ROK
    answered: bool = True
    receipts: int = 1
    early: bool = False
    state: FinalState = DELIVERED


ORDINARY = Fate()


class Fates:
    """Draws the fate of messages; holds the generator and the allowance of the throttle."""

    __slots__ = ("_allowance", "_allowance_max", "_behaviour", "_certain", "_drawn_at", "_random")

    def __init__(self, behaviour: Behaviour) -> None:
        self._behaviour = behaviour
        self._random = random.Random(behaviour.seed)  # noqa: S311 a simulation is repeatable, not secret
        self._allowance = self._allowance_max = max(1.0, (behaviour.throttle_per_s or 0.0) * _BURST_S)
        self._drawn_at = 0.0
        self._certain = behaviour.throttle_per_s is None and not any(
            (
                behaviour.lost_answer_ratio,
                behaviour.queue_full_ratio,
                behaviour.refused_ratio,
                behaviour.duplicate_receipt_ratio,
                behaviour.missing_receipt_ratio,
                behaviour.early_receipt_ratio,
                behaviour.undelivered_ratio,
            )
        )

    def draw(self, count: int, now: float) -> Sequence[Fate]:
        """Fates of the next `count` messages that arrive at `now` (monotonic seconds)."""
        if self._certain:
            return [ORDINARY] * count
        rate = self._behaviour.throttle_per_s
        if rate is None:
            return [self._draw_one() for _ in range(count)]
        self._allowance = min(self._allowance_max, self._allowance + (now - self._drawn_at) * rate)
        self._drawn_at = now
        within = min(count, int(self._allowance))
        self._allowance -= within
        throttled = Fate(status=Status.ESME_RTHROTTLED)
        return [self._draw_one() for _ in range(within)] + [throttled] * (count - within)

    def _draw_one(self) -> Fate:
        behaviour = self._behaviour
        if self._happens(behaviour.queue_full_ratio):
            return Fate(status=Status.ESME_RMSGQFUL)
        if self._happens(behaviour.refused_ratio):
            return Fate(status=behaviour.refused_status)
        receipts = 1
        if self._happens(behaviour.missing_receipt_ratio):
            receipts = 0
        elif self._happens(behaviour.duplicate_receipt_ratio):
            receipts = 2
        return Fate(
            answered=not self._happens(behaviour.lost_answer_ratio),
            receipts=receipts,
            early=self._happens(behaviour.early_receipt_ratio),
            state=UNDELIVERABLE if self._happens(behaviour.undelivered_ratio) else DELIVERED,
        )

    def _happens(self, ratio: float) -> bool:
        return bool(ratio) and self._random.random() < ratio
