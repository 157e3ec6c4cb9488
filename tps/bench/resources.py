"""CPU time and memory of a process, as Linux tells them under /proc."""

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_UTIME, _STIME = 11, 12
"""Places of user and system time after the command in /proc/PID/stat (proc(5): fields 14 and 15)."""
_OCTETS_PER_MB = 1_000_000
_STEPS, _TRIES = 200_000, 5


@dataclass(frozen=True, slots=True)
class Use:
    """What a process has used since it started."""

    cpu_s: float
    threads_s: Mapping[int, float]
    """CPU seconds of each thread alive, by its number."""

    def since(self, before: "Use") -> "Use":
        """What was used between two readings."""
        threads = {number: spent - before.threads_s.get(number, 0.0) for number, spent in self.threads_s.items()}
        return Use(self.cpu_s - before.cpu_s, threads)


def use(pid: int) -> Use:
    """The CPU time of a process and of those it started, until now."""
    family = _family(pid)
    threads = {int(task.name): _cpu_s(task / "stat") for place in family for task in (place / "task").iterdir()}
    return Use(sum(_cpu_s(place / "stat") for place in family), threads)


def by_stage(pid: int, used: Use) -> dict[str, float]:
    """CPU seconds by what each thread is called; the first thread of the process is `main`."""
    own = _name(pid)
    stages: dict[str, float] = {}
    for number, spent in sorted(used.threads_s.items()):
        name = "main" if number == pid else _name(number)
        name = "other threads" if name == own else name
        stages[name] = stages.get(name, 0.0) + spent
    return stages


def peak_rss_mb(pid: int) -> float:
    """The most memory that a process and those it started have held, in megabytes."""
    return _summed(pid, "VmHWM:")


def rss_mb(pid: int) -> float:
    """The memory that a process and those it started hold now, in megabytes."""
    return _summed(pid, "VmRSS:")


def _summed(pid: int, field: str) -> float:
    """A field of /proc/PID/status over the family, in megabytes."""
    return sum(_octets(place, field) for place in _family(pid)) / _OCTETS_PER_MB


def _family(pid: int) -> list[Path]:
    """The process and those it started that are still alive."""
    place = Path("/proc", str(pid))
    found = [place]
    if pid == os.getpid():  # what this one started is told by itself
        return found
    for task in (place / "task").iterdir():
        found += [one for child in (task / "children").read_text().split() for one in _family(int(child))]
    return found


def _octets(place: Path, field: str) -> int:
    for line in (place / "status").read_text().splitlines():
        if line.startswith(field):
            return int(line.split()[1]) * 1024
    return 0


def _name(thread: int) -> str:
    try:
        return Path("/proc", str(thread), "comm").read_text().strip()
    except FileNotFoundError:
        return "ended"


def _cpu_s(stat: Path) -> float:
    fields = stat.read_text().rpartition(")")[2].split()
    return (int(fields[_UTIME]) + int(fields[_STIME])) / _TICKS_PER_S


def processor_speed() -> float:
    """Million steps of a plain loop that Python does in a second of this processor; the best of some tries.

    Shared machines change their speed from hour to hour, some threefold: rates are comparable only beside this.
    """
    return round(max(_loop_speed() for _ in range(_TRIES)), 1)


def _loop_speed() -> float:
    began, total = time.process_time(), 0
    for step in range(_STEPS):
        total += step * step
    return _STEPS / 1_000_000 / (time.process_time() - began)
