"""`migrate`, and the store as other commands open it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from tps import config as configuration
from tps.commands.terminal import BadInputError, page
from tps.config import Config, StoreConfig
from tps.store import migrate as migrations
from tps.store.database import Database
from tps.store.sealing import Seal

SQLITE = "sqlite:///"

ConfigFile = Annotated[
    Path | None,
    typer.Option("--config", "-c", metavar="FILE", envvar="TPS_CONFIG", help="Configuration as TOML; else defaults."),
]


@contextmanager
def opened(config: Config, kind: type[Database] = Database) -> Iterator[tuple[Database, Seal]]:
    """An existing store at the schema of this version, and the seal for its secrets."""
    _check_exists(config.store)
    seal = Seal(configuration.sealing_keys(config.store))
    with _database(config.store, kind) as database:
        before, newest = migrations.revisions(database.engine)
        if before != newest:
            raise BadInputError(
                f"store.url: the store is at revision {_shown(before)}, this version needs {newest}: run tps migrate"
            )
        yield database, seal


def migrate(config: ConfigFile = None) -> None:
    """Bring the store to the schema of this version; makes an SQLite store that does not exist yet.

    Example: tps migrate --config tps.toml
    """
    with _database(configuration.load(config).store) as database:
        before, _ = migrations.revisions(database.engine)
        migrations.upgrade(database.engine)
        after, _ = migrations.revisions(database.engine)
    page().print(f"revision before: {_shown(before)}\nrevision after:  {_shown(after)}")


@contextmanager
def _database(config: StoreConfig, kind: type[Database] = Database) -> Iterator[Database]:
    try:
        database = kind(config.url)
    except ValueError as error:
        raise BadInputError(str(error)) from error
    try:
        database.read_now(lambda _: None)  # a store that cannot be reached ends here, with the database's own words
        yield database
    finally:
        database.close()


def _check_exists(config: StoreConfig) -> None:
    """Only `migrate` and the server make a store: reading one that is not there is a mistake in the configuration."""
    path = Path(config.url.removeprefix(SQLITE))
    if config.url.startswith(SQLITE) and not path.exists():
        raise BadInputError(f"store.url: there is no store at {path}; name its configuration with --config FILE")


def _shown(revision: str | None) -> str:
    return "none" if revision is None else revision
