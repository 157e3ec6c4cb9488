"""`python -m tests.feeds_and_nodes --subscribers 20000 --json FILE`: five sources, two nodes, one PostgreSQL."""

import argparse
import asyncio
import json
import sys
import tempfile
from pathlib import Path

from tests.chaos.stores import new_store
from tests.feeds_and_nodes.run import run

LOG_TAIL = 4000
"""Characters of each log that are told when a run breaks off."""


def main() -> int:
    """Exit status 1 when something was lost, or came twice."""
    parser = argparse.ArgumentParser(prog="python -m tests.feeds_and_nodes", description=__doc__)
    parser.add_argument("--subscribers", type=int, default=20_000)
    parser.add_argument("--waves", type=int, default=4, help="subscribers begin in so many rounds")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, help="write the figures there")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tps-feeds-") as place, new_store("postgresql", Path(place)) as store:
        working = run(Path(place), store.url, subscribers=options.subscribers, waves=options.waves, seed=options.seed)
        try:
            found = asyncio.run(working)
        except BaseException:
            for log in sorted(Path(place).rglob("*.log")):
                sys.stderr.write(f"{log}:\n{log.read_text()[-LOG_TAIL:]}\n")
            raise
    figures = {**found.as_dict(), "is_promise_kept": found.counted.is_promise_kept}
    sys.stdout.write("".join(f"{name:>27}  {value}\n" for name, value in figures.items()))
    if options.json is not None:
        options.json.write_text(json.dumps(figures, indent=2) + "\n")
    return int(not found.counted.is_promise_kept)


if __name__ == "__main__":
    sys.exit(main())
