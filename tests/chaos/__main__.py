"""`python -m tests.chaos --pushes 100000 --kills 100 --store postgresql --json FILE`: chaos with real processes."""

import argparse
import asyncio
import json
import sys
import tempfile
from pathlib import Path

from tests.chaos.kill import SLOW_SMSC, kill_again_and_again
from tests.chaos.stores import store


def main() -> int:
    """Exit status 1 when a promise was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--pushes", type=int, default=100_000)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--store", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--json", type=Path, help="write the figures there")
    parser.add_argument("smsc_options", nargs="*", help="options of `tps simulate smsc`, after --")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tps-chaos-") as place, store(options.store, Path(place)) as url:
        run = kill_again_and_again(
            Path(place),
            url,
            pushes=options.pushes,
            kills=options.kills,
            smsc_options=tuple(options.smsc_options) or SLOW_SMSC,
        )
        found = asyncio.run(run)
    figures = {"store": options.store, **found.as_dict()}
    sys.stdout.write("".join(f"{name:>22}  {value}\n" for name, value in figures.items()))
    if options.json is not None:
        options.json.write_text(json.dumps(figures, indent=2) + "\n")
    return int(not found.counted.is_promise_kept)


if __name__ == "__main__":
    sys.exit(main())
