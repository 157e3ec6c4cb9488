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


class Running(msgspec.Struct, frozen=True):
    """The configuration this server runs with, secrets masked."""

    config: dict[str, Any]


async def live(_: Call[None, None]) -> Reply:
    """Whether the process answers at all."""
    return Reply(200, Health("alive"))


async def ready(call: Call[None, None]) -> Reply:
    """Whether pushes can be stored and sent."""
    parts = call.office.parts
    reasons = []
    try:
        async with asyncio.timeout(DATABASE_TIMEOUT_S):
            await parts.database.read(lambda connection: connection.closed)
    except (RetryLaterError, TimeoutError):
        reasons.append("the database does not answer")
    if not any(route.up for route in parts.routes):
        reasons.append("no route to an SMSC is up")
    if reasons:
        return Reply(503, Health("not ready", reasons), headers={"Retry-After": "2"})
    return Reply(200, Health("ready"))


async def metrics(call: Call[None, None]) -> Reply:
    """Everything that is counted."""
    call.office.metrics.open_pushes = await _open_pushes(call.office)
    return Reply(200, call.office.metrics.text(), CONTENT_TYPE)


async def status(call: Call[None, None]) -> Reply:
    """The server at a glance."""
    parts = call.office.parts
    return Reply(
        200,
        Status(
            node=parts.config.node.name,
            routes=list(parts.routes.status()),
            open_pushes=await _open_pushes(call.office),
            flights=len(parts.flights),
            receipts_unmatched=parts.settle.unmatched,
            receipts_parked=parts.settle.parked,
        ),
    )


async def running_config(call: Call[None, None]) -> Reply:
    """The running values, secrets masked."""
    return Reply(200, Running(config.masked(call.office.parts.config)))


async def _open_pushes(office: Office) -> dict[str, int]:
    counted = await pushes.counts(office.parts.database)
    return {state.name: number for state, number in counted.items()}
