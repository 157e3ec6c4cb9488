"""Whose queue is full: ESME_RMSGQFUL may be about the SMSC, or about one subscriber who has too much waiting there.

Theory of operation
-------------------
SMPP 3.4 has one status for both (clause 5.1.3), and only the first is a reason to slow the link down. What tells them
apart is how many are refused. A few subscribers with full queues may stand anywhere among the others, so refusals are
borne with as long as there is credit: each refusal costs one, each part that is accepted earns `EARNED`, up to
`CREDIT_MAX`. A part that is refused goes out once more, behind all others.

* Refused for the first time, with credit: nobody's fault yet.
* Refused again, with credit: the SMSC takes nearly all others, so it is the subscriber's queue. That costs no credit,
  because it tells nothing new.
* Refused without credit: the SMSC takes too few, so the queue is its own.
"""

from enum import Enum
from typing import Final

CREDIT_MAX: Final = 50.0
"""More than the parts to full subscribers that happen to stand side by side; few enough for an SMSC to bear."""
EARNED: Final = 0.02
"""The share of refused parts that is borne with for ever. An SMSC that is full refuses about as many at the pace that
`tps.smpp.pace` finds."""


class Whose(Enum):
    """Whose queue a refusal is about."""

    UNKNOWN = "nobody can tell yet"
    SMSC = "the SMSC's"
    SUBSCRIBER = "its subscriber's"


class FullQueues:
    """What one session has learnt about full queues; see the Theory of operation above."""

    __slots__ = ("_credit",)

    def __init__(self) -> None:
        self._credit = CREDIT_MAX

    def note_others(self, count: int) -> None:
        """So many parts were answered by something else."""
        self._credit = min(self._credit + count * EARNED, CREDIT_MAX)

    def judge(self, refused_before: int) -> Whose:
        """Whose queue was full for a part that had been refused so many times before."""
        if refused_before and self._credit >= 0:
            return Whose.SUBSCRIBER
        self._credit = max(self._credit - 1, -1.0)
        return Whose.UNKNOWN if self._credit >= 0 else Whose.SMSC
