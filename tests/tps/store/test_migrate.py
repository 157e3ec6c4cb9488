"""Bringing a store to this version's schema."""

import asyncio
from functools import partial
from operator import itemgetter

import pytest
from alembic import command
from sqlalchemy import insert, inspect, select, update
from sqlalchemy.exc import DBAPIError

from tps.app import now_ms
from tps.errors import RejectedError
from tps.store import migrate
from tps.store.database import Connection, Database
from tps.store.schema import metadata, node, push


async def test_nodes_that_start_at_once_migrate_one_after_the_other(store_url: str) -> None:
    databases = [Database(store_url) for _ in range(3)]
    try:
        await asyncio.gather(*(asyncio.to_thread(migrate.upgrade, each.engine) for each in databases))
        assert set(inspect(databases[0].engine).get_table_names()) == {*metadata.tables, "alembic_version"}
    finally:
        for each in databases:
            each.close()


def test_a_schema_is_not_changed_under_nodes_that_run(store_url: str) -> None:
    database = Database(store_url)
    try:
        migrate.upgrade(database.engine)
        # 0004 made the table of nodes and did not expand: nodes of 0003 knew nothing of leases
        database.write_now(partial(_step_back, revision="0003", lease_until=now_ms() + 15_000))
        with pytest.raises(RejectedError, match="nodes that run: 'tps-old' on elsewhere"):
            migrate.upgrade(database.engine)
        assert migrate.revisions(database.engine)[0] == "0003"
        database.write_now(lambda connection: connection.execute(update(node).values(lease_until=now_ms() - 15_000)))
        with pytest.raises(DBAPIError, match="already exists"):  # it was begun: nobody is in the way any more
            migrate.upgrade(database.engine)
    finally:
        database.close()


def test_nodes_of_the_version_before_go_on_beside_a_migration_that_expands(store_url: str) -> None:
    database = Database(store_url)
    try:
        migrate.upgrade(database.engine)
        database.write_now(partial(_step_back, revision="0008", lease_until=now_ms() + 15_000))
        migrate.upgrade(database.engine)
        before, newest = migrate.revisions(database.engine)
        assert before == newest
    finally:
        database.close()


def test_pushes_of_an_older_store_are_all_there_in_the_order_of_time(store_url: str) -> None:
    database = Database(store_url)
    try:
        with database.engine.begin() as connection:
            command.upgrade(migrate._config(connection), "0009")
        ids = [number << 6 | bucket for number, bucket in ((7, 63), (9, 0), (8, 31))]
        before = database.write_now(lambda connection: [_stored(connection, push_id) for push_id in ids])
        migrate.upgrade(database.engine)
        with database.engine.connect() as connection:
            after = connection.execute(select(push).order_by(push.c.id)).all()
            names = {index["name"] for index in inspect(connection).get_indexes("push")}
        assert [row._asdict() for row in after] == sorted(before, key=itemgetter("id"))
        assert names == {"ix_push_attention", "ix_push_ended_badly", "uq_push_pair_key"}
        twin = {**before[0], "id": 10 << 6 | 63}
        with pytest.raises(DBAPIError, match=r"(?i)unique"):
            database.write_now(lambda connection: connection.execute(insert(push).values(twin)))
    finally:
        database.close()


def _stored(connection: Connection, push_id: int) -> dict[str, object]:
    """A push with a value of its own in each column, in a store of any revision that has these columns."""
    values: dict[str, object] = {
        column.name: place if column.type.python_type is int else f"{column.name} é"
        for place, column in enumerate(push.columns, start=push_id % 1000)
    }
    row = {**values, "bucket": push_id & 63, "id": push_id}
    connection.execute(insert(push).values(row))
    return row


def _step_back(connection: Connection, *, revision: str, lease_until: int) -> None:
    """Let the store pass for one of a version before, with a node of it at work."""
    connection.exec_driver_sql("ALTER TABLE subscriber DROP COLUMN declined_at")
    connection.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{revision}'")
    row = {"instance": "old", "name": "tps-old", "number": 1, "host": "elsewhere", "machine": "m", "pid": 1}
    connection.execute(insert(node).values(**row, started_at=0, lease_until=lease_until))
