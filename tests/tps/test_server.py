"""Servers as processes: killed, told to stop, told twice. Nothing that was accepted is lost, and nobody has to help."""

import asyncio
import os
import signal
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.tps import delivering
from tests.tps.commands.conftest import SEALING_KEY
from tests.tps.delivering import all_pushes, config, detection, publish, pushes_in, states, subscribe
from tps import app
from tps.decisions.push_life import State
from tps.delivery.node_lease import LEASE_MS
from tps.sim.smsc import Smsc
from tps.sim.smsc_behaviour import Behaviour
from tps.store import nodes
from tps.store.database import Database
from tps.store.nodes import NodeRow
from tps.store.sealing import Seal

COUNT = 12
SILENT = Behaviour(response_delay_s=60)


@asynccontextmanager
async def starting(
    folder: Path, store_url: str, smsc: Smsc, number: int = 0, *, more: str = ""
) -> AsyncIterator[Process]:
    """`tps serve` as node `number`, `more` in its configuration; killed at the end if it is still there."""
    file = folder / f"{number}.toml"
    file.write_text(
        f'{more}[store]\nurl = "{store_url}"\n[http]\nport = 0\n[node]\nname = "node-{number}"\nnumber = {number}\n'
        f'[[routes]]\nname = "north"\nhost = "127.0.0.1"\nport = {smsc.port}\nsystem_id = "tps"\npassword = "tps"\n'
    )
    command = (sys.executable, "-m", "tps", "serve", "--config", str(file))
    environment = {**os.environ, "PYTHONUNBUFFERED": "1", "TPS_SEALING_KEY": SEALING_KEY}
    with (folder / f"{number}.log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(*command, stdout=PIPE, stderr=log, env=environment)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


@asynccontextmanager
async def served(folder: Path, store_url: str, smsc: Smsc, number: int = 0) -> AsyncIterator[Process]:
    """The same once it answers."""
    async with starting(folder, store_url, smsc, number) as process:
        assert process.stdout is not None
        async with asyncio.timeout(60):
            assert b"The HTTP API is at" in await process.stdout.readline()
        yield process


async def logged(folder: Path, event: bytes) -> None:
    """Node 0 has logged this."""
    async with asyncio.timeout(60):
        while event not in (folder / "0.log").read_bytes():  # noqa: ASYNC110 - a log tells nobody
            await asyncio.sleep(0.01)


async def on_the_way(database: Database, seal: Seal, store_url: str, smsc: Smsc) -> None:
    """`COUNT` pushes are at the SMSC, which has not answered yet."""
    parts = app.put_together(config(store_url, node="intake"), database, seal)  # never a node: it sends nothing
    await parts.intake.accept([detection(number) for number in range(COUNT)])
    async with asyncio.timeout(60):
        await smsc.until(lambda counters: counters.submits >= COUNT)


@pytest.fixture
def filled(database: Database, seal: Seal) -> Database:
    """A store with subscribers and settings."""
    publish(database, seal)
    subscribe(database, seal, COUNT)
    return database


async def test_the_work_of_a_killed_node_goes_on_at_another_within_30_seconds(
    tmp_path: Path, filled: Database, seal: Seal, store_url: str
) -> None:
    if filled.dialect == "sqlite":
        pytest.skip("an SQLite store has one node")
    async with Smsc(behaviour=SILENT) as smsc, served(tmp_path, store_url, smsc, 0) as killed:
        await on_the_way(filled, seal, store_url, smsc)
        async with served(tmp_path, store_url, smsc, 1):
            smsc.behave(Behaviour())
            killed.kill()
            began = time.monotonic()
            rows = await pushes_in(filled, State.DELIVERED, COUNT, within_s=30)
            assert time.monotonic() - began < 30
            async with asyncio.timeout(60):
                while [row.name for row in await filled.read(nodes.everyone)] != ["node-1"]:  # noqa: ASYNC110
                    await asyncio.sleep(0.1)  # until its lease has run out
    assert states(rows) == [State.DELIVERED] * COUNT
    assert all("lose UNCERTAIN the server stopped" in row.history for row in rows)


async def test_a_killed_server_goes_on_at_once_when_it_is_started_again(
    tmp_path: Path, filled: Database, seal: Seal, store_url: str
) -> None:
    async with Smsc(behaviour=SILENT) as smsc:
        async with served(tmp_path, store_url, smsc) as killed:
            await on_the_way(filled, seal, store_url, smsc)
            killed.kill()
        smsc.behave(Behaviour())
        async with served(tmp_path, store_url, smsc):
            rows = await pushes_in(filled, State.DELIVERED, COUNT, within_s=10)
    assert all("lose UNCERTAIN the server stopped" in row.history for row in rows)


async def test_a_server_that_is_told_to_stop_waits_for_the_answers_unbinds_and_is_no_node_any_more(
    tmp_path: Path, filled: Database, seal: Seal, store_url: str
) -> None:
    slow = Behaviour(response_delay_s=1.0, receipt_delay_s=60)
    async with Smsc(behaviour=slow) as smsc, served(tmp_path, store_url, smsc) as process:
        await on_the_way(filled, seal, store_url, smsc)
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(20):
            assert await process.wait() == 0
    assert '"reason": "asked to stop", "event": "smpp_down"' in (tmp_path / "0.log").read_text()
    assert states(await filled.read(all_pushes)) == [State.SENT] * COUNT
    assert await filled.read(nodes.everyone) == []


@pytest.mark.parametrize("told", [signal.SIGTERM, signal.SIGINT])
async def test_a_second_signal_ends_a_server_at_once_and_loses_nothing(
    tmp_path: Path, filled: Database, seal: Seal, store_url: str, told: signal.Signals
) -> None:
    async with Smsc(behaviour=SILENT) as smsc:
        async with served(tmp_path, store_url, smsc) as process:
            await on_the_way(filled, seal, store_url, smsc)
            process.send_signal(told)
            await logged(tmp_path, b"server.stopping")
            process.send_signal(told)
            async with asyncio.timeout(5):
                assert await process.wait() == 128 + told
        assert states(await filled.read(all_pushes)) == [State.SENDING] * COUNT
        smsc.behave(Behaviour())
        async with delivering.delivering(filled, seal, store_url, delivering.route_to(smsc)):
            await pushes_in(filled, State.DELIVERED, COUNT)


async def test_a_start_that_waits_for_a_predecessors_lease_is_broken_off_when_told_to_stop(
    tmp_path: Path, filled: Database, store_url: str
) -> None:
    now = app.now_ms()
    elsewhere = NodeRow("node-0:gone", "node-0", 0, "far.example", "another machine", 1, now, now + LEASE_MS)
    filled.write_now(lambda connection: nodes.add(connection, elsewhere))
    async with Smsc() as smsc, starting(tmp_path, store_url, smsc) as process:
        await logged(tmp_path, b"node.waits_for_its_predecessor")
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(5):
            assert await process.wait() == 0
    assert await filled.read(nodes.everyone) == [elsewhere]


async def test_a_second_server_of_the_same_name_says_so_and_does_not_start(
    tmp_path: Path, filled: Database, store_url: str
) -> None:
    async with Smsc() as smsc, served(tmp_path, store_url, smsc), starting(tmp_path, store_url, smsc) as second:
        async with asyncio.timeout(20):
            assert await second.wait() == 2
        assert b"Error: node.name: 'node-0' belongs to a server on" in (tmp_path / "0.log").read_bytes()
        assert len(await filled.read(nodes.everyone)) == 1
