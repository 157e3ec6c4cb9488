"""The state of the server: probes for load balancers, metrics for Prometheus, status and configuration for people."""

import asyncio
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from tps import config
from tps.backoffice import pushes
from tps.errors import RetryLaterError
from tps.smpp.routes import RouteStatus
from tps.watch.metrics import CONTENT_TYPE
from tps.web.operations import Call, Office, Reply

DATABASE_TIMEOUT_S = 2.0


class Health(msgspec.Struct, frozen=True, omit_defaults=True):
    """Whether the server can do its work."""

    status: Annotated[Literal["alive", "ready", "not ready"], Meta(description="What it is")]
    reasons: Annotated[list[str], Meta(description="Why it is not ready")] = []


class Status(msgspec.Struct, frozen=True):
    """The server at a glance."""

    node: str
    routes: list[RouteStatus]
    open_pushes: Annotated[dict[str, int], Meta(description="Open pushes by state")]
    flights: Annotated[int, Meta(description="Pushes of this node on the wire")]
    receipts_unmatched: Annotated[int, Meta(description="Receipts that never found their push")]
    receipts_parked: Annotated[int, Meta(description="Receipts that wait for their push to be known")]
    feeds: Annotated[
        dict[str, dict[str, int]],
        Meta(description="What the network feeds of this node that are switched on have counted, and their queue"),
    ]


class Running(msgspec.Struct, frozen=True):
    """The configuration this server runs with, secrets masked."""

    config: dict[str, Any]


async def live(_: Call[None, None]) -> Reply:
    """Whether the process answers at all."""
    return Reply(200, Health("alive"))


async def ready(call: Call[None, None]) -> Reply:
    """Whether pushes can be stored and sent."""
    desk = call.office.desk
    reasons = []
    try:
        async with asyncio.timeout(DATABASE_TIMEOUT_S):
            await desk.database.read(lambda connection: connection.closed)
    except (RetryLaterError, TimeoutError):
        reasons.append("the database does not answer")
    if not any(route.up for route in (await desk.way.standing()).routes):
        reasons.append("no route to an SMSC is up")
    if reasons:
        return Reply(503, Health("not ready", reasons), headers={"Retry-After": "2"})
    return Reply(200, Health("ready"))


async def metrics(call: Call[None, None]) -> Reply:
    """Everything that is counted."""
    office, desk = call.office, call.office.desk
    desk.metrics.open_pushes = await _open_pushes(office)
    return Reply(200, desk.metrics.text(await desk.way.standing()), CONTENT_TYPE)


async def status(call: Call[None, None]) -> Reply:
    """The server at a glance."""
    desk = call.office.desk
    feeds = desk.metrics.feeds
    standing = await desk.way.standing()
    return Reply(
        200,
        Status(
            node=desk.config.node.name,
            routes=list(standing.routes),
            open_pushes=await _open_pushes(call.office),
            flights=standing.flights,
            receipts_unmatched=standing.receipts_unmatched,
            receipts_parked=standing.receipts_parked,
            feeds={} if feeds is None else {name: dict(counted) for name, counted in feeds.counted().items()},
        ),
    )


async def running_config(call: Call[None, None]) -> Reply:
    """The running values, secrets masked."""
    return Reply(200, Running(config.masked(call.office.desk.config)))


async def _open_pushes(office: Office) -> dict[str, int]:
    counted = await pushes.counts(office.desk.database)
    return {state.name: number for state, number in counted.items()}
