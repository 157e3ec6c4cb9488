"""Two SMSCs, the second for the time when the first is down."""

import asyncio
from collections import Counter

from tests.tps.delivering import delivering, detection, msisdn, publish, pushes_in, route_to, subscribe
from tps.decisions.push_life import State
from tps.parts import Parts
from tps.sim.smsc import Smsc
from tps.sim.smsc_behaviour import Behaviour
from tps.store.database import Database
from tps.store.sealing import Seal

UNHEARD = Behaviour(lost_answer_ratio=1.0, missing_receipt_ratio=1.0)
"""Takes everything and says nothing."""


def numbers(smsc: Smsc) -> Counter[str]:
    return Counter(sent.destination for sent in smsc.record)


def once(first: int, last: int) -> Counter[str]:
    return Counter(msisdn(number) for number in range(first, last))


async def until_north_is(parts: Parts, *, up: bool) -> None:
    async with asyncio.timeout(30):
        while parts.routes["north"].up is not up:  # noqa: ASYNC110 - a route tells nobody that it came up or went down
            await asyncio.sleep(0.005)


async def test_pushes_go_to_the_stand_by_while_the_first_is_down_and_then_to_the_first_again(
    sqlite: Database, seal: Seal, sqlite_url: str
) -> None:
    publish(sqlite, seal)
    subscribe(sqlite, seal, 30)
    async with (
        Smsc(recording=True) as north,
        Smsc(recording=True) as south,
        delivering(
            sqlite,
            seal,
            sqlite_url,
            route_to(north, reconnect_min_s=0.02, reconnect_max_s=0.05),
            route_to(south, name="south", priority=1),
        ) as parts,
    ):
        await parts.intake.accept([detection(number) for number in range(10)])
        await pushes_in(sqlite, State.DELIVERED, 10)
        assert (numbers(north), numbers(south)) == (once(0, 10), Counter())
        await north.go_down()
        await until_north_is(parts, up=False)
        await parts.intake.accept([detection(number) for number in range(10, 20)])
        await pushes_in(sqlite, State.DELIVERED, 20)
        assert (numbers(north), numbers(south)) == (once(0, 10), once(10, 20))
        await north.come_up()
        await until_north_is(parts, up=True)
        await parts.intake.accept([detection(number) for number in range(20, 30)])
        await pushes_in(sqlite, State.DELIVERED, 30)
        assert (numbers(north), numbers(south)) == (once(0, 10) + once(20, 30), once(10, 20))


async def test_what_the_first_had_in_its_window_is_not_sent_by_the_stand_by_unless_the_rule_says_so(
    sqlite: Database, seal: Seal, sqlite_url: str
) -> None:
    publish(sqlite, seal, uncertain="hold")
    subscribe(sqlite, seal, 10)
    async with (
        Smsc(recording=True, behaviour=UNHEARD) as north,
        Smsc(recording=True) as south,
        delivering(
            sqlite, seal, sqlite_url, route_to(north, window=4), route_to(south, name="south", priority=1)
        ) as parts,
    ):
        await parts.intake.accept([detection(number) for number in range(10)])
        await north.until(lambda counters: counters.accepted == 4)
        await north.go_down()
        await pushes_in(sqlite, State.HELD, 4)
        rows = await pushes_in(sqlite, State.DELIVERED, 6)
        assert numbers(north) == Counter(row.msisdn for row in rows if row.state == State.HELD)
        assert numbers(south) == Counter(row.msisdn for row in rows if row.state == State.DELIVERED)
