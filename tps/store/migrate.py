"""Bring a store to the schema of this version (Alembic)."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, func, select

from tps.errors import RejectedError
from tps.store import faults
from tps.store.connections import place_of

_LOCK = 0x7470735F736368
"""Advisory lock of PostgreSQL: two nodes that start at once migrate one after the other."""


def upgrade(engine: Engine) -> None:
    """Apply the migrations that are missing in one transaction, alone among the nodes.

    `RejectedError` for a store of a newer version; the errors of `Database` where it cannot be used.
    """
    with _told(engine), engine.begin() as connection:
        if connection.dialect.name == "postgresql":  # SQLite's transaction locks the store by itself
            for timeout in ("lock_timeout", "statement_timeout"):  # a migration takes the time it takes
                connection.exec_driver_sql(f"SET LOCAL {timeout} = 0")
            connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))
        command.upgrade(_config(connection), "head")


def revisions(engine: Engine) -> tuple[str | None, str | None]:
    """(revision of the store, newest revision of this version)."""
    with _told(engine), engine.connect() as connection:
        script = ScriptDirectory.from_config(_config(connection))
        return MigrationContext.configure(connection).get_current_revision(), script.get_current_head()


@contextmanager
def _told(engine: Engine) -> Iterator[None]:
    """What stands in the way, as the callers of the store are told."""
    place = place_of(engine.url)
    try:
        yield
    except faults.DATABASE_ERRORS as error:
        raise faults.told(error, place) from error
    except CommandError as error:  # it finds the store at a revision that it does not have
        raise RejectedError(
            "store.url", f"{place} was made by a newer version of tps ({error}): run that one, or restore a backup"
        ) from error


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(files("tps.store") / "migrations"))
    config.attributes["connection"] = connection
    return config
