"""Bringing a store to this version's schema."""

import asyncio

from sqlalchemy import inspect

from tps.store import migrate
from tps.store.database import Database
from tps.store.schema import metadata


async def test_nodes_that_start_at_once_migrate_one_after_the_other(store_url: str) -> None:
    databases = [Database(store_url) for _ in range(3)]
    try:
        await asyncio.gather(*(asyncio.to_thread(migrate.upgrade, each.engine) for each in databases))
        assert set(inspect(databases[0].engine).get_table_names()) == {*metadata.tables, "alembic_version"}
    finally:
        for each in databases:
            each.close()
