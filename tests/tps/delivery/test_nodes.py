"""Several nodes on one store: leases are renewed, end, and are respected; receipts find their push at any of them."""

import asyncio
from collections import Counter

from tests.tps.delivering import (
    Clock,
    all_pushes,
    attend,
    config,
    detection,
    device,
    die,
    node,
    publish,
    pushes_in,
    route_to,
    running,
    states,
    subscribe,
)
from tps import app
from tps.decisions.push_life import State
from tps.decisions.triggers import Outcome
from tps.delivery import node_lease
from tps.delivery.attend import LEASE_MS, RESEND_PAUSE_MS
from tps.parts import Parts
from tps.sim.smsc import Smsc
from tps.sim.smsc_behaviour import Behaviour
from tps.store.database import Database
from tps.store.sealing import Seal

COUNT = 12
SLOW = Behaviour(response_delay_s=60)


async def in_a_hand(parts: Parts, smsc: Smsc) -> None:
    """`COUNT` pushes are stored and on their way through this node, unanswered."""
    await parts.intake.accept([detection(number) for number in range(COUNT)])
    await smsc.until(lambda counters: counters.submits >= 1)
    await pushes_in(parts.database, State.SENDING, COUNT)


async def test_a_lease_is_renewed_as_long_as_a_slow_route_holds_the_push(
    database: Database, seal: Seal, store_url: str, clock: Clock
) -> None:
    publish(database, seal)
    subscribe(database, seal, COUNT)
    other = app.put_together(config(store_url, node="node-1"), database, seal)
    async with (
        Smsc(behaviour=SLOW, recording=True) as smsc,
        node(store_url, seal, 0, route_to(smsc, window=2, response_timeout_s=120.0)) as one,
    ):
        await in_a_hand(one, smsc)
        for _ in range(4):
            clock.forward(LEASE_MS // 2)
            assert await attend(one) == COUNT
            assert await attend(other) == 0
        rows = await database.read(all_pushes)
        smsc.drop_links()  # or the end would wait for its answers
    assert states(rows) == [State.SENDING] * COUNT
    assert {row.attention_at for row in rows} == {clock.ms + LEASE_MS}
    assert max(Counter(sent.destination for sent in smsc.record).values()) == 1


async def test_when_a_node_has_died_another_goes_on_at_the_end_of_its_lease_and_not_before(
    database: Database, seal: Seal, store_url: str, clock: Clock
) -> None:
    publish(database, seal)
    subscribe(database, seal, COUNT)
    async with Smsc(behaviour=SLOW) as smsc:
        dead = app.put_together(config(store_url, route_to(smsc)), database, seal)
        tasks = running(dead)
        await in_a_hand(dead, smsc)
        await die(tasks)
        smsc.behave(Behaviour())
        async with node(store_url, seal, 1, route_to(smsc)) as other:
            clock.forward(node_lease.LEASE_MS - 1)
            assert await attend(other) == 0
            await other.lease._renew_once()
            clock.forward(1)
            assert await attend(other) == COUNT
            assert await attend(other) == COUNT
            clock.forward(RESEND_PAUSE_MS)
            rows = await pushes_in(database, State.DELIVERED, COUNT)
    assert all("lose UNCERTAIN the server stopped" in row.history for row in rows)
    assert {row.attempts for row in rows} == {2}


async def test_what_a_node_learns_after_its_lease_has_ended_changes_nothing_at_the_next_holder(
    database: Database, seal: Seal, store_url: str, clock: Clock
) -> None:
    publish(database, seal)
    subscribe(database, seal, COUNT)
    async with (
        Smsc(behaviour=SLOW) as north,
        Smsc(behaviour=SLOW) as south,
        node(store_url, seal, 0, route_to(north, response_timeout_s=120.0)) as late,
    ):
        await in_a_hand(late, north)
        late.dispatch.stop()  # or it would claim them again itself
        async with node(store_url, seal, 1, route_to(south, response_timeout_s=120.0)) as holder:
            clock.forward(LEASE_MS)
            for _ in range(2):
                assert await attend(holder) == COUNT
            clock.forward(RESEND_PAUSE_MS)
            await south.until(lambda counters: counters.submits >= COUNT)
            before = await pushes_in(database, State.SENDING, COUNT)
            north.drop_links()
            await landed(late)
            assert await database.read(all_pushes) == before
            south.drop_links()


async def landed(parts: Parts) -> None:
    """Nothing is in the air at this node any more."""
    async with asyncio.timeout(30):
        while len(parts.flights):  # noqa: ASYNC110 - flights tell nobody when they land
            await asyncio.sleep(0.01)


async def test_a_receipt_that_comes_to_another_node_than_the_senders_is_settled_soon(
    database: Database, seal: Seal, store_url: str
) -> None:
    publish(database, seal)
    subscribe(database, seal, 60)
    async with (
        Smsc(behaviour=Behaviour(receipt_delay_s=0.01)) as smsc,
        node(store_url, seal, 0, route_to(smsc)),
        node(store_url, seal, 1, route_to(smsc)) as sender,
    ):
        await sender.intake.accept([detection(number) for number in range(60)])
        # A receipt is parked for ten seconds at most; what waits here comes by again and again.
        rows = await pushes_in(database, State.DELIVERED, 60, within_s=6)
    assert states(rows) == [State.DELIVERED] * 60


async def test_two_nodes_that_take_in_the_same_feed_agree_and_never_wait_for_each_other(
    database: Database, seal: Seal, store_url: str
) -> None:
    count = 300
    publish(database, seal)
    subscribe(database, seal, count)
    other = Database(store_url)
    nodes = [
        app.put_together(config(store_url, node=f"node-{number}"), own, seal)
        for number, own in enumerate((database, other))
    ]
    try:
        for day in range(1, 4):
            now = app.now_ms() + day * 86_400_000
            feed = [detection(number, seen_at=now, device=device(number + count * day)) for number in range(count)]
            one, two = await asyncio.gather(nodes[0].intake.accept(feed), nodes[1].intake.accept(feed[::-1]))
            outcomes = Counter(answer.outcome for answer in [*one, *two])
            assert outcomes == {Outcome.QUEUED: count, Outcome.ALREADY_OPEN: count}
    finally:
        other.close()
