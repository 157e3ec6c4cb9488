"""Distributions of times: percentiles for tables, a histogram for plots."""

from collections.abc import Sequence

import msgspec

_STEPS_PER_DECADE = 10
_DECADES = 6
_LOWEST_MS = 0.1


class Latency(msgspec.Struct, frozen=True, kw_only=True):
    """How long something took, in milliseconds."""

    p50: float
    p95: float
    p99: float
    max: float
    samples: int
    histogram: list[tuple[float, int]] = []
    """Upper end of each step in milliseconds and how many fell into it; ten steps a decade, empty ones left out."""


def latency(times_ms: Sequence[float]) -> Latency | None:
    """The distribution of these times; None where there are none."""
    if not times_ms:
        return None
    ordered = sorted(times_ms)
    return Latency(
        p50=percentile(ordered, 50),
        p95=percentile(ordered, 95),
        p99=percentile(ordered, 99),
        max=round(ordered[-1], 2),
        samples=len(ordered),
        histogram=_histogram(ordered),
    )


def percentile(ordered: Sequence[float], percent: float) -> float:
    """The value that so many percent of the ordered values do not exceed (nearest rank)."""
    rank = -(-len(ordered) * percent // 100)
    return round(ordered[max(int(rank) - 1, 0)], 2)


def _histogram(ordered: Sequence[float]) -> list[tuple[float, int]]:
    steps: list[tuple[float, int]] = []
    place = 0
    for step in range(_STEPS_PER_DECADE * _DECADES + 1):
        upper = _LOWEST_MS * 10 ** (step / _STEPS_PER_DECADE)
        start = place
        while place < len(ordered) and ordered[place] <= upper:
            place += 1
        if place > start:
            steps.append((round(upper, 3), place - start))
    return steps
