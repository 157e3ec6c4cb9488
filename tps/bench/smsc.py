"""The simulated SMSC as the process a load test talks to: tells its counters as they grow, and when each push came.

Run as `python -m tps.bench.smsc PORT FILE`; with SIGTERM it writes into FILE when the first part for each number came.
"""

import asyncio
import json
import signal
import sys
import time
from pathlib import Path

import msgspec
import uvloop

from tps.sim.smsc import Smsc
from tps.sim.smsc_behaviour import Behaviour
from tps.sim.smsc_pdus import SubmitSm

TELL_EVERY_S = 0.1
ARRIVALS_MAX = 1_000_000
"""Parts whose arrival is noted; later ones are only counted."""
ACCOUNT = "bench"


class Arrivals:
    """When the first part for each number came."""

    def __init__(self) -> None:
        self._batches: list[tuple[float, list[bytes]]] = []
        self._noted = 0

    def note(self, messages: list[SubmitSm]) -> None:
        """These have just come."""
        if self._noted < ARRIVALS_MAX:
            self._noted += len(messages)
            self._batches.append((time.time_ns() / 1e6, [message.destination_field for message in messages]))

    def write(self, file: Path) -> None:
        """Milliseconds since 1970-01-01 UTC by number, as JSON."""
        first: dict[str, float] = {}
        for at, destinations in self._batches:
            for destination in destinations:
                first.setdefault(destination[2:-1].decode(), at)
        file.write_bytes(msgspec.json.encode(first))


async def run(port: int, file: Path, behaviour: Behaviour) -> None:
    """Listen until SIGTERM."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    arrivals = Arrivals()
    async with Smsc(accounts={ACCOUNT: ACCOUNT}, behaviour=behaviour, on_messages=arrivals.note, port=port) as smsc:
        _tell({"port": smsc.port})
        told = -1
        while not stopping.is_set():
            counters = smsc.counters
            seen = counters.binds + counters.accepted + counters.deliver_acknowledged
            if seen != told:
                told = seen
                _tell({"at_ms": time.time_ns() // 1_000_000, **counters.as_dict()})
            try:
                await asyncio.wait_for(stopping.wait(), TELL_EVERY_S)
            except TimeoutError:
                continue
    arrivals.write(file)


def _tell(line: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    switches = json.loads(sys.argv[3]) if len(sys.argv) > 3 else {}
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run(int(sys.argv[1]), Path(sys.argv[2]), Behaviour(**switches)))
