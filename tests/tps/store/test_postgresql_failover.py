"""PostgreSQL is killed and started again, or a replica is promoted: writes fail for a moment, none is lost."""

import asyncio
import itertools
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Connection, text

from tests import postgresql_server
from tests.postgresql_server import Cluster
from tps.errors import RetryLaterError
from tps.store import migrate
from tps.store.database import Database, Operation

RECOVERED_WITHIN_S = 30.0


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """A PostgreSQL of this test's own, durable as in production."""
    binaries = postgresql_server.find_binaries()
    if binaries is None:
        pytest.skip("postgresql is not installed")
    with postgresql_server.cluster(binaries) as started:
        yield started


def insert(name: str) -> Operation[None]:
    def operation(connection: Connection) -> None:
        connection.execute(text("INSERT INTO server_secret (name, sealed_value) VALUES (:name, 'x')"), {"name": name})

    return operation


def names(connection: Connection) -> set[str]:
    return {row[0] for row in connection.execute(text("SELECT name FROM server_secret"))}


async def write_through(database: Database, interrupt: Callable[[], None]) -> tuple[set[str], int]:
    """Write without a pause while `interrupt` runs, and until writing works again; what was stored, what failed."""
    interrupting = asyncio.create_task(asyncio.to_thread(interrupt))
    stored: set[str] = set()
    failed = 0
    async with asyncio.timeout(RECOVERED_WITHIN_S):
        for number in itertools.count():
            is_over = interrupting.done()
            try:
                await database.write(insert(f"row {number}"))
            except RetryLaterError:
                failed += 1
                await asyncio.sleep(0.05)
                continue
            stored.add(f"row {number}")
            if is_over:
                break
    await interrupting
    return stored, failed


async def test_a_server_that_is_killed_and_started_again_loses_nothing_that_was_told_stored(cluster: Cluster) -> None:
    database = Database(cluster.url)
    try:
        migrate.upgrade(database.engine)

        def interrupt() -> None:
            for _ in range(2):
                cluster.kill()
                cluster.start()

        stored, failed = await write_through(database, interrupt)
        assert failed
        assert stored <= await database.read(names)
    finally:
        database.close()


async def test_a_promoted_replica_takes_over_where_the_url_names_both(cluster: Cluster) -> None:
    with cluster.replica() as replica:
        hosts = f"127.0.0.1:{cluster.port},127.0.0.1:{replica.port}"
        database = Database(f"postgresql://tps@{hosts}/postgres?target_session_attrs=read-write")
        try:
            migrate.upgrade(database.engine)

            def interrupt() -> None:
                cluster.kill()
                replica.promote()

            stored, failed = await write_through(database, interrupt)
            assert failed
            assert stored <= await database.read(names)
            port = await database.read(lambda connection: connection.exec_driver_sql("SHOW port").scalar())
            assert port == str(replica.port)
        finally:
            database.close()
