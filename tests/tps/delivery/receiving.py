"""A node whose links are played by the test: it says what comes back, just as a link hands it on."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from tests.tps.delivering import config, die, msisdn
from tps import app
from tps.decisions.push_life import Event, State
from tps.decisions.receipts import Receipt, read_receipt
from tps.delivery.attend import LEASE_MS
from tps.delivery.flights import Flight
from tps.parts import Parts
from tps.smpp.outcomes import Outcomes
from tps.smpp.route_config import RouteConfig
from tps.store import pushes
from tps.store.database import Connection, Database
from tps.store.pushes import DuePush, Move, history_line
from tps.store.sealing import Seal

NORTH = RouteConfig(name="north", host="127.0.0.1", port=1, system_id="tps", password="tps")


@asynccontextmanager
async def settling(database: Database, seal: Seal, url: str, *, node: str = "node-0") -> AsyncIterator[Parts]:
    """A node that settles and has no link up; it ends as `kill -9` ends it."""
    parts = app.put_together(config(url, NORTH, node=node), database, seal)
    task = asyncio.create_task(parts.settle.run())
    try:
        yield parts
    finally:
        await die([task])


def outcomes(parts: Parts) -> Outcomes:
    """Where a link of the only route puts what comes back; `parts.routes.outcome_ready` tells of it."""
    (route,) = parts.routes
    return route._outcomes


def respond(parts: Parts, *responses: tuple[int, int, int, str]) -> None:
    """Responses (push, part, command_status, message id) come."""
    outcomes(parts).responses += responses
    parts.routes.outcome_ready.set()


def deliver(parts: Parts, *receipts: Receipt) -> None:
    """Receipts come."""
    outcomes(parts).receipts += receipts
    parts.routes.outcome_ready.set()


def receipt(message_id: str, state: str = "DELIVRD", number: int = 0, **more: Any) -> Receipt:
    """A receipt for subscriber `number`."""
    return read_receipt(
        f"stat:{state}".encode(),
        receipted_message_id=message_id.encode(),
        route="north",
        destination=msisdn(number),
        **more,
    )


async def claimed(parts: Parts) -> list[DuePush]:
    """All that is due, under this node's lease, by number."""

    def claim(connection: Connection) -> list[DuePush]:
        now = parts.clock()
        due = pushes.due(connection, now, 100)
        line = history_line(now, Event.CLAIM, State.SENDING)
        until = now + LEASE_MS
        moves = [
            Move(push.bucket, push.id, State.QUEUED, State.SENDING, until, line, owner=parts.settle._node)
            for push in due
        ]
        pushes.save(connection, moves, now)
        return due

    return sorted(await parts.database.write(claim), key=lambda push: push.msisdn)


async def departed(parts: Parts, *, segments: int = 1) -> list[Flight]:
    """All that is due, on the wire, by number."""
    flights = [Flight(push, "north", segments, 8) for push in await claimed(parts)]
    parts.flights.depart(flights)
    return flights


async def lost(parts: Parts, due: Sequence[DuePush]) -> None:
    """The process that had sent these died before their answers."""
    now = parts.clock()
    line = history_line(now, Event.LOSE, State.UNCERTAIN)
    moves = [
        Move(push.bucket, push.id, State.SENDING, State.UNCERTAIN, push.expires_at, line, attempts=push.attempts + 1)
        for push in due
    ]
    await parts.database.write(lambda connection: pushes.save(connection, moves, now))


async def settled(parts: Parts) -> None:
    """Everything that has come is written."""
    async with asyncio.timeout(30):
        while outcomes(parts) or parts.settle._sought or parts.settle._late:  # noqa: ASYNC110 - settle tells nobody
            await asyncio.sleep(0.01)
    await parts.database.write(lambda _: None)
