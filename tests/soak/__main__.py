"""`python -m tests.soak --minutes 60 --json FILE`: an SMSC that goes up and down, and a server that lives with it."""

import argparse
import asyncio
import json
import sys
import tempfile
from pathlib import Path

from tests.chaos.stores import new_store
from tests.soak.run import Options, soak


def main() -> int:
    """Exit status 1 when a promise was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--rate", type=float, default=30.0, help="pushes a second")
    parser.add_argument("--store", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--past", type=int, default=500_000, help="subscribers and pushes that are in the store before")
    parser.add_argument("--burst", type=int, default=30_000, help="pushes before the steady flow")
    parser.add_argument("--seed", type=int, default=0, help="of the outages")
    parser.add_argument("--json", type=Path, help="write the figures with their series there")
    given = parser.parse_args()
    options = Options(
        seconds=given.minutes * 60, rate_per_s=given.rate, past=given.past, burst=given.burst, seed=given.seed
    )
    with tempfile.TemporaryDirectory(prefix="tps-soak-") as place, new_store(given.store, Path(place)) as store:
        found = asyncio.run(soak(Path(place), store.url, options))
    sys.stdout.write("".join(f"{name:>27}  {value}\n" for name, value in found.summary().items()))
    if given.json is not None:
        given.json.write_text(json.dumps(found.as_dict(), indent=2) + "\n")
    return int(bool(found.broken))


if __name__ == "__main__":
    sys.exit(main())
