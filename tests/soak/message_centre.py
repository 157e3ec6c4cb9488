"""An SMSC with handsets, as a process of its own, that goes down and comes up again and again by chance.

Run as `python -m tests.soak.message_centre PLAN` with a `Plan` as JSON. It tells a line of JSON when it listens, when
it goes down, and when a link is bound. From SIGUSR1 on it stays up, at SIGTERM it ends and writes what each handset
installed. While it is down nobody can connect; what is due is kept, as in the store of a real SMSC.
"""

import asyncio
import signal
import sys
import time
from pathlib import Path
from random import Random

import msgspec
import uvloop

from tps.bench.smsc import ACCOUNT
from tps.sim.population import Population
from tps.sim.smsc import Smsc
from tps.sim.smsc_behaviour import Behaviour
from tps.sim.subscribers import Subscribers


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """Where it listens and writes, and when it is up and down."""

    port: int
    record: str
    """Gets a line for each accepted submit_sm."""
    installed: str
    """Gets at the end, by number, how often each handset installed a document."""
    people: int
    up_s: tuple[float, float]
    """Shortest and longest time up."""
    down_s: tuple[float, float]
    restart_ratio: float = 0.25
    """Share of the outages that are over at once, as a restart is."""
    behaviour: dict[str, float] = {}
    seed: int = 0


class Told(msgspec.Struct, frozen=True):
    """One line of what it tells."""

    at_ms: int
    """Milliseconds since 1970-01-01 UTC."""
    event: str
    """listening, down, or bound."""


async def run(plan: Plan) -> dict[str, int]:
    """Until SIGTERM; how often each handset installed a document, by number."""
    staying_up, ending = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGUSR1, staying_up.set)
    loop.add_signal_handler(signal.SIGTERM, ending.set)
    population = Population(Subscribers(plan.people))
    async with Smsc(
        accounts={ACCOUNT: ACCOUNT},
        behaviour=Behaviour(seed=plan.seed, **plan.behaviour),  # type: ignore[arg-type]  # each is a number of seconds
        on_messages=population.deliver,
        record_file=Path(plan.record),
        port=plan.port,
    ) as smsc:
        _tell("listening")
        tasks = (asyncio.create_task(_go_down_and_up(smsc, plan, staying_up)), asyncio.create_task(_tell_binds(smsc)))
        await ending.wait()
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
    return {number: handset.installed for number, handset in population.handsets.items()}


async def _go_down_and_up(smsc: Smsc, plan: Plan, staying_up: asyncio.Event) -> None:
    chance = Random(plan.seed)
    while not await _is_set_within(staying_up, chance.uniform(*plan.up_s)):
        await smsc.go_down()
        _tell("down")
        down_s = chance.uniform(*plan.down_s)
        if chance.random() >= plan.restart_ratio:
            await _is_set_within(staying_up, down_s)
        await smsc.come_up()
        _tell("listening")


async def _tell_binds(smsc: Smsc) -> None:
    while True:
        binds = smsc.counters.binds
        await smsc.until(lambda counters, before=binds: counters.binds > before)  # type: ignore[misc]
        for _ in range(smsc.counters.binds - binds):
            _tell("bound")


async def _is_set_within(event: asyncio.Event, patience_s: float) -> bool:
    try:
        async with asyncio.timeout(patience_s):
            await event.wait()
    except TimeoutError:
        return False
    return True


def _tell(event: str) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(Told(time.time_ns() // 1_000_000, event)) + b"\n")
    sys.stdout.flush()


if __name__ == "__main__":
    given = msgspec.json.decode(sys.argv[1], type=Plan)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        handsets = runner.run(run(given))
    Path(given.installed).write_bytes(msgspec.json.encode(handsets))
