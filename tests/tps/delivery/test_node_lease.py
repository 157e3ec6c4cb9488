"""A node's lease on its name: who may have it, how it is kept and lost, and what happens to others' work."""

import asyncio
import os
import subprocess
import sys
from typing import Any

import pytest

from tests.tps.delivering import Clock, Monotonic
from tps.delivery import node_lease, processes
from tps.delivery.node_lease import LEASE_MS, LeaseLostError, NameTakenError, NodeLease
from tps.delivery.processes import Place
from tps.store import bind_slots, nodes
from tps.store.database import Database

ALIVE = processes.here()._replace(pid=os.getppid())
"""A process that runs on this machine and is not this one."""
ELSEWHERE = Place("far.example", "another machine", 1)


@pytest.fixture
def monotonic() -> Monotonic:
    return Monotonic()


@pytest.fixture
def ended() -> Place:
    """A process of this machine that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return processes.here()._replace(pid=process.pid)


class Site:
    """Makes nodes on one store."""

    def __init__(self, database: Database, clock: Clock, monotonic: Monotonic) -> None:
        self.database = database
        self._clock = clock
        self._monotonic = monotonic
        self._tokens = 0

    def node(self, name: str = "a", number: int = 0, place: Place = ELSEWHERE) -> NodeLease:
        self._tokens += 1
        return NodeLease(
            self.database,
            name=name,
            number=number,
            place=place,
            token=str(self._tokens),
            clock=self._clock,
            monotonic=self._monotonic,
        )

    async def joined(self, name: str = "a", number: int = 0, place: Place = ELSEWHERE) -> NodeLease:
        lease = self.node(name, number, place)
        await lease.join()
        return lease

    async def instances(self) -> list[str]:
        return [row.instance for row in await self.database.read(nodes.everyone)]


@pytest.fixture
def site(database: Database, clock: Clock, monotonic: Monotonic, monkeypatch: pytest.MonkeyPatch) -> Site:
    monkeypatch.setattr(node_lease, "LOOK_AGAIN_S", 0.01)
    return Site(database, clock, monotonic)


async def test_a_name_and_a_number_belong_to_one_node_each(site: Site) -> None:
    await site.joined("a", 0)
    with pytest.raises(NameTakenError, match=r"node\.number: 0 belongs to node 'a', a server on far\.example"):
        await site.joined("b", 0)
    with pytest.raises(NameTakenError, match=r"node\.name: 'a' belongs to .*, with node\.number 0; take another"):
        await site.joined("a", 1)
    await site.joined("b", 1)
    assert await site.instances() == ["a:1", "b:4"]


async def test_a_node_that_lives_is_told_from_one_that_died_by_its_renewals(site: Site, clock: Clock) -> None:
    first = await site.joined()
    second = asyncio.create_task(site.joined())
    await asyncio.sleep(0)
    clock.forward(1)
    await first._renew_once()
    with pytest.raises(NameTakenError, match="which is running"):
        await second
    assert await site.instances() == [first.instance]


async def test_the_next_process_waits_for_the_end_of_its_predecessors_lease(site: Site, clock: Clock) -> None:
    await site.joined()
    second = asyncio.create_task(site.joined())
    done, _ = await asyncio.wait((second,), timeout=0.1)
    assert not done
    clock.forward(LEASE_MS)
    successor = await second
    assert await site.instances() == [successor.instance]


async def test_a_process_that_has_ended_on_this_machine_is_not_waited_for(site: Site, ended: Place) -> None:
    await site.joined(place=ended)
    successor = await site.joined(place=processes.here())
    assert await site.instances() == [successor.instance]


@pytest.mark.parametrize("place", [ALIVE, ELSEWHERE, ALIVE._replace(machine="")])
def test_a_process_that_may_be_alive_has_not_ended(place: Place) -> None:
    assert not processes.has_ended(place)


async def test_whoever_was_found_dead_must_end(site: Site) -> None:
    lease = await site.joined()
    assert lease.held
    site.database.write_now(lambda connection: nodes.remove(connection, [lease.instance]))
    with pytest.raises(LeaseLostError, match="other nodes have taken its work over"):
        await lease._renew_once()
    assert not lease.held


async def test_a_lease_that_cannot_be_renewed_lapses_here_before_it_ends_for_others(
    site: Site, monotonic: Monotonic, monkeypatch: pytest.MonkeyPatch
) -> None:
    lease = await site.joined()
    monkeypatch.setattr(node_lease, "RENEW_S", 0.01)
    lapsed = asyncio.Event()
    site.database.close()
    keeping = asyncio.create_task(lease.run(lapsed.set))
    held = []
    for seconds in (LEASE_MS / 1000 - 0.5, 0.5):
        monotonic.s += seconds
        held.append(lease.held)
    assert held == [True, False]
    async with asyncio.timeout(30):
        await lapsed.wait()
    keeping.cancel()


async def test_a_lease_that_ran_out_is_renewed_when_the_store_is_back_and_nobody_has_acted_on_it(
    site: Site, clock: Clock, monotonic: Monotonic
) -> None:
    lease = await site.joined()
    clock.forward(10 * LEASE_MS)
    monotonic.s += LEASE_MS / 1000
    assert not lease.held
    await lease._renew_once()
    assert lease.held


async def test_the_dead_are_found_by_a_node_that_has_seen_the_store_for_as_long_as_a_lease(
    site: Site, clock: Clock
) -> None:
    await site.joined("dead", 0)
    watch = await site.joined("watch", 1)

    def found() -> list[str]:
        return site.database.write_now(watch.remove_dead)

    clock.forward(LEASE_MS + 1)  # the store was away: everybody's lease has run out
    await watch._renew_once()
    assert found() == []
    clock.forward(LEASE_MS - 1)
    await watch._renew_once()
    assert found() == []
    clock.forward(1)
    assert found() == ["dead"]
    assert await site.instances() == [watch.instance]


@pytest.mark.parametrize("set_by_ms", [10 * LEASE_MS, -10 * LEASE_MS])
async def test_nobody_is_dead_because_the_clock_was_set(site: Site, clock: Clock, set_by_ms: int) -> None:
    others = [await site.joined("a", 0), await site.joined("b", 1)]
    watch = await site.joined("watch", 2)
    clock.forward(LEASE_MS - 1)
    everyone = [*others, watch]
    for lease in everyone:
        await lease._renew_once()
    clock.forward(set_by_ms)
    assert site.database.write_now(watch.remove_dead) == []
    await watch._renew_once()
    assert site.database.write_now(watch.remove_dead) == []
    clock.forward(LEASE_MS - 1)
    for lease in (others[0], watch):
        await lease._renew_once()
    clock.forward(1)
    assert site.database.write_now(watch.remove_dead) == ["b"]


async def test_a_node_that_leaves_holds_nothing(site: Site) -> None:
    lease = await site.joined()
    assert take(site, lease, "one")
    site.database.write_now(lease.leave)
    assert await site.instances() == []
    assert take(site, await site.joined("b", 1), "two")


# Slots of an account


def take(site: Site, lease: NodeLease, link: str, limit: int = 1) -> bool:
    """Whether this link gets one of the slots of the account."""
    return site.database.write_now(
        lambda connection: bind_slots.take(connection, "account", limit, instance=lease.instance, link=link)
    )


async def test_an_account_has_as_many_slots_as_its_limit_over_all_nodes(site: Site) -> None:
    one, other = await site.joined("a", 0), await site.joined("b", 1)
    assert [take(site, one, "1", 2), take(site, other, "1", 2), take(site, one, "2", 2)] == [True, True, False]
    assert take(site, one, "1", 2), "what a link has it may take again"

    def give_back(connection: Any) -> None:
        bind_slots.give_back(connection, "account", instance=one.instance, link="1")

    site.database.write_now(give_back)
    assert [take(site, other, "2", 2), take(site, one, "1", 2)] == [True, False]


async def test_a_dead_nodes_slots_are_free_and_it_gets_none_itself(site: Site, clock: Clock) -> None:
    dead, heir = await site.joined("a", 0), await site.joined("b", 1)
    assert take(site, dead, "link")
    assert not take(site, heir, "link")
    clock.forward(LEASE_MS - 1)
    await heir._renew_once()
    clock.forward(1)
    assert site.database.write_now(heir.remove_dead) == ["a"]
    assert not take(site, dead, "link")
    assert take(site, heir, "link")
