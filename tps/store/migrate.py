"""Bring a store to the schema of this version (Alembic)."""

from importlib.resources import files

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine


def upgrade(engine: Engine) -> None:
    """Apply the migrations that are missing, in one transaction where the database allows it."""
    with engine.begin() as connection:
        command.upgrade(_config(connection), "head")


def revisions(engine: Engine) -> tuple[str | None, str | None]:
    """(revision of the store, newest revision of this version)."""
    with engine.connect() as connection:
        script = ScriptDirectory.from_config(_config(connection))
        return MigrationContext.configure(connection).get_current_revision(), script.get_current_head()


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(files("tps.store") / "migrations"))
    config.attributes["connection"] = connection
    return config
