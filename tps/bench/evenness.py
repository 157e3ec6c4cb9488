"""How evenly a route was used: its whole seconds at the SMSC, against what its limit or its window lets through."""

import statistics

from tps.bench.smsc import STEP_MS, Record

_STEPS_PER_S = 1000 // STEP_MS


def whole_seconds(record: Record, start_ms: float) -> list[int]:
    """submit_sm in each whole second between the first and the last one that came after a moment."""
    steps = {step: number for step, number in record.parts.items() if step * STEP_MS >= start_ms}
    if not steps:
        return []
    first = min(steps)
    counts = [0] * ((max(steps) - first) // _STEPS_PER_S)
    for step, number in steps.items():
        second = (step - first) // _STEPS_PER_S
        if second < len(counts):
            counts[second] += number
    return counts


def figures(rate_per_s: float | None, window_per_s: float | None, record: Record, start_ms: float) -> dict[str, float]:
    """What a run tells of a route with a limit, or with a window that a slow SMSC keeps full; in PDUs a second."""
    seconds = whole_seconds(record, start_ms)
    found: dict[str, float] = {}
    if not seconds:
        return found
    if rate_per_s is not None:
        worst = max(seconds, key=lambda number: abs(number - rate_per_s))
        found |= {
            "route_limit_per_s": rate_per_s,
            "share_of_limit": round(statistics.mean(seconds) / rate_per_s, 4),
            "slowest_second": min(seconds),
            "fastest_second": max(seconds),
            "worst_deviation_percent": round((worst / rate_per_s - 1) * 100, 2),
        }
    if window_per_s is not None:
        found |= {
            "window_by_round_trip_per_s": window_per_s,
            "share_of_window_by_round_trip": round(statistics.mean(seconds) / window_per_s, 4),
        }
    return found
