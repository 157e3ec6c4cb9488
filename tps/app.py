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
from tps.backoffice.device_identities import identities_of
from tps.backoffice.devices import channel_rules
from tps.config import Config, ConfigError, sealing_keys
from tps.decisions.push_id import PushIds
from tps.delivery import processes
from tps.delivery.attend import Attend
from tps.delivery.backlog import Backlog
from tps.delivery.bind_permits import BindPermits
from tps.delivery.catalogue import Catalogue
from tps.delivery.device_knowledge import Devices
from tps.delivery.dispatch import Dispatch
from tps.delivery.flights import Flights
from tps.delivery.handover import Handover
from tps.delivery.inbox import Inbox
from tps.delivery.intake import Intake
from tps.delivery.intake_decision import IntakeDecision, IntakeRules
from tps.delivery.intake_transaction import IntakeTransaction
from tps.delivery.node_lease import NameTakenError, NodeLease
from tps.delivery.parking import Parking
from tps.delivery.settle import Settle
from tps.delivery.texts import Texts
from tps.errors import RetryLaterError
from tps.parts import Parts
from tps.smpp.routes import Routes
from tps.store import access, migrate
from tps.store.database import Database
from tps.store.retention import Retention
from tps.store.sealing import Seal

log = structlog.get_logger(__name__)

_PEPPER = "fingerprint-pepper"
_TOKENS = 1 << 48
"""No process is taken for an earlier one of its name."""


def now_ms() -> int:
    """Milliseconds since 1970-01-01 UTC."""
    return time.time_ns() // 1_000_000


LEAVE_S = 2.0
"""Seconds that a process that ends takes to tell the others; if the store is away, its lease tells them."""


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
    surroundings = surroundings or Surroundings(now_ms, time.monotonic, random.random)
    clock, monotonic, chance = surroundings
    wake = asyncio.Event()
    catalogue, devices = Catalogue(seal), Devices(channel_rules(config.devices))
    push_ids = PushIds(config.node.number)
    lease = _lease(config, database, surroundings)
    routes = _routes(config, database, lease, chance)
    flights = Flights()
    handover = Handover()
    backlog = Backlog(database, config.store.max_open_pushes)
    kept = Retention(config.store.keep_pushes_days)
    decision = intake_decision(config, database, seal, catalogue, devices)
    transaction = IntakeTransaction(decision, seal, push_ids=push_ids, node=lease.instance, clock=clock)
    texts = Texts()
    parking = Parking(database, catalogue, seal, devices, routes, texts, clock=clock)
    intake = Intake(database, transaction, handover, backlog, wake=wake)
    identities = identities_of(config.detection, database, clock)
    inbox = Inbox(config.inbound, database, intake, routes, texts, watch=identities, clock=clock, monotonic=monotonic)
    dispatch = Dispatch(
        database, catalogue, seal, devices, routes, flights, texts, handover, lease=lease, clock=clock, wake=wake
    )
    return Parts(
        config=config,
        database=database,
        seal=seal,
        lease=lease,
        catalogue=catalogue,
        push_ids=push_ids,
        routes=routes,
        flights=flights,
        backlog=backlog,
        intake=intake,
        inbox=inbox,
        identities=identities,
        texts=texts,
        dispatch=dispatch,
        settle=Settle(
            database,
            routes,
            flights,
            parking,
            inbox=inbox,
            texts=texts,
            node=lease.instance,
            monotonic=monotonic,
            clock=clock,
            wake=wake,
        ),
        attend=Attend(database, catalogue, routes, flights, lease=lease, retention=kept, clock=clock, wake=wake),
        clock=clock,
    )


def _lease(config: Config, database: Database, surroundings: Surroundings) -> NodeLease:
    return NodeLease(
        database,
        name=config.node.name,
        number=config.node.number,
        place=processes.here(),
        token=f"{int(surroundings.chance() * _TOKENS):012x}",
        clock=surroundings.clock,
        monotonic=surroundings.monotonic,
    )


def _routes(config: Config, database: Database, lease: NodeLease, chance: Callable[[], float]) -> Routes:
    """All routes; `ConfigError` for one that cannot be."""
    try:
        return Routes(config.routes, chance=chance, permit_of=BindPermits(database, lease).permit)
    except ValueError as error:
        raise ConfigError(str(error)) from error


def intake_decision(
    config: Config, database: Database, seal: Seal, catalogue: Catalogue, devices: Devices
) -> IntakeDecision:
    """What decides about triggers by this configuration and this store's own secret."""
    sealed = seal.close(secrets.token_bytes(32), _PEPPER)
    pepper = seal.open(database.write_now(lambda connection: access.secret(connection, _PEPPER, sealed)), _PEPPER)
    detection = config.detection
    rules = IntakeRules(detection.default_settings, detection.sighting_interval_s * 1000, detection.triggers)
    return IntakeDecision(catalogue, seal, devices, pepper=pepper, rules=rules)


@asynccontextmanager
async def delivering(parts: Parts) -> AsyncIterator[None]:
    """The way of a push at work; on leaving it drains the windows and settles what is in the air.

    One of its tasks failing by a defect ends all of them, and the body with them: loudly, not half alive.
    `ConfigError` where this node's name or number belongs to another.
    """
    try:
        await parts.lease.join()
    except NameTakenError as error:
        raise ConfigError(str(error)) from error
    try:
        recovered = await parts.database.write(parts.attend.recover)
        if recovered:
            log.warning("delivery.recovered", uncertain=recovered)
        async with _at_work(parts):
            yield
    finally:
        await _leave(parts)


async def _leave(parts: Parts) -> None:
    """Let the other nodes, and the next process of this name, go on at once; nothing is at work here any more."""
    try:
        async with asyncio.timeout(LEAVE_S):
            uncertain = await parts.database.write(parts.attend.leave)
    except (TimeoutError, RetryLaterError):
        log.warning("node.left_without_a_word", node=parts.lease.name)
        return
    if uncertain:
        log.warning("delivery.left_uncertain", count=uncertain)


@asynccontextmanager
async def _at_work(parts: Parts) -> AsyncIterator[None]:
    async with asyncio.TaskGroup() as group:
        lease = group.create_task(parts.lease.run(parts.routes.drop_limited), name="lease")
        routes = group.create_task(parts.routes.run(), name="routes")
        dispatch = group.create_task(parts.dispatch.run(), name="dispatch")
        settle = group.create_task(parts.settle.run(), name="settle")
        attend = group.create_task(parts.attend.run(), name="attend")
        backlog = group.create_task(parts.backlog.run(), name="backlog")
        inbox = group.create_task(parts.inbox.run(), name="inbox")
        store = group.create_task(parts.database.until_damaged(), name="store")
        try:
            yield
        finally:
            inbox.cancel()
            try:
                async with asyncio.timeout(parts.config.node.stop_timeout_s):
                    await parts.intake.finish()
                    parts.dispatch.stop()
                    await dispatch
                    parts.routes.give_back()
                    await parts.settle.until_landed()
                    await parts.texts.drain()
                    await parts.routes.stop()
                    parts.settle.stop()
                    await settle
            except TimeoutError:
                log.warning("delivery.stopped_with_pushes_in_flight", count=len(parts.flights))
            for task in (lease, routes, dispatch, settle, attend, backlog, store):
                task.cancel()
