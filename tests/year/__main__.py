"""`python -m tests.year --subscribers 100000`: a year of an operator in minutes, held against the model."""

import argparse
import asyncio
import logging
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import structlog

from tests.year.plan import DAYS
from tests.year.year import Result, live

_MEMORY = Path("/dev/shm")
TOLD_EVERY_DAYS = 30


def main() -> int:
    """Exit status 1 where anything differs from the model."""
    parser = argparse.ArgumentParser(prog="python -m tests.year", description=__doc__)
    parser.add_argument("--subscribers", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--store", help="URL of an empty store; else SQLite in memory")
    options = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    with TemporaryDirectory(dir=_MEMORY if _MEMORY.is_dir() else None) as folder:
        url = options.store or f"sqlite:///{folder}/year.sqlite3"
        result = asyncio.run(live(url, options.seed, options.subscribers, _tell))
    for line in result.wrong:
        sys.stdout.write(f"WRONG: {line}\n")
    sys.stdout.write(
        f"{options.subscribers} subscribers, {DAYS} days, {result.sightings} sightings in {result.seconds:.0f} s: "
        f"{dict(result.outcomes)}; {result.devices} pairs; pushes {dict(result.ends)}\n"
    )
    return int(bool(result.wrong))


def _tell(day: int, result: Result) -> None:
    if day % TOLD_EVERY_DAYS == 0:
        sys.stdout.write(f"day {day}: {result.sightings} sightings, {len(result.wrong)} wrong\n")
        sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
