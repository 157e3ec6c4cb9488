"""`backup` and `restore`: copies of an SQLite store; for PostgreSQL, what its own programs do."""

from pathlib import Path
from typing import Annotated, NoReturn

import typer

from tps import app
from tps import config as configuration
from tps.backoffice import restored
from tps.commands.store import SQLITE, ConfigFile
from tps.commands.terminal import BadInputError, notes, page
from tps.config import StoreConfig
from tps.store import backup as copies
from tps.store import migrate
from tps.store.database import Database

Copy = Annotated[Path, typer.Argument(metavar="FILE", help="The backup.")]


def backup(
    file: Copy,
    config: ConfigFile = None,
    *,
    force: Annotated[bool, typer.Option("--force", help="Replace FILE once the new backup is whole.")] = False,
) -> None:
    """Copy the store to FILE while the server runs: one moment of it, verified, and on the disk when this ends.

    Example: tps backup /backup/tps-2026-11-22.sqlite3 --config tps.toml
    """
    store_config = configuration.load(config).store
    store = _store_of(store_config, "pg_dump --format=custom --file=FILE")
    if not store.exists():
        raise BadInputError(f"store.url: there is no store at {store}; name its configuration with --config FILE")
    if file.exists() and (not force or file.samefile(store)):
        raise BadInputError(f"{file}: exists already; choose another name, or --force")
    octets = copies.back_up(store, file)
    page().print(f"{file}: {octets} octets, whole and sound")
    notes().print(
        f"The sealing key is not in it ({_key_place(store_config, store)}): keep a copy of the key elsewhere."
    )


def restore(
    file: Copy,
    config: ConfigFile = None,
    *,
    force: Annotated[
        bool, typer.Option("--force", help="Though there is a store: it is kept under a new name.")
    ] = False,
) -> None:
    """Put a backup in the store's place while the server is down; what waited or was in flight in it is UNCERTAIN.

    Example: tps restore /backup/tps-2026-11-22.sqlite3 --config tps.toml
    """
    store_config = configuration.load(config).store
    store = _store_of(store_config, "pg_restore --clean --if-exists --dbname=DATABASE FILE")
    if not file.is_file():
        raise BadInputError(f"{file}: there is no such backup")
    if store.exists() and (not force or file.samefile(store)):
        raise BadInputError(
            f"store.url: there is a store at {store}; --force puts it aside and the backup in its place"
        )
    uncertain = 0

    def prepare(draft: Path) -> None:
        nonlocal uncertain
        uncertain = _brought_up_to_date(draft)

    aside = copies.restore(file, store, prepare)
    page().print(f"{store}: is {file} now; {uncertain} pushes in it may have been sent since, and are UNCERTAIN")
    if aside is not None:
        notes().print(f"The store that was there is kept as {aside}.")
    notes().print(f"The sealing key must be the one of that time ({_key_place(store_config, store)}).")


def _brought_up_to_date(draft: Path) -> int:
    """Bring the copy to this version's schema; returns how many of its pushes are UNCERTAIN now."""
    database = Database(f"{SQLITE}{draft}")
    try:
        migrate.upgrade(database.engine)
        return database.write_now(lambda connection: restored.make_uncertain(connection, app.now_ms()))
    finally:
        database.close()


def _store_of(config: StoreConfig, program: str) -> Path:
    if not config.url.startswith(SQLITE):
        _leave_to_postgresql(program)
    return Path(config.url.removeprefix(SQLITE))


def _leave_to_postgresql(program: str) -> NoReturn:
    raise BadInputError(
        f"store.url: PostgreSQL has its own: {program}, or pg_basebackup with archived WAL to lose nothing; "
        "docs/operations.md tells how"
    )


def _key_place(config: StoreConfig, store: Path) -> str:
    """Where the sealing key of this configuration is looked for, the environment apart."""
    return f"TPS_SEALING_KEY, or {config.sealing_key_file or store.with_suffix('.key')}"
