"""`python -m tests.simulation SEED --trace` replays one seed; `--seeds 10000` runs many, in several processes."""

import argparse
import logging
import multiprocessing
import os
import sys
import time
from collections import Counter

import structlog

from tests.simulation.world import Result, run


def main() -> int:
    """Exit status 1 when a promise was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("seed", type=int, nargs="?", default=0, help="the seed, or the first of them")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--trace", action="store_true", help="print everything that happens, with the server's log")
    options = parser.parse_args()
    if options.trace or options.seeds == 1:
        return _show(run(options.seed, keep_lines=True), trace=options.trace)
    return _run_many(range(options.seed, options.seed + options.seeds), options.processes)


def _show(result: Result, *, trace: bool) -> int:
    if trace:
        sys.stdout.write("\n".join(result.lines) + "\n")
    for what in result.broken:
        sys.stdout.write(f"BROKEN: {what}\n")
    sys.stdout.write(f"seed {result.seed}: {result.steps} steps, {result.submits} parts, {result.states}\n")
    sys.stdout.write(f"digest {result.digest}\n")
    return int(bool(result.broken))


def _run_many(seeds: range, processes: int) -> int:
    began = time.monotonic()
    states: Counter[str] = Counter()
    failed = submits = steps = 0
    with multiprocessing.Pool(processes, _be_quiet) as pool:
        for result in pool.imap_unordered(run, seeds, chunksize=8):
            states.update(result.states)
            submits += result.submits
            steps += result.steps
            if result.broken:
                failed += 1
                sys.stdout.write(f"seed {result.seed}: {result.broken[0]}\n")
                sys.stdout.flush()
    seconds = time.monotonic() - began
    sys.stdout.write(
        f"{len(seeds)} seeds in {seconds:.0f} s ({len(seeds) / seconds:.1f} a second), {failed} failed; "
        f"{steps} steps, {submits} parts accepted; pushes {dict(states)}\n"
    )
    return int(bool(failed))


def _be_quiet() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))


if __name__ == "__main__":
    sys.exit(main())
