"""The write-ahead log of SQLite grows while somebody reads for long, and shrinks again when he has gone."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from tps.store import wal
from tps.store.database import Database

ROW_OCTETS = 100_000
LIMIT_OCTETS = 1_000_000


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wal, "LIMIT_OCTETS", LIMIT_OCTETS)
    monkeypatch.setattr(wal, "PAUSE_S", 0.0)
    monkeypatch.setattr(wal, "LOOK_S", 0.0)
    monkeypatch.setattr(wal, "WAIT_MS", 20)


def size(database: Database) -> int:
    return Path(f"{database.place}-wal").stat().st_size


def grow(connection: Connection) -> None:
    connection.execute(text("DELETE FROM server_secret"))
    connection.execute(
        text("INSERT INTO server_secret (name, sealed_value) VALUES ('x', hex(zeroblob(:octets)))"),
        {"octets": ROW_OCTETS // 2},
    )


@contextmanager
def long_reader(database: Database) -> Iterator[None]:
    """Somebody reads, and goes on seeing the store as it was."""
    with database.engine.connect().execution_options(read_only=True) as connection, connection.begin():
        connection.execute(text("SELECT count(*) FROM server_secret")).scalar()
        yield


async def test_a_long_reader_makes_the_log_grow_and_no_write_fail_and_it_shrinks_afterwards(sqlite: Database) -> None:
    with long_reader(sqlite):
        for _ in range(30):
            await sqlite.write(grow)
        assert size(sqlite) > 2 * LIMIT_OCTETS
    await sqlite.write(grow)
    await sqlite.write(lambda _: None)
    assert size(sqlite) < LIMIT_OCTETS
