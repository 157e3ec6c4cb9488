"""Connections to a store: by its URL, as each database needs them to be safe, and to notice soon what went wrong."""

import contextlib
import os
import re
import sqlite3
import time
from collections.abc import Mapping
from functools import partial
from types import MappingProxyType
from typing import Any, cast

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DBAPIError

from tps.store import changes
from tps.store.turn import Turn

READERS = 3
KEPT_S = 1.0
"""So long the writer believes that a connection it has used is still one."""
SQLITE_CACHE_KIB = 32_768
"""A connection, and a server has eight. The system keeps the file in memory as well: four times this was no faster."""
SQLITE_BUSY_TIMEOUT_MS = 5_000
SQLITE_STATEMENTS = 512
"""Compiled statements a connection keeps: one with a batch in it is another for each number of rows."""
SQLITE_CHECKPOINT_PAGES = 8_000
"""WAL pages (4 KiB) before a checkpoint; above SQLite's 1000, so that hot pages are copied back less often."""

_URL_FORMS = "sqlite:///PATH or postgresql://USER@HOST/DATABASE"
_SEVERAL_HOSTS = re.compile(r"(postgresql://(?:[^@/?]*@)?)([^@/?]*,[^@/?]*)(/[^?]*)?(?:\?(.*))?", re.DOTALL)
"""libpq's own form of a URL: HOST:PORT,HOST:PORT."""

# A wait that has no end would end the server for its callers: each is bounded, and they are told to come again.
_POSTGRESQL_TIMEOUTS = "-c lock_timeout=5s -c statement_timeout=30s -c idle_in_transaction_session_timeout=60s"
_POSTGRESQL: Mapping[str, Any] = MappingProxyType(
    {
        "application_name": "tps",
        "connect_timeout": 5,  # seconds, for each host
        "keepalives_idle": 10,
        "keepalives_interval": 3,
        "keepalives_count": 3,
        "tcp_user_timeout": 10_000,  # ms until a server that is gone without a word is given up
    }
)
"""What libpq is told; the URL of the store may say otherwise."""


# Python's driver asks each parameter that is no number or text what it is to be taken for. Of None it takes 0.3 µs to
# find out that nobody knows, in several places for each push; with an answer, which is None, half of that.
sqlite3.register_adapter(type(None), set[None]().discard)


class Kept:
    """The connection of a thread that is busy with it: taken anew, and looked at, after a pause or an error."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Connection | None = None
        self._used_at = 0.0

    def connection(self) -> Connection:
        """The same as a moment ago, in no transaction."""
        now = time.monotonic()
        if self._connection is not None and now - self._used_at >= KEPT_S:
            self.let_go()
        self._used_at = now
        if self._connection is None:
            self._connection = self._engine.connect()
        return self._connection

    def let_go(self) -> None:
        """Give it back, whatever state it is in."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(DBAPIError):  # it has been lost
                connection.close()


def open_engine(url: str) -> Engine:
    """The connections to a store; `ValueError` for a URL that leads to none."""
    parsed = _parsed(url)
    backend = parsed.get_backend_name()
    if backend not in ("postgresql", "sqlite"):
        raise ValueError(f"store.url: {_URL_FORMS} expected; got {parsed.drivername}")
    engine = _postgresql(parsed) if backend == "postgresql" else _sqlite(parsed)
    event.listen(engine, "commit", changes.write_noted)
    return engine


def place_of(url: URL) -> str:
    """Which store that is, for people: its file, or its database and host."""
    if url.get_backend_name() == "sqlite":
        return str(url.database)
    hosts = url.query.get("host", ())
    shown = url.host or (hosts if isinstance(hosts, str) else ",".join(hosts)) or "this machine"
    return f"the database {url.database} at {shown}"


def _parsed(url: str) -> URL:
    several = _SEVERAL_HOSTS.fullmatch(url)
    try:
        if several is None:
            return make_url(url)
        start, hosts, path, query = several.groups()
        given = "&".join([*(f"host={host}" for host in hosts.split(",")), *([query] if query else [])])
        return make_url(f"{start}{path or '/'}?{given}")
    except (ArgumentError, ValueError):  # neither is shown: a URL may hold a password
        raise ValueError(f"store.url: {_URL_FORMS} expected") from None


def _postgresql(url: URL) -> Engine:
    options = url.query.get("options", "")
    options = options if isinstance(options, str) else " ".join(options)
    told = {name: value for name, value in _POSTGRESQL.items() if name not in url.query}
    return create_engine(
        url.set(drivername="postgresql+psycopg"),
        pool_size=READERS + 3,
        pool_pre_ping=True,
        hide_parameters=True,  # they are numbers and identities of people
        connect_args={**told, "options": f"{_POSTGRESQL_TIMEOUTS} {options}".rstrip()},
    )


def _sqlite(url: URL) -> Engine:
    _make_private(url.database)
    engine = create_engine(
        url,
        pool_size=READERS + 2,
        hide_parameters=True,
        connect_args={
            "check_same_thread": False,
            "timeout": SQLITE_BUSY_TIMEOUT_MS / 1000,
            "cached_statements": SQLITE_STATEMENTS,
        },
    )
    event.listen(engine, "connect", _prepare_sqlite)
    turn = Turn(url.database or "", SQLITE_BUSY_TIMEOUT_MS / 1000)
    event.listen(engine, "begin", partial(_begin_sqlite, turn))
    event.listen(engine, "engine_disposed", lambda _: turn.close())
    return engine


def _make_private(path: str | None) -> None:
    """Let a new SQLite store belong to its owner only; what SQLite puts beside it (-wal, -shm) is like it."""
    if not path or path == ":memory:":
        raise ValueError("store.url: sqlite:///PATH expected; a store without a file would not outlive its connection")
    try:
        with contextlib.suppress(FileExistsError):
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except OSError as error:
        raise ValueError(f"store.url: {path} cannot be made: {error.strerror}") from error


def _prepare_sqlite(connection: DBAPIConnection, _record: object) -> None:
    cast("Any", connection).isolation_level = None  # we say BEGIN ourselves, see _begin_sqlite
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        f"cache_size=-{SQLITE_CACHE_KIB}",
        f"busy_timeout={SQLITE_BUSY_TIMEOUT_MS}",
        f"wal_autocheckpoint={SQLITE_CHECKPOINT_PAGES}",
        "temp_store=MEMORY",
        # A batch of some length would otherwise make it index a whole table anew, for this one statement.
        "automatic_index=OFF",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(turn: Turn, connection: Connection) -> None:
    driver = cast("sqlite3.Connection", connection.connection.dbapi_connection)
    if connection.get_execution_options().get("read_only"):
        driver.execute("BEGIN DEFERRED")
        return
    with turn.waited_for():
        # IMMEDIATE: a transaction that reads first and writes later could otherwise fail at its first write.
        driver.execute("BEGIN IMMEDIATE")
