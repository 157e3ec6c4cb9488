"""Bring a store to the schema of this version (Alembic).

A migration that says `expands = True` leaves everything that the version before uses as it is: nodes of that version go
on beside it. Any other one is refused while nodes run.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import BigInteger, ColumnElement, Connection, Engine, cast, func, inspect, select

from tps.errors import RejectedError
from tps.store import faults
from tps.store.connections import place_of
from tps.store.schema import node

_LOCK = 0x7470735F736368
"""Advisory lock of PostgreSQL: two nodes that start at once migrate one after the other."""


def upgrade(engine: Engine) -> None:
    """Apply the migrations that are missing in one transaction, alone among the nodes.

    `RejectedError` for a store of a newer version, and where nodes run that could not go on; the errors of `Database`
    where it cannot be used.
    """
    with _told(engine), engine.begin() as connection:
        if connection.dialect.name == "postgresql":  # SQLite's transaction locks the store by itself
            for timeout in ("lock_timeout", "statement_timeout"):  # a migration takes the time it takes
                connection.exec_driver_sql(f"SET LOCAL {timeout} = 0")
            connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))
        config = _config(connection)
        _verify_nodes_can_go_on(connection, ScriptDirectory.from_config(config))
        command.upgrade(config, "head")


def revisions(engine: Engine) -> tuple[str | None, str | None]:
    """(revision of the store, newest revision of this version)."""
    with _told(engine), engine.connect() as connection:
        script = ScriptDirectory.from_config(_config(connection))
        return MigrationContext.configure(connection).get_current_revision(), script.get_current_head()


def _verify_nodes_can_go_on(connection: Connection, script: ScriptDirectory) -> None:
    """Refuse a migration that would take away what nodes at work use."""
    current = MigrationContext.configure(connection).get_current_revision()
    if current is None or not inspect(connection).has_table(node.name):
        return
    script.get_revision(current)  # `CommandError` where this version does not know it
    missing = script.iterate_revisions("head", current)
    if all(getattr(each.module, "expands", False) for each in missing):
        return
    at_work = connection.execute(
        select(node.c.name, node.c.host).where(node.c.lease_until > _now_ms(connection.dialect.name))
    ).all()
    if at_work:
        names = ", ".join(f"{name!r} on {host}" for name, host in at_work)
        raise RejectedError(
            "store.url",
            f"this version changes the schema under nodes that run: {names}. Stop all of them, then start this one; "
            "of a node that has died the lease ends by itself within 15 s",
        )


def _now_ms(dialect: str) -> ColumnElement[int]:
    """The time by the database, as milliseconds since 1970-01-01 UTC: leases are compared by its clock."""
    epoch_s = func.strftime("%s", "now") if dialect == "sqlite" else func.extract("epoch", func.clock_timestamp())
    return cast(epoch_s, BigInteger) * 1000


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
