"""What a soak showed: memory, reconnections, and what became of the pushes."""

import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from tests.chaos.counting import Count
from tests.soak.link_log import Pauses
from tests.soak.message_centre import Told

GROWTH_MAX_PERCENT = 5.0
FIRST_RECONNECT_MAX_S = 0.5
"""What is promised where nothing else is configured."""
JUDGED_FROM_S = 1500.0
"""A shorter run is all warm-up, and its growth says nothing."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What stood at one moment."""

    at_s: float
    """Since the beginning."""
    rss_mb: float
    """Of the server."""
    open_pushes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """All that was seen; times in seconds."""

    seconds: float
    """How long pushes were sent."""
    counted: Count
    samples: Sequence[Sample]
    told: Sequence[Told]
    """By the SMSC."""
    pauses: Pauses
    reconnect_max_s: float
    """As configured."""
    lateness_s: float
    """How much later than planned an attempt may be."""
    cpu_s: float
    """Of the server."""

    @property
    def growth_percent(self) -> float:
        """Memory of the last sixth against that from the first twelfth to the first quarter: 5 to 15 of 60 minutes."""
        before = self._memory(self.seconds / 12, self.seconds / 4)
        return 100 * (self._memory(self.seconds * 5 / 6, self.seconds) / before - 1)

    @property
    def reconnect_s(self) -> list[float]:
        """For each time that the SMSC listened again, until a link was bound again."""
        return reconnections(self.told)

    @property
    def broken(self) -> list[str]:
        """The promises that were broken."""
        checks = {
            "a push was lost, doubled or stuck": not self.counted.is_promise_kept,
            "a first attempt to reconnect came late": max(self.pauses.after_loss, default=0)
            > FIRST_RECONNECT_MAX_S + self.lateness_s,
            "a pause between attempts was longer than configured": max(self.pauses.after_failure, default=0)
            > self.reconnect_max_s + self.lateness_s,
            "memory grew": self.seconds >= JUDGED_FROM_S and self.growth_percent > GROWTH_MAX_PERCENT,
        }
        return [what for what, is_so in checks.items() if is_so]

    def summary(self) -> dict[str, Any]:
        """The figures by name."""
        outages = sum(told.event == "down" for told in self.told)
        return {
            "seconds": round(self.seconds),
            "outages": outages,
            "binds": sum(told.event == "bound" for told in self.told),
            "first_attempt_s": _spread(self.pauses.after_loss),
            "pause_s": _spread(self.pauses.after_failure),
            "pause_configured_s": self.reconnect_max_s,
            "bound_again_s": _spread(self.reconnect_s),
            "rss_mb": _spread([sample.rss_mb for sample in self.samples]),
            "rss_growth_percent": round(self.growth_percent, 2),
            "open_pushes_most": max(sample.open_pushes for sample in self.samples),
            "server_cpu_percent": round(100 * self.cpu_s / self.seconds, 1),
            **self.counted.as_dict(),
            "broken": self.broken,
        }

    def as_dict(self) -> dict[str, Any]:
        """The summary with every series."""
        return {
            **self.summary(),
            "samples": [asdict(sample) for sample in self.samples],
            "told": [{"at_ms": told.at_ms, "event": told.event} for told in self.told],
            "first_attempts_s": self.pauses.after_loss,
            "pauses_s": self.pauses.after_failure,
            "bound_again_each_s": self.reconnect_s,
        }

    def _memory(self, since_s: float, until_s: float) -> float:
        return statistics.median(sample.rss_mb for sample in self.samples if since_s <= sample.at_s <= until_s)


def reconnections(told: Sequence[Told]) -> list[float]:
    """Seconds from each moment when the SMSC listened again until a link was bound; not where it went down before."""
    found: list[float] = []
    listening: int | None = None
    for line in told:
        if line.event == "bound" and listening is not None:
            found.append((line.at_ms - listening) / 1000)
        listening = line.at_ms if line.event == "listening" else None
    return found


def _spread(values: Sequence[float]) -> dict[str, float]:
    """Number, smallest, median and greatest."""
    if not values:
        return {"count": 0}
    return {
        "count": len(values),
        "least": round(min(values), 3),
        "median": round(statistics.median(values), 3),
        "most": round(max(values), 3),
    }
