"""`demo`: the server, a simulated SMSC and simulated handsets on loopback, and the main job done before your eyes.

The simulated half shares no code with the server: a handset counts as right only if its own decoder, its own token
table and its own key have found the settings that were meant for it.
"""

import asyncio
import base64
import secrets
import socket
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

import aiohttp
import msgspec
import typer

from tps import server
from tps.commands import event_loop
from tps.commands.demo_page import DemoPage, Result
from tps.commands.demo_settings import PIN_SETTINGS, SETTINGS, is_right
from tps.commands.terminal import BadInputError
from tps.config import Config, DetectionConfig, HttpConfig, StoreConfig
from tps.sim.handset import Outcome
from tps.sim.population import Population
from tps.sim.smsc import Smsc
from tps.sim.subscribers import Subscriber, Subscribers
from tps.smpp.route_config import RouteConfig
from tps.store import migrate
from tps.store.database import Database
from tps.watch import logs

WRONG = 1
"""Exit status when a handset does not hold the right settings."""
CONNECTIONS = 32
"""Detections come in over so many HTTP connections at once."""
PATIENCE_S = 120.0
"""How long the demo waits without seeing any progress."""
LOOK_EVERY_S = 0.1
PIN_EVERY = 4
"""The settings of every fourth subscriber are protected by a PIN instead of the IMSI."""
PIN_DIGITS = 6
SYSTEM_ID = "demo"


def demo(
    handsets: Annotated[int, typer.Option(min=1, max=1_000_000, help="How many simulated handsets.")] = 1000,
    store: Annotated[
        str | None, typer.Option(help="URL of an empty store, such as postgresql://...; else an SQLite file.")
    ] = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="HTTP port; where it is taken, a free one.")] = 8080,
    leave: Annotated[
        bool, typer.Option("--exit", help="End when done: status 0 only if every handset holds the right settings.")
    ] = False,
) -> None:
    """Watch a thousand phones being set up: server, SMSC and handsets on this machine, no network needed.

    Example: tps demo --handsets 100 --exit
    """
    logs.configure(readable=True, warnings_only=True)
    if store is not None:
        _verify_empty(store)
    if not event_loop.run(_demo(handsets, store, port, leave=leave)):
        raise typer.Exit(WRONG)


async def _demo(count: int, store: str | None, port: int, *, leave: bool) -> bool:
    """True when every handset holds what was meant for it and the second wave of detections pushed nothing."""
    pin = "".join(str(secrets.randbelow(10)) for _ in range(PIN_DIGITS))
    password = secrets.token_hex(4)
    population = Population(Subscribers(count), pin=pin)
    with tempfile.TemporaryDirectory(prefix="tps-demo-") as folder:
        url = store or f"sqlite:///{folder}/demo.sqlite3"
        async with (
            Smsc(accounts={SYSTEM_ID: password}, on_messages=population.deliver) as smsc,
            server.running(_config(url, Path(folder), _free(port), smsc.port, password)) as running,
            _client(running) as (client, key),
        ):
            page = DemoPage(running.address, url, count)
            await _prepare(client, population.subscribers, pin)
            result = await _two_waves(client, population, smsc, page)
            result.wrong = [
                subscriber.msisdn
                for subscriber in population.subscribers
                if not is_right(subscriber, population.handset(subscriber.msisdn))
            ]
            page.summarise(result, population.handset(population.subscribers.subscriber(0).msisdn))
            if not leave:
                await page.stay(key)
    return result.is_right


async def _two_waves(client: aiohttp.ClientSession, population: Population, smsc: Smsc, page: DemoPage) -> Result:
    """Detect everybody, wait until nothing is open any more; detect everybody again."""
    result = Result(len(population.subscribers))
    started = time.monotonic()
    with page.progress(result):
        wave = asyncio.ensure_future(_wave(client, population.subscribers, result.first))
        await _until_settled(client, population, smsc, result, wave)
        await wave
        result.seconds = time.monotonic() - started
    segments = smsc.counters.accepted
    await _wave(client, population.subscribers, result.second)
    await _until_settled(client, population, smsc, result, None)
    result.second_wave_segments = smsc.counters.accepted - segments
    return result


async def _wave(client: aiohttp.ClientSession, subscribers: Subscribers, answers: Counter[str]) -> None:
    """The network reports each subscriber's SIM in its device, each in a request of its own."""
    waiting = iter(subscribers)

    async def report() -> None:
        for subscriber in waiting:
            body = {"imsi": subscriber.imsi, "imei": subscriber.imei}
            async with client.post("/v1/detections", json=body) as reply:
                answers[(await reply.json())["outcome"]] += 1

    async with asyncio.TaskGroup() as group:
        for _ in range(CONNECTIONS):
            group.create_task(report())


async def _until_settled(
    client: aiohttp.ClientSession,
    population: Population,
    smsc: Smsc,
    result: Result,
    wave: "asyncio.Future[None] | None",
) -> None:
    """Follow the progress until the wave is over and no push is open; give up when nothing moves for `PATIENCE_S`."""
    before, since = None, time.monotonic()
    while True:
        wave_is_over = wave is None or wave.done()
        async with client.get("/v1/status") as reply:
            status = await reply.json()
        open_pushes = sum(status["open_pushes"].values())
        result.segments = smsc.counters.accepted
        result.installed = population.outcomes[Outcome.INSTALLED]
        result.delivered = result.first["queued"] - open_pushes
        seen = (result.segments, result.installed, result.delivered, sum(result.first.values()))
        if wave_is_over and not open_pushes:
            return
        if seen != before:
            before, since = seen, time.monotonic()
        elif time.monotonic() - since > PATIENCE_S:
            return
        await asyncio.sleep(LOOK_EVERY_S)


async def _prepare(client: aiohttp.ClientSession, subscribers: Subscribers, pin: str) -> None:
    """Publish the settings and create the accounts, as a back office does."""
    for name, publication in (("internet", SETTINGS), ("internet-pin", PIN_SETTINGS)):
        async with client.post(f"/v1/settings/{name}", data=publication, headers=_JSON) as reply:
            reply.raise_for_status()
    async with client.post("/v1/subscribers/bulk", data=_accounts(subscribers, pin), headers=_NDJSON) as reply:
        reply.raise_for_status()
        async for line in reply.content:
            answer = msgspec.json.decode(line)
            if answer["status"] >= 300:
                raise RuntimeError(f"the demo's own subscribers were refused: {answer}")


_JSON = {"Content-Type": "application/json"}
_NDJSON = {"Content-Type": "application/x-ndjson"}


async def _accounts(subscribers: Subscribers, pin: str) -> AsyncIterator[bytes]:
    for place, subscriber in enumerate(subscribers):
        yield _account(place, subscriber, pin) + b"\n"


def _account(place: int, subscriber: Subscriber, pin: str) -> bytes:
    account: dict[str, object] = {
        "imsi": subscriber.imsi,
        "msisdn": subscriber.msisdn,
        "values": {"ppp_password": f"secret-of-{subscriber.msisdn}"},
    }
    if place % PIN_EVERY == 0:
        account |= {"settings": "internet-pin", "pin": pin}
    return msgspec.json.encode(account)


@asynccontextmanager
async def _client(running: server.Running) -> AsyncIterator[tuple[aiohttp.ClientSession, str]]:
    """A client with an API key, which the one-time set-up token of the first start made; and that key."""
    async with aiohttp.ClientSession(running.address) as first:
        made = await first.post(
            "/v1/keys", json={"name": "demo"}, headers={"Authorization": f"Bearer {running.set_up_token}"}
        )
        made.raise_for_status()
        key = (await made.json())["key"]
    connector = aiohttp.TCPConnector(limit=CONNECTIONS + 1)
    async with aiohttp.ClientSession(
        running.address, headers={"Authorization": f"Bearer {key}"}, connector=connector
    ) as client:
        yield client, key


def _verify_empty(url: str) -> None:
    database = Database(url)
    try:
        revision, _ = migrate.revisions(database.engine)
    finally:
        database.close()
    if revision is not None:
        raise BadInputError("--store: this store has been used before; the demo needs an empty database")


def _config(url: str, folder: Path, port: int, smsc_port: int, password: str) -> Config:
    key_file = folder / "sealing.key"
    key_file.write_bytes(base64.b64encode(secrets.token_bytes(32)))
    return Config(
        store=StoreConfig(url=url, sealing_key_file=str(key_file)),
        http=HttpConfig(port=port),
        detection=DetectionConfig(default_settings="internet"),
        routes=(
            RouteConfig(
                name="simulated-smsc", host="127.0.0.1", port=smsc_port, system_id=SYSTEM_ID, password=password
            ),
        ),
    )


def _free(port: int) -> int:
    """`port` where nobody listens on it, else 0 for any."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return 0
    return port
