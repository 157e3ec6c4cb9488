"""What a load test has measured: values that are written as JSON, and what follows from several runs."""

import os
import platform
import statistics
from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from tps.bench.latency import Latency


class ProcessUse(msgspec.Struct, frozen=True, kw_only=True):
    """What one process needed."""

    cpu_s_per_1000: float
    """CPU seconds per 1 000 units."""
    peak_rss_mb: float
    stages: dict[str, float] = {}
    """The same by thread."""


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """One run of a scenario."""

    scenario: str
    unit: str
    """What is counted: settings, pairs, documents, submit_sm."""
    count: int
    seconds: float
    per_s: float
    """Units a second: to the last receipt settled, where there are any."""
    figures: dict[str, float] = {}
    """Whatever else this scenario tells."""
    latencies: dict[str, Latency] = {}
    processes: dict[str, ProcessUse] = {}
    over_time: list[int] = []
    """Units in each second since the start."""
    parts_over_time: list[int] = []
    """submit_sm at the SMSC in each second since the start."""
    memory_over_time_mb: list[float] = []
    """What the server held in each second since the start."""
    outcomes: dict[str, int] = {}
    processor_speed: float = 0.0
    """How fast the processor was then (`tps.bench.resources.processor_speed`), before or after: whichever was less."""


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    """Where it was measured."""

    cpu: str
    cores: int
    memory_mb: int
    system: str
    python: str


class Pair(msgspec.Struct, frozen=True, kw_only=True):
    """Ours and theirs, measured one after the other."""

    ours_per_s: float
    kannel_per_s: float
    ratio: float


class Report(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Everything of one command."""

    date: str
    machine: Machine
    command: str
    scenario: str
    runs: list[Run]
    medians_per_s: dict[str, float]
    limits: list[Run] = []
    """What the SMSC alone can take."""
    kannel: list[Run] = []
    pairs: list[Pair] = []
    ratio_to_kannel: float | None = None
    """Median of the ratios pair by pair."""


def machine() -> Machine:
    """This machine."""
    pages, page_octets = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    return Machine(
        cpu=_cpu_name(),
        cores=len(os.sched_getaffinity(0)),
        memory_mb=pages * page_octets // 1_000_000,
        system=platform.platform(),
        python=platform.python_version(),
    )


def report(
    scenario: str, runs: Sequence[Run], *, kannel: Sequence[Run] = (), limits: Sequence[Run] = (), command: str = ""
) -> Report:
    """What these runs, and those of Kannel made in turn with them, come to."""
    pairs = [
        Pair(ours_per_s=our.per_s, kannel_per_s=their.per_s, ratio=round(our.per_s / their.per_s, 3))
        for our, their in zip(runs, kannel, strict=False)
    ]
    return Report(
        date=datetime.now(UTC).strftime("%Y-%m-%d"),
        machine=machine(),
        command=command,
        scenario=scenario,
        runs=list(runs),
        medians_per_s=_medians([*runs, *kannel]),
        limits=list(limits),
        kannel=list(kannel),
        pairs=pairs,
        ratio_to_kannel=statistics.median(pair.ratio for pair in pairs) if pairs else None,
    )


def _medians(runs: Sequence[Run]) -> dict[str, float]:
    """The median rate of each scenario."""
    rates: dict[str, list[float]] = {}
    for run in runs:
        rates.setdefault(run.scenario, []).append(run.per_s)
    return {scenario: round(statistics.median(found), 1) for scenario, found in rates.items()}


def by_second(times_ms: Sequence[float], start_ms: float) -> list[int]:
    """How many of these moments lie in each second since `start_ms`."""
    if not times_ms:
        return []
    counts = [0] * (int(max(max(times_ms) - start_ms, 0) // 1000) + 1)
    for at in times_ms:
        counts[max(int((at - start_ms) // 1000), 0)] += 1
    return counts


def since(steps: Sequence[tuple[float, int]], start_ms: float) -> list[tuple[float, int]]:
    """The steps of a growing count from a moment on, counted from there."""
    before = max((total for at, total in steps if at < start_ms), default=0)
    return [(at, total - before) for at, total in steps if at >= start_ms]


def steps_by_second(steps: Sequence[tuple[float, int]], start_ms: float) -> list[int]:
    """Increments in each second of a growing count, which is known at some moments."""
    counts: list[int] = []
    before = 0
    for at, total in steps:
        second = max(int((at - start_ms) // 1000), 0)
        counts += [0] * (second + 1 - len(counts))
        counts[second] += total - before
        before = total
    return counts


def _cpu_name() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.machine()
