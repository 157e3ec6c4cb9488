"""An account that allows only so many binds: over all nodes there are never more, and none is lost with a node."""

import asyncio
from collections.abc import Callable

from tests.tps.delivering import Clock, attend, node, route_to
from tps.delivery.node_lease import LEASE_MS
from tps.parts import Parts
from tps.sim.smsc import Smsc
from tps.store.database import Database
from tps.store.sealing import Seal


def up(*nodes: Parts) -> list[int]:
    """How many links each node has up."""
    return [sum(link.up for route in each.routes for link in route.links) for each in nodes]


def reasons(node: Parts) -> list[str]:
    """Why its links are down."""
    return [link.reason for route in node.routes.status() for link in route.links]


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110 - links tell nobody when they come up
            await asyncio.sleep(0.01)


async def test_nodes_share_the_binds_of_an_account_and_what_one_leaves_another_takes(
    database: Database, seal: Seal, store_url: str
) -> None:
    async with Smsc() as smsc:
        route = route_to(smsc, binds=2, account_binds=3)
        async with node(store_url, seal, 0, route) as one:
            await until(lambda: up(one) == [2])
            async with node(store_url, seal, 1, route) as other:
                await until(lambda: up(other) == [1])
                await until(lambda: any("hold all binds" in reason for reason in reasons(other)))
                assert up(one, other) == [2, 1]
                await one.routes.stop()
                await until(lambda: up(one, other) == [0, 2])


async def test_a_node_whose_lease_is_in_doubt_lets_go_of_limited_binds_and_of_no_others(
    database: Database, seal: Seal, store_url: str, clock: Clock
) -> None:
    async with Smsc() as smsc:
        limited = route_to(smsc, name="limited", account_binds=1)
        free = route_to(smsc, name="free")
        async with node(store_url, seal, 0, limited, free) as doubtful:
            await until(lambda: up(doubtful) == [2])
            async with node(store_url, seal, 1, limited) as heir:
                doubtful.lease._held_until = float("-inf")
                doubtful.routes.drop_limited()
                await until(lambda: up(doubtful, heir) == [1, 0])
                clock.forward(LEASE_MS - 1)
                await heir.lease._renew_once()
                clock.forward(1)
                await attend(heir)
                await until(lambda: up(doubtful, heir) == [1, 1])
                assert doubtful.routes["free"].up
