"""Why a push was never sent: as its routes stood, or as the SMSC said; and found again among the dead letters."""

import asyncio

import pytest

from tests.tps.delivering import (
    Clock,
    attend,
    delivering,
    detection,
    msisdn,
    publish,
    pushes_in,
    route_to,
    subscribe,
)
from tps import app
from tps.backoffice import dead_letters
from tps.backoffice.dead_letters import Search
from tps.decisions.push_life import State
from tps.delivery.unsent import why_unsent
from tps.sim.smsc import Smsc
from tps.sim.smsc_behaviour import Behaviour
from tps.store.database import Database
from tps.store.sealing import Seal

VALIDITY_S = 60


@pytest.mark.parametrize(
    ("history", "reason"),
    [
        ("", "no route took it in time: none serves its number"),
        ("1 api QUEUED\n", "no route took it in time: none serves its number"),
        (
            "1 api QUEUED\n2 claim SENDING\n3 postpone QUEUED via north ids 17,18: the SMSC refused it: queue full\n",
            "refused for now until its validity ended: the SMSC refused it: queue full",
        ),
        ("1 postpone QUEUED via north: slower\n2 claim SENDING\n3 release QUEUED\n", "no route took it in time: "),
    ],
)
async def test_the_last_word_of_the_smsc_counts_and_without_one_the_routes(
    sqlite: Database, seal: Seal, sqlite_url: str, history: str, reason: str
) -> None:
    async with delivering(sqlite, seal, sqlite_url) as parts:
        assert why_unsent(parts.routes, msisdn(0), history).startswith(reason)


async def test_routes_that_are_down_full_or_for_others_are_told_apart(
    sqlite: Database, seal: Seal, sqlite_url: str
) -> None:
    async with Smsc(behaviour=Behaviour(response_delay_s=60.0)) as smsc:
        north = route_to(smsc, prefixes=("9900",), window=1, backlog=1)
        async with delivering(sqlite, seal, sqlite_url, north) as parts:
            routes = parts.routes
            assert why_unsent(routes, "4917").endswith("none serves its number")
            assert why_unsent(routes, msisdn(0)).endswith("its turn did not come")
            for number in range(2):  # one in the window, one in line for it
                routes["north"].submit([(number, msisdn(0), (b"x",))])
            assert why_unsent(routes, msisdn(0)).endswith("those to its number are full")
            await smsc.go_down()
            async with asyncio.timeout(30):
                while routes["north"].up:  # noqa: ASYNC110 - a route tells nobody that it went down
                    await asyncio.sleep(0.005)
            assert why_unsent(routes, msisdn(0)).endswith("none to its number is up")


async def test_a_push_that_nobody_could_take_is_found_among_the_dead_letters_with_its_reason(
    database: Database, seal: Seal, store_url: str, clock: Clock
) -> None:
    publish(database, seal, validity_s=VALIDITY_S)
    subscribe(database, seal, 3)
    async with delivering(database, seal, store_url) as parts:
        await parts.intake.accept([detection(number) for number in range(3)])
        clock.forward(VALIDITY_S * 1000)
        assert await attend(parts) == 3
    (reason,) = await dead_letters.reasons(database, Search())
    assert (reason.state, reason.number) == (State.EXPIRED, 3)
    assert reason.error == "no route took it in time: none serves its number"


async def test_a_push_that_was_refused_for_now_until_its_validity_ended_says_so(
    sqlite: Database, seal: Seal, sqlite_url: str, clock: Clock
) -> None:
    publish(sqlite, seal, validity_s=VALIDITY_S)
    subscribe(sqlite, seal, 1)
    async with (
        Smsc(behaviour=Behaviour(refused_ratio=1.0, refused_status=0x08)) as smsc,
        delivering(sqlite, seal, sqlite_url, route_to(smsc)) as parts,
    ):
        await parts.intake.accept([detection(0)])
        await smsc.until(lambda counters: counters.submits > 0)
        (row,) = await pushes_in(sqlite, State.QUEUED, 1)
    assert "postpone" in row.history
    clock.forward(VALIDITY_S * 1000 + row.attention_at - row.created_at)
    parts = app.put_together(parts.config, sqlite, seal)
    assert await attend(parts) == 1
    (reason,) = await dead_letters.reasons(sqlite, Search(state=State.EXPIRED))
    assert (reason.error or "").startswith("refused for now until its validity ended: ")
    assert "0x00000008" in (reason.error or "")  # ESME_RSYSERR
