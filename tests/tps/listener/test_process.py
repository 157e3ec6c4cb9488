"""The listener as a process of its own: it answers as the one process does, and lives as long as the server."""

import asyncio
import os
import signal
from pathlib import Path

import aiohttp
import msgspec
import pytest

from tests.tps.commands.conftest import SEALING_KEY
from tests.tps.delivering import config, publish, subscribe
from tests.tps.test_server import served, starting
from tps import app
from tps.config import ConfigError, HttpConfig
from tps.feeds.diameter_config import DiameterFeed, DiameterPeer
from tps.listener.process import started
from tps.sim.smsc import Smsc
from tps.store.database import Database
from tps.store.sealing import Seal
from tps.web.server import listening_socket

COUNT = 40
CHECKS = DiameterFeed(
    enabled=True,
    port=0,
    origin_host="eir.tps.example",
    origin_realm="tps.example",
    peers=(DiameterPeer(origin_host="mme01.epc.example", prefixes=("127.0.0.1",)),),
    black_list_file="/absent/black",
)


@pytest.fixture
def filled(sqlite: Database, seal: Seal) -> Database:
    """A store with subscribers and settings."""
    publish(sqlite, seal)
    subscribe(sqlite, seal, COUNT)
    return sqlite


def child_of(pid: int) -> int:
    """The listener of that server."""
    (child,) = (Path("/proc") / str(pid) / "task" / str(pid) / "children").read_text().split()
    return int(child)


def is_there(pid: int) -> bool:
    """Whether there is a process of that number."""
    return Path("/proc", str(pid)).exists()


async def ended(pid: int) -> None:
    """That process is no more."""
    async with asyncio.timeout(60):
        while is_there(pid):  # noqa: ASYNC110 - nobody tells of a process that is not one's child
            await asyncio.sleep(0.01)


async def url_and_token(output: asyncio.StreamReader, first: bytes) -> tuple[str, str]:
    """What the server tells when it answers."""
    async with asyncio.timeout(60):
        await output.readline()
        command = await output.readline()
    return first.split()[-1].decode(), command.decode().partition("Bearer ")[2].partition("'")[0]


async def test_lone_requests_streams_and_pages_are_answered_and_pushes_arrive(
    tmp_path: Path, filled: Database, sqlite_url: str
) -> None:
    async with Smsc() as smsc, starting(tmp_path, sqlite_url, smsc) as server, aiohttp.ClientSession() as session:
        assert server.stdout is not None
        async with asyncio.timeout(60):
            first = await server.stdout.readline()
        url, token = await url_and_token(server.stdout, first)
        made = {"Authorization": f"Bearer {token}"}
        async with session.post(f"{url}/v1/keys", json={"name": "test"}, headers=made) as response:
            headers = {"Authorization": f"Bearer {(await response.json())['key']}"}

        async def push(number: int) -> int:
            body = {"imsi": f"00101{number:010d}", "settings": "internet"}
            async with session.post(f"{url}/v1/pushes", json=body, headers=headers) as response:
                return response.status

        statuses = await asyncio.gather(*(push(number) for number in range(COUNT)))
        assert set(statuses) == {202}, (tmp_path / "0.log").read_text()
        lines = "".join(
            f'{{"imsi": "00101{number:010d}", "settings": "internet"}}\n' for number in range(COUNT)
        ).encode()
        streamed = {**headers, "Content-Type": "application/x-ndjson"}
        async with session.post(f"{url}/v1/pushes/bulk", data=lines, headers=streamed) as response:
            assert (await response.text()).count("already_") == COUNT
        async with asyncio.timeout(60):
            while True:
                async with session.get(f"{url}/metrics", headers=headers) as response:
                    metrics = await response.text()
                if f'tps_push_moves_total{{event="deliver"}} {COUNT}.0' in metrics:
                    break
                await asyncio.sleep(0.02)
        assert f'tps_triggers_total{{outcome="queued",source="api"}} {COUNT}.0' in metrics
        assert 'tps_route_up{route="north"} 1.0' in metrics


async def test_it_ends_with_a_server_that_is_killed_and_the_port_is_free_again(
    tmp_path: Path, filled: Database, sqlite_url: str
) -> None:
    async with Smsc() as smsc, served(tmp_path, sqlite_url, smsc) as server:
        listener = child_of(server.pid)
        server.kill()
        await ended(listener)
        assert not is_there(listener)


async def test_signals_that_come_to_all_processes_of_a_service_end_it_in_order(
    tmp_path: Path, filled: Database, sqlite_url: str
) -> None:
    async with Smsc() as smsc, served(tmp_path, sqlite_url, smsc) as server:
        listener = child_of(server.pid)
        os.kill(listener, signal.SIGTERM)
        server.send_signal(signal.SIGTERM)
        async with asyncio.timeout(60):
            assert await server.wait() == 0
        await ended(listener)
    assert "Traceback" not in (tmp_path / "0.log").read_text()


async def test_a_server_whose_listener_was_killed_ends_and_says_so(
    tmp_path: Path, filled: Database, sqlite_url: str
) -> None:
    async with Smsc() as smsc, served(tmp_path, sqlite_url, smsc) as server:
        os.kill(child_of(server.pid), signal.SIGKILL)
        async with asyncio.timeout(60):
            assert await server.wait() == 1
    said = (tmp_path / "0.log").read_text()
    assert "the listener has ended by itself" in said
    assert "Traceback" not in said


async def test_a_configuration_that_it_cannot_start_with_is_for_the_server_to_tell(
    sqlite: Database, seal: Seal, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TPS_SEALING_KEY", SEALING_KEY)
    parts = app.put_together(msgspec.structs.replace(config(sqlite_url), diameter=CHECKS), sqlite, seal)
    with await listening_socket(HttpConfig(port=0)) as door:
        async with started(door) as listener:
            with pytest.raises(ConfigError, match=r"^diameter\.black_list_file: /absent/black cannot be read: No such"):
                async with listener.answering(parts):
                    pass
