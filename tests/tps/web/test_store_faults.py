"""What callers see while the store cannot be written: 503 with Retry-After, and 202 again once it can."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Connection, event

from tests.tps.web.api import IMEI, IMSI, Api, running
from tps.store import connections


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A locked store is given up soon."""
    monkeypatch.setattr(connections, "SQLITE_BUSY_TIMEOUT_MS", 50)


async def detected(api: Api) -> tuple[int, str | None]:
    """Status and Retry-After of a detection."""
    answer = await api.post("/v1/detections", {"imsi": IMSI, "imei": IMEI})
    return answer.status, answer.headers.get("Retry-After")


@pytest.mark.usefixtures("impatient")
async def test_a_locked_store_is_asked_again_later(sqlite_url: str, tmp_path: Path) -> None:
    async with running(sqlite_url) as api:
        await api.publish()
        await api.subscribe()
        with closing(sqlite3.connect(tmp_path / "store.sqlite3", isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            assert await detected(api) == (503, "2")
            assert (await api.get("/v1/settings")).status == 200
        assert await detected(api) == (202, None)


async def test_a_full_disk_is_told_and_forgotten_once_there_is_room(api: Api) -> None:
    def limit(pages: int) -> None:
        def set_limit(connection: Connection) -> None:
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")

        event.listen(api.parts.database.engine, "begin", set_limit)

    await api.publish()
    await api.subscribe()
    limit(1)  # SQLite takes what the store has now, and reports more as it does ENOSPC
    many = {"name": "Many", "access_points": [
        {"id": f"a{number}", "name": "x" * 200, "address": "internet.example", "internet": True} for number in range(40)
    ]}  # fmt: skip
    full = await api.call("PUT", "/v1/settings/many", {"settings": many})
    assert (full.status, full.headers.get("Retry-After")) == (503, "2")
    limit(1_000_000)
    assert (await api.call("PUT", "/v1/settings/many", {"settings": many})).status == 201
    assert await detected(api) == (202, None)
