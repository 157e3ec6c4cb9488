"""The simulated SMSC as the process a load test talks to: tells its counters as they grow, at its end what came when.

Run as `python -m tps.bench.smsc PORT FILE`; at SIGTERM it writes its `Record` into FILE. Handsets send what stands in
its input (`tps.sim.smsc_inbound`).
"""

import asyncio
import contextlib
import json
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable
from itertools import accumulate
from pathlib import Path

import msgspec
import uvloop

from tps.sim.smsc import Smsc
from tps.sim.smsc_behaviour import Behaviour
from tps.sim.smsc_inbound import read_line, read_lines
from tps.sim.smsc_pdus import SubmitSm

TELL_EVERY_S = 0.1
STEP_MS = 10
ARRIVALS_MAX = 1_000_000
"""Parts whose arrival is noted; later ones are only counted."""
ACCOUNT = "bench"


class Record(msgspec.Struct):
    """What the SMSC has to say at its end."""

    first_ms: dict[str, float] = {}
    """When the first part for each number came: milliseconds since 1970-01-01 UTC."""
    parts: dict[int, int] = {}
    """How many came in each step of `STEP_MS` since then."""

    def steps(self) -> list[tuple[float, int]]:
        """Milliseconds since 1970-01-01 UTC, parts accepted until then."""
        totals = accumulate(number for _, number in sorted(self.parts.items()))
        return [((step + 1) * STEP_MS, total) for step, total in zip(sorted(self.parts), totals, strict=True)]


class Arrivals:
    """Notes what comes, and costs little while it comes."""

    def __init__(self) -> None:
        self._batches: list[tuple[float, list[bytes]]] = []
        self._noted = 0
        self._parts: Counter[int] = Counter()

    def note(self, messages: list[SubmitSm]) -> None:
        """These have just come."""
        now_ms = time.time_ns() / 1e6
        self._parts[int(now_ms // STEP_MS)] += len(messages)
        if self._noted < ARRIVALS_MAX:
            self._noted += len(messages)
            self._batches.append((now_ms, [message.destination_field for message in messages]))

    def record(self) -> Record:
        """All of it."""
        first: dict[str, float] = {}
        for at, destinations in self._batches:
            for destination in destinations:
                first.setdefault(destination[2:-1].decode(), at)
        return Record(first, dict(self._parts))


async def run(port: int, behaviour: Behaviour) -> Record:
    """Listen until SIGTERM; what came when."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    arrivals = Arrivals()
    async with Smsc(accounts={ACCOUNT: ACCOUNT}, behaviour=behaviour, on_messages=arrivals.note, port=port) as smsc:
        _tell({"port": smsc.port})
        read_lines(sys.stdin, lambda line: _call(loop, lambda: _send(smsc, line)))
        told = -1
        while not stopping.is_set():
            counters = smsc.counters
            seen = counters.binds + counters.accepted + counters.deliver_acknowledged
            if seen != told:
                told = seen
                _tell({"at_ms": time.time_ns() // 1_000_000, **counters.as_dict()})
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(TELL_EVERY_S):
                    await stopping.wait()
    return arrivals.record()


def _call(loop: asyncio.AbstractEventLoop, act: Callable[[], None]) -> None:
    """Let the loop do it, unless it has ended."""
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(act)


def _send(smsc: Smsc, line: str) -> None:
    """A handset sends what a line tells."""
    message = read_line(line)
    octets, data_coding = message.content
    smsc.send(message.source, message.destination, octets, system_id=ACCOUNT, data_coding=data_coding)


def _tell(line: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    switches = json.loads(sys.argv[3]) if len(sys.argv) > 3 else {}
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        record = runner.run(run(int(sys.argv[1]), Behaviour(**switches)))
    Path(sys.argv[2]).write_bytes(msgspec.json.encode(record))
