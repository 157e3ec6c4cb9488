"""The disk and the database server fail: callers come again later, a damaged store ends the server, no value leaks."""

import asyncio
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg
import pytest
import structlog
from sqlalchemy import Connection, event, text
from sqlalchemy.exc import DBAPIError

from tps.errors import RetryLaterError, StoreDamagedError
from tps.store import connections, migrate
from tps.store.database import Database, Operation

PAGE_OCTETS = 4096
VALUE = "001010123456789"


def insert(name: str, value: str = "x") -> Operation[None]:
    def operation(connection: Connection) -> None:
        connection.execute(
            text("INSERT INTO server_secret (name, sealed_value) VALUES (:name, :value)"),
            {"name": name, "value": value},
        )

    return operation


def names(connection: Connection) -> set[str]:
    return {row[0] for row in connection.execute(text("SELECT name FROM server_secret"))}


def path_of(database: Database) -> Path:
    return Path(database.place)


@contextmanager
def full_disk(database: Database) -> Iterator[None]:
    """A disk on which the store can grow no more: SQLite reports its limit of pages just as it does ENOSPC."""

    def forbid_growth(connection: Connection) -> None:
        connection.exec_driver_sql("PRAGMA max_page_count = 1")  # SQLite takes what the store has now

    def allow_growth(connection: Connection) -> None:
        connection.exec_driver_sql("PRAGMA max_page_count = 1073741823")

    event.listen(database.engine, "begin", forbid_growth)
    try:
        yield
    finally:
        event.remove(database.engine, "begin", forbid_growth)
        event.listen(database.engine, "begin", allow_growth)


async def test_on_a_full_disk_nothing_is_stored_and_writing_goes_on_once_there_is_room(sqlite: Database) -> None:
    large = "x" * 50 * PAGE_OCTETS
    await sqlite.write(insert("before"))
    with full_disk(sqlite):
        written = await asyncio.gather(
            *(sqlite.write(insert(f"lost {number}", large)) for number in range(5)), return_exceptions=True
        )
        assert all(isinstance(error, RetryLaterError) for error in written)
        assert await sqlite.read(names) == {"before"}
    await sqlite.write(insert("after", large))
    assert await sqlite.read(names) == {"before", "after"}


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A file system of its own with a megabyte, where this user may mount one."""
    folder = Path("/tmp") / f"tps-small-disk-{os.getpid()}"
    folder.mkdir()
    mounting = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], check=False, capture_output=True
    )
    if mounting.returncode:
        folder.rmdir()
        pytest.skip("only root can mount a small disk")
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)
        folder.rmdir()


async def test_what_was_stored_outlives_a_disk_that_is_really_full(small_disk: Path) -> None:
    database = Database(f"sqlite:///{small_disk}/store.sqlite3")
    try:
        migrate.upgrade(database.engine)
        ballast = small_disk / "ballast"
        ballast.write_bytes(bytes(shutil.disk_usage(small_disk).free - 2 * PAGE_OCTETS))
        wanted = [f"row {number}" for number in range(100)]
        writes = (database.write(insert(name, "x" * PAGE_OCTETS)) for name in wanted)
        answers = await asyncio.gather(*writes, return_exceptions=True)
        assert any(isinstance(answer, RetryLaterError) for answer in answers)
        stored = {name for name, answer in zip(wanted, answers, strict=True) if answer is None}
        assert await database.read(names) == stored
        ballast.unlink()
        await asyncio.gather(*(database.write(insert(name)) for name in set(wanted) - stored))
        assert await database.read(names) == set(wanted)
        check = await database.read(lambda connection: connection.exec_driver_sql("PRAGMA integrity_check").scalar())
    finally:
        database.close()
    assert check == "ok"


def remount(folder: Path, how: str) -> None:
    """Make the small disk read-only or writable."""
    subprocess.run(["mount", "-o", f"remount,{how}", folder], check=True)


async def test_a_store_on_a_disk_that_is_really_read_only_is_written_again_once_it_may_be(small_disk: Path) -> None:
    url = f"sqlite:///{small_disk}/store.sqlite3"
    before = Database(url)
    migrate.upgrade(before.engine)
    await before.write(insert("before"))
    before.close()
    remount(small_disk, "ro")
    database = Database(url)
    try:
        with pytest.raises(RetryLaterError, match="nothing was stored"):
            await database.write(insert("lost"))
        remount(small_disk, "rw")
        await database.write(insert("after"))
        assert await database.read(names) == {"before", "after"}
    finally:
        database.close()


async def test_a_read_only_store_is_read_and_written_again_once_it_may_be(sqlite: Database) -> None:
    def query_only(connection: Connection) -> None:
        connection.exec_driver_sql("PRAGMA query_only = ON")  # reported as the SQLITE_READONLY of a read-only disk

    def writable(connection: sqlite3.Connection, *_: object) -> None:
        connection.execute("PRAGMA query_only = OFF")

    await sqlite.write(insert("before"))
    event.listen(sqlite.engine, "begin", query_only)
    with pytest.raises(RetryLaterError, match="nothing was stored"):
        await sqlite.write(insert("lost"))
    assert await sqlite.read(names) == {"before"}
    event.remove(sqlite.engine, "begin", query_only)
    event.listen(sqlite.engine, "checkout", writable)
    await sqlite.write(insert("after"))
    assert await sqlite.read(names) == {"before", "after"}


async def test_a_store_that_another_process_has_locked_is_written_once_it_lets_go(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "SQLITE_BUSY_TIMEOUT_MS", 50)
    database = Database(sqlite_url)
    try:
        migrate.upgrade(database.engine)
        with closing(sqlite3.connect(path_of(database), isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            with pytest.raises(RetryLaterError):
                await database.write(insert("lost"))
            assert await database.read(names) == set()
            other.execute("ROLLBACK")
        await database.write(insert("after"))
        assert await database.read(names) == {"after"}
    finally:
        database.close()


def damage(path: Path) -> None:
    """Write over every page but the first, as a failing disk does; a header of SQLite stays."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with path.open("r+b") as file:
        file.seek(PAGE_OCTETS)
        file.write(b"\xa5" * (path.stat().st_size - PAGE_OCTETS))


@pytest.fixture
def damaged(sqlite_url: str) -> Iterator[Database]:
    """An open store whose pages were overwritten while it was closed."""
    database = Database(sqlite_url)
    migrate.upgrade(database.engine)
    database.close()
    damage(path_of(database))
    database = Database(sqlite_url)
    try:
        yield database
    finally:
        database.close()


async def test_a_corrupt_page_ends_the_use_of_the_store_and_names_it_and_the_way_out(damaged: Database) -> None:
    waiting = asyncio.create_task(damaged.until_damaged())
    with pytest.raises(StoreDamagedError) as told:
        await damaged.write(insert("lost"))
    assert str(path_of(damaged)) in str(told.value)
    assert "tps restore FILE" in str(told.value)
    assert str(path_of(damaged)) not in told.value.message
    with pytest.raises(StoreDamagedError):
        await waiting
    for refused in (damaged.write(lambda _: None), damaged.read(lambda _: None)):
        with pytest.raises(StoreDamagedError):
            await refused


async def test_damage_that_a_reader_finds_stops_the_writer(damaged: Database) -> None:
    with pytest.raises(StoreDamagedError):
        await damaged.read(names)
    with pytest.raises(StoreDamagedError):
        await damaged.write(lambda _: None)


def test_a_file_that_is_no_database_is_damage(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite3"
    path.write_bytes(b"no database " * 1000)
    database = Database(f"sqlite:///{path}")
    try:
        with pytest.raises(StoreDamagedError, match="not a database"):
            database.read_now(lambda _: None)
        with pytest.raises(StoreDamagedError, match="not a database"):
            migrate.upgrade(database.engine)
    finally:
        database.close()


async def test_a_statement_that_can_never_work_is_a_defect_and_no_reason_to_come_again(database: Database) -> None:
    with pytest.raises(DBAPIError):
        await database.write(lambda connection: connection.exec_driver_sql("SELECT x FROM absent"))


@pytest.fixture
def postgresql(database: Database) -> Database:
    """The store, where it is PostgreSQL."""
    if database.dialect == "sqlite":
        pytest.skip("SQLite reports no values and has no server")
    return database


async def test_an_error_of_postgresql_names_no_value(postgresql: Database) -> None:
    await postgresql.write(insert(VALUE))
    statements: list[Operation[object]] = [
        insert(VALUE),
        lambda connection: connection.execute(text("SELECT CAST(CAST(:value AS text) AS int)"), {"value": f"{VALUE}x"}),
        lambda connection: connection.connection.cursor().execute("SELECT %s::text::int", [f"{VALUE}x"]),
    ]
    for statement in statements:
        with pytest.raises((DBAPIError, psycopg.Error)) as caught:
            await postgresql.write(statement)
        chain: BaseException | None = caught.value
        while chain is not None:
            assert VALUE not in f"{chain} {chain!r}"
            chain = chain.__cause__ or chain.__context__


async def test_an_idle_transaction_that_holds_a_row_delays_callers_and_does_not_hang_them(
    store_url: str, postgresql: Database
) -> None:
    await postgresql.write(insert("held"))
    change = text("UPDATE server_secret SET sealed_value = 'y' WHERE name = 'held'")
    impatient = Database(f"{store_url}?options=-c%20lock_timeout%3D100ms")
    try:
        with psycopg.connect(store_url) as other:
            other.execute("UPDATE server_secret SET sealed_value = 'z' WHERE name = 'held'")
            with structlog.testing.capture_logs() as logs, pytest.raises(RetryLaterError):
                await impatient.write(lambda connection: connection.execute(change).rowcount)
            assert "lock timeout" in logs[0]["error"]
            await impatient.write(insert("free"))
        assert await impatient.write(lambda connection: connection.execute(change).rowcount) == 1
    finally:
        impatient.close()


def test_every_wait_for_postgresql_is_bounded(postgresql: Database) -> None:
    def setting(name: str) -> object:
        return postgresql.read_now(lambda connection: connection.exec_driver_sql(f"SHOW {name}").scalar())

    assert setting("lock_timeout") == "5s"
    assert setting("statement_timeout") == "30s"
    assert setting("idle_in_transaction_session_timeout") == "1min"


async def test_a_server_that_is_read_only_is_left_for_the_one_that_was_promoted(postgresql: Database) -> None:
    await postgresql.write(lambda connection: connection.exec_driver_sql("SET default_transaction_read_only = on"))
    with pytest.raises(RetryLaterError):
        await postgresql.write(insert("lost"))
    await postgresql.write(insert("after"))
    assert await postgresql.read(names) == {"after"}
