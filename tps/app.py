"""Puts the parts together: the only place that owns the clock and chance, and where rooms meet."""

import asyncio
import random
import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import NamedTuple

import structlog

from tps.backoffice import keys
from tps.config import Config, ConfigError, sealing_keys
from tps.decisions.push_id import PushIds
from tps.delivery.attend import Attend
from tps.delivery.backlog import Backlog
from tps.delivery.catalogue import Catalogue
from tps.delivery.dispatch import Dispatch
from tps.delivery.flights import Flights
from tps.delivery.handover import Handover
from tps.delivery.intake import Intake
from tps.delivery.intake_transaction import IntakeRules, IntakeTransaction
from tps.delivery.parking import Parking
from tps.delivery.set_filter import SetFilter
from tps.delivery.settle import Settle
from tps.errors import RetryLaterError
from tps.parts import Parts
from tps.smpp.routes import Routes
from tps.store import access, migrate
from tps.store.database import Database
from tps.store.sealing import Seal

log = structlog.get_logger(__name__)

_PEPPER = "fingerprint-pepper"


def now_ms() -> int:
    """Milliseconds since 1970-01-01 UTC."""
    return time.time_ns() // 1_000_000


class Surroundings(NamedTuple):
    """What a server takes from the world besides its store and its sockets; a simulation has its own."""

    clock: Callable[[], int]
    """Milliseconds since 1970-01-01 UTC."""
    monotonic: Callable[[], float]
    """Seconds that nobody sets."""
    chance: Callable[[], float]
    """A number from 0 to 1."""


def open_store(config: Config) -> tuple[Database, Seal]:
    """The store, brought to this version's schema, and the seal for its secrets.

    `ConfigError` where the configuration leads to no store, `RetryLaterError` where its database is away.
    """
    try:
        database = Database(config.store.url)
    except ValueError as error:
        raise ConfigError(str(error)) from error
    try:
        seal = Seal(sealing_keys(config.store))
        _verify_reachable(database)
        migrate.upgrade(database.engine)
    except BaseException:
        database.close()
        raise
    return database, seal


def _verify_reachable(database: Database) -> None:
    """Say that the database is away: the migrations would break off at it."""
    try:
        database.read_now(lambda _: None)
    except RetryLaterError as error:
        raise RetryLaterError("store.url: the database cannot be used now; the warning before tells why") from error


def set_up_token(database: Database) -> str | None:
    """Until the first API key is made, at each start a new one-time token that makes it; None afterwards."""
    return keys.renew_set_up_token(database, now_ms=now_ms())


def put_together(config: Config, database: Database, seal: Seal, surroundings: Surroundings | None = None) -> Parts:
    """All parts, ready to run; call it inside the running event loop. `ConfigError` for a route that cannot be.

    Without `surroundings` they get the clocks and the chance of this machine.
    """
    clock, monotonic, chance = surroundings or Surroundings(now_ms, time.monotonic, random.random)
    wake = asyncio.Event()
    sealed_pepper = seal.close(secrets.token_bytes(32), _PEPPER)
    pepper = seal.open(
        database.write_now(lambda connection: access.secret(connection, _PEPPER, sealed_pepper)), _PEPPER
    )
    catalogue = Catalogue(seal)
    push_ids = PushIds(config.node.number)
    try:
        routes = Routes(config.routes, chance=chance)
    except ValueError as error:
        raise ConfigError(str(error)) from error
    flights = Flights()
    rules = IntakeRules(config.detection.default_settings, config.detection.sighting_interval_s * 1000)
    node = config.node.name
    handover = Handover()
    set_filter = SetFilter(database, config.detection.remembered_pairs)
    backlog = Backlog(database, config.store.max_open_pushes)
    transaction = IntakeTransaction(
        catalogue, seal, push_ids=push_ids, pepper=pepper, rules=rules, node=node, clock=clock
    )
    parking = Parking(database, catalogue, seal, routes, clock=clock)
    return Parts(
        config=config,
        database=database,
        seal=seal,
        catalogue=catalogue,
        push_ids=push_ids,
        routes=routes,
        flights=flights,
        backlog=backlog,
        intake=Intake(database, transaction, handover, set_filter, backlog, wake=wake),
        dispatch=Dispatch(
            database, catalogue, seal, routes, flights, node=node, clock=clock, handover=handover, wake=wake
        ),
        settle=Settle(database, routes, flights, parking, node=node, monotonic=monotonic, clock=clock, wake=wake),
        attend=Attend(database, catalogue, flights, node=node, clock=clock, wake=wake),
        clock=clock,
    )


@asynccontextmanager
async def delivering(parts: Parts) -> AsyncIterator[None]:
    """The way of a push at work; on leaving it drains the windows and settles what is in the air.

    One of its tasks failing by a defect ends all of them, and the body with them: loudly, not half alive.
    """
    recovered = parts.database.write_now(parts.attend.recover)
    if recovered:
        log.warning("delivery.recovered", uncertain=recovered)
    async with asyncio.TaskGroup() as group:
        routes = group.create_task(parts.routes.run(), name="routes")
        dispatch = group.create_task(parts.dispatch.run(), name="dispatch")
        settle = group.create_task(parts.settle.run(), name="settle")
        attend = group.create_task(parts.attend.run(), name="attend")
        backlog = group.create_task(parts.backlog.run(), name="backlog")
        try:
            yield
        finally:
            try:
                async with asyncio.timeout(parts.config.node.stop_timeout_s):
                    await parts.intake.finish()
                    parts.dispatch.stop()
                    await dispatch
                    await parts.routes.stop()
                    parts.settle.stop()
                    await settle
            except TimeoutError:
                log.warning("delivery.stopped_with_pushes_in_flight", count=len(parts.flights))
            for task in (routes, dispatch, settle, attend, backlog):
                task.cancel()
