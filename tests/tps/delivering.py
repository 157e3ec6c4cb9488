"""A server without its web, as tests stand it up: a store, routes to a simulated SMSC, the way of a push at work."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from sqlalchemy import update

from tps import app
from tps.config import Config, DetectionConfig, NodeConfig, StoreConfig
from tps.decisions.identities import Device, bucket_of
from tps.decisions.policy import DeliveryPolicy
from tps.decisions.push_life import State
from tps.decisions.receipts import read_receipt
from tps.decisions.triggers import Trigger
from tps.delivery.catalogue import context_of, fingerprint_of
from tps.delivery.push_secrets import pin_context, values_context
from tps.parts import Parts
from tps.sim.smsc import Smsc
from tps.smpp.route_config import RouteConfig
from tps.store import pushes, settings, subscribers
from tps.store.database import Database
from tps.store.pushes import PushRow
from tps.store.schema import push
from tps.store.sealing import Seal
from tps.store.settings import StoredSettings
from tps.store.subscribers import Subscriber

START_MS = 1_800_000_000_000
INTERNET = b"""{"name": "Internet", "access_points": [
    {"id": "internet", "name": "Operator Internet", "address": "internet.example", "internet": true}
]}"""
INTERNET_AS_SUBSCRIBER = b"""{"name": "Internet", "access_points": [
    {"id": "internet", "name": "Operator Internet", "internet": true, "address": "internet.example",
     "authentications": [{"method": "PAP", "user": "{msisdn}", "password": "{ppp_password}"}]}
]}"""

SIX_ACCESS_POINTS = msgspec.json.encode(
    {
        "name": "Six",
        "access_points": [
            {"id": f"a{number}", "name": f"Internet {number}", "address": f"internet{number}.example", "internet": True}
            for number in range(6)
        ],
    }
)
"""Settings that need several SMS."""


class Clock:
    """The server's clock, standing still until a test moves it; the fixture `clock` puts it in place."""

    def __init__(self) -> None:
        self.ms = START_MS

    def __call__(self) -> int:
        return self.ms

    def forward(self, ms: int) -> None:
        """Let so much time pass."""
        self.ms += ms


class Monotonic:
    """Seconds that a test lets pass."""

    def __init__(self) -> None:
        self.s = 0.0

    def __call__(self) -> float:
        return self.s


def config(url: str, *routes: RouteConfig, node: str = "node-0") -> Config:
    """A configuration for tests."""
    return Config(
        store=StoreConfig(url=url),
        detection=DetectionConfig(default_settings="internet"),
        node=NodeConfig(name=node, stop_timeout_s=5.0),
        routes=routes,
    )


def route_to(smsc: Smsc, **changes: Any) -> RouteConfig:
    """A route to the simulated SMSC."""
    values: dict[str, Any] = {
        "name": "north",
        "host": "127.0.0.1",
        "port": smsc.port,
        "system_id": "tps",
        "password": "tps",
    }
    return RouteConfig(**(values | changes))


def imsi(number: int) -> str:
    return f"00101{number:010}"


def msisdn(number: int) -> str:
    return f"9900{number:08}"


def device(number: int) -> Device:
    return Device(f"35690901{number:06}")


def detection(number: int, **changes: Any) -> Trigger:
    """Subscriber `number` was seen in device `number`."""
    seen = Trigger(imsi(number), None, device(number), app.now_ms(), "detection", is_detection=True)
    return msgspec.structs.replace(seen, **changes)


def publish(database: Database, seal: Seal, body: bytes = INTERNET, *, name: str = "internet", **policy: Any) -> None:
    """Store the next version of these settings."""
    rules = DeliveryPolicy(**policy)
    now = app.now_ms()

    def store(connection: Any) -> None:
        version = len(settings.versions(connection, name)) + 1
        row = StoredSettings(
            name=name,
            version=version,
            kind="neutral",
            sealed_body=seal.close(body, context_of(name, version)),
            fingerprint=fingerprint_of("neutral", body, rules),
            policy=msgspec.json.encode(rules).decode(),
            note="",
            created_at=now,
        )
        settings.add(connection, row)

    database.write_now(store)


def set_version(database: Database, push_id: int | None, version: int) -> None:
    """Let a push be of this version of its settings, whether it is stored or not."""
    database.write_now(
        lambda connection: connection.execute(update(push).where(push.c.id == push_id).values(version=version))
    )


def subscribe(
    database: Database,
    seal: Seal,
    count: int,
    *,
    first: int = 0,
    pin: str | None = None,
    values: dict[str, str] | None = None,
) -> None:
    """Create or change so many subscribers, from number `first`."""
    now = app.now_ms()
    rows = [
        Subscriber(
            bucket=bucket_of(imsi(number)),
            imsi=imsi(number),
            msisdn=msisdn(number),
            settings=None,
            sealed_values=None
            if values is None
            else seal.close(msgspec.json.encode(values), values_context(imsi(number))),
            sealed_pin=None if pin is None else seal.close(pin.encode(), pin_context(imsi(number))),
            created_at=now,
            changed_at=now,
        )
        for number in range(first, first + count)
    ]
    database.write_now(lambda connection: subscribers.put(connection, rows))


async def attend(parts: Parts) -> int:
    """One round of what time does to pushes; how many it moved."""
    return await parts.database.write(parts.attend._attend)


def report(parts: Parts, text: bytes, *, message_id: bytes | None = None, destination: str = msisdn(0)) -> None:
    """A receipt comes, just as a link of the only route hands it on."""
    (route,) = parts.routes
    receipt = read_receipt(text, receipted_message_id=message_id, route=route.name, destination=destination)
    route._outcomes.receipts.append(receipt)
    parts.routes.outcome_ready.set()


@asynccontextmanager
async def delivering(database: Database, seal: Seal, url: str, *routes: RouteConfig) -> AsyncIterator[Parts]:
    """The way of a push at work, its routes up."""
    parts = app.put_together(config(url, *routes), database, seal)
    async with app.delivering(parts):
        async with asyncio.timeout(30):
            for route in parts.routes:
                while not route.up:  # noqa: ASYNC110 - a route tells nobody that it came up; the server looks, too
                    await asyncio.sleep(0.005)
        yield parts


@asynccontextmanager
async def node(url: str, seal: Seal, number: int, *routes: RouteConfig) -> AsyncIterator[Parts]:
    """One of several nodes on a store, with connections, a name and a number of its own."""
    database = Database(url)
    own = config(url, *routes, node=f"node-{number}")
    own = msgspec.structs.replace(own, node=msgspec.structs.replace(own.node, number=number))
    parts = app.put_together(own, database, seal)
    try:
        async with app.delivering(parts):
            yield parts
    finally:
        database.close()


def running(parts: Parts) -> list[asyncio.Task[None]]:
    """The tasks of a node without the orderly end that `app.delivering` gives them."""
    work = (parts.lease.join(), parts.routes.run(), parts.dispatch.run(), parts.settle.run())
    return [asyncio.create_task(each) for each in work]


async def die(tasks: list[asyncio.Task[None]]) -> None:
    """End a node as `kill -9` does, as far as its store and its SMSC can tell: nothing is drained or written."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def pushes_in(database: Database, state: State, count: int, *, within_s: float = 60.0) -> list[PushRow]:
    """All pushes, once `count` of them are in `state`."""
    async with asyncio.timeout(within_s):
        while True:
            rows = await database.read(all_pushes)
            if sum(row.state == state for row in rows) >= count:
                return rows
            await asyncio.sleep(0.01)


def all_pushes(connection: Any) -> list[PushRow]:
    """Every push on the disk."""
    found = [
        pushes.find(connection, *row) for row in connection.exec_driver_sql("SELECT bucket, id FROM push ORDER BY id")
    ]
    return [row for row in found if row is not None]


def states(rows: Sequence[PushRow]) -> list[State]:
    """Their states."""
    return [State(row.state) for row in rows]
