"""`python -m tests.chaos --case kill --store postgresql --json FILE`: chaos with real processes, a case or all."""

import argparse
import asyncio
import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.chaos.cases import CASES
from tests.chaos.run import run
from tests.chaos.stores import new_store


def main() -> int:
    """Exit status 1 when a promise was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--case", choices=CASES, action="append", help="this one only; may be given several times")
    parser.add_argument("--store", choices=("sqlite", "postgresql"), help="on this database only")
    parser.add_argument("--pushes", type=int, help="instead of the case's own number")
    parser.add_argument("--faults", type=int, help="instead of the case's own number")
    parser.add_argument("--json", type=Path, help="write the figures there")
    options = parser.parse_args()
    figures: list[dict[str, Any]] = []
    for found in _runs(options):
        sys.stdout.write("".join(f"{name:>27}  {value}\n" for name, value in found.items()) + "\n")
        sys.stdout.flush()
        figures.append(found)
    if options.json is not None:
        options.json.write_text(json.dumps(figures, indent=2) + "\n")
    return int(not all(found["is_promise_kept"] for found in figures))


def _runs(options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """The figures of each case on each database that was asked for."""
    for name in options.case or CASES:
        case = CASES[name]
        for kind in case.stores:
            if options.store not in (None, kind):
                continue
            with tempfile.TemporaryDirectory(prefix="tps-chaos-") as place, new_store(kind, Path(place)) as store:
                pushes, faults = options.pushes or case.pushes, options.faults or case.faults
                found = asyncio.run(run(case, Path(place), store, pushes=pushes, faults=faults))
            yield {"case": name, "store": kind, **found.as_dict(), "is_promise_kept": found.is_promise_kept}


if __name__ == "__main__":
    sys.exit(main())
