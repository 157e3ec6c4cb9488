"""The group commit: concurrent writes share a transaction, and one that fails fails alone."""

import asyncio
import threading
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from tps.errors import RetryLaterError
from tps.store import migrate
from tps.store.database import Database, Operation
from tps.store.schema import metadata


def insert(name: str) -> Operation[str]:
    def operation(connection: Connection) -> str:
        connection.execute(text("INSERT INTO server_secret (name, sealed_value) VALUES (:name, 'x')"), {"name": name})
        return name

    return operation


async def names(database: Database) -> set[str]:
    rows = await database.read(lambda connection: connection.execute(text("SELECT name FROM server_secret")).all())
    return {row[0] for row in rows}


async def test_concurrent_writes_share_commits_and_each_gets_its_own_answer(database: Database) -> None:
    wanted = [f"name-{number}" for number in range(200)]
    answers = await asyncio.gather(*(database.write(insert(name)) for name in wanted))
    assert answers == wanted
    assert await names(database) == set(wanted)
    assert database.commits < 200


async def test_a_write_that_fails_does_not_take_its_neighbours_with_it(database: Database) -> None:
    def fails(connection: Connection) -> None:
        insert("half")(connection)
        raise ValueError("no")

    writes = [database.write(insert("before")), database.write(fails), database.write(insert("after"))]
    results = await asyncio.gather(*writes, return_exceptions=True)
    assert isinstance(results[1], ValueError)
    assert await names(database) == {"before", "after"}


async def test_a_closing_store_finishes_what_it_accepted_and_takes_no_more(store_url: str) -> None:
    database = Database(store_url)
    migrate.upgrade(database.engine)
    writing = asyncio.ensure_future(database.write(insert("last")))
    await asyncio.sleep(0)
    database.close()
    assert await writing == "last"
    with pytest.raises(RetryLaterError):
        await database.write(insert("late"))
    with pytest.raises(RetryLaterError):
        await names(database)


async def test_a_database_that_cannot_be_reached_asks_to_come_back_later() -> None:
    database = Database("postgresql://nobody@127.0.0.1:1/none")
    try:
        with pytest.raises(RetryLaterError, match="nothing was stored"):
            await database.write(insert("x"))
    finally:
        database.close()


def test_an_error_of_the_database_shows_no_parameter(sqlite: Database) -> None:
    sqlite.write_now(insert("001010123456789"))
    with pytest.raises(IntegrityError) as caught:
        sqlite.write_now(insert("001010123456789"))
    assert "server_secret" in str(caught.value)
    assert "001010123456789" not in str(caught.value)


def test_migrations_make_the_schema_that_the_code_describes(database: Database) -> None:
    with database.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    current, newest = migrate.revisions(database.engine)
    assert current == newest


def test_every_subscriber_keyed_table_starts_its_keys_with_the_bucket(database: Database) -> None:
    catalogues = {"settings", "api_key", "server_secret", "node", "bind_slot", "device_model", "device_change"}
    for table in metadata.sorted_tables:
        if table.name in catalogues:
            continue
        assert next(iter(table.primary_key.columns)).name == "bucket", table.name
        for index in table.indexes:
            if index.unique:
                assert next(iter(index.columns)).name == "bucket", index.name


def test_sqlite_is_durable_at_every_commit(database: Database) -> None:
    if database.dialect != "sqlite":
        pytest.skip("PostgreSQL's own default is synchronous_commit=on")
    with database.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2


def test_a_store_of_another_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="sqlite:///PATH or postgresql"):
        Database("mysql://localhost/x")


async def test_the_system_is_told_which_thread_writes_and_which_read(database: Database) -> None:
    def thread_name(_: Connection) -> str:
        return Path("/proc/thread-self/comm").read_text().strip()

    assert await database.write(thread_name) == "store-writer"
    assert await database.read(thread_name) == "store-reader"


async def test_what_is_written_alone_keeps_others_waiting_on_sqlite_only(database: Database) -> None:
    """SQLite has one writer at a time; on PostgreSQL there is a second one for it."""
    began, may_end = threading.Event(), threading.Event()

    def slowly(connection: Connection) -> str:
        began.set()
        assert may_end.wait(10.0)
        return insert("slow")(connection)

    slow = asyncio.create_task(database.write(slowly, alone=True))
    assert await asyncio.to_thread(began.wait, 10.0)
    other = asyncio.create_task(database.write(insert("other")))
    await asyncio.wait([other], timeout=0.5)
    assert other.done() is (database.dialect == "postgresql")
    may_end.set()
    assert [*await asyncio.gather(slow, other)] == ["slow", "other"]
    assert database.commits == 2
