"""Connections, and the one writer, which gathers concurrent writes into one transaction (group commit).

Both databases are driven by blocking drivers in threads: they let go of the interpreter lock while the database
works, so the
writer is what uses the second core. There is no timer: while one transaction is being committed, whatever arrives
waits for the next, so batches grow with the load and a lone write goes straight through.
"""

import asyncio
import contextlib
import os
import queue
import sqlite3
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, cast

import psycopg
import structlog
from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DBAPIError

from tps.errors import RetryLaterError
from tps.store import changes

__all__ = ["Connection", "Database", "Operation"]

log = structlog.get_logger(__name__)

T = TypeVar("T")
Operation = Callable[[Connection], T]

WRITES_PER_TRANSACTION = 64
"""Bound on the writes gathered into one transaction; each of them may itself be a batch."""
READERS = 3
SQLITE_CACHE_KIB = 131_072
SQLITE_BUSY_TIMEOUT_MS = 5_000
SQLITE_CHECKPOINT_PAGES = 8_000
"""WAL pages (4 KiB) before a checkpoint; above SQLite's 1000, so that hot pages are copied back less often."""


@dataclass(slots=True)
class _Write:
    operation: Operation[Any]
    answer: "asyncio.Future[Any]"
    loop: asyncio.AbstractEventLoop
    outcome: Any = None
    error: BaseException | None = None


class Database:
    """An open store: `write` and `read` run an operation (a function of a connection) and await what it returns."""

    def __init__(self, url: str) -> None:
        self.engine = _engine(url)
        self.dialect = self.engine.dialect.name
        self.commits = 0
        self._writes: queue.SimpleQueue[_Write | None] = queue.SimpleQueue()
        self._readers = ThreadPoolExecutor(
            READERS, "store-reader", initializer=_name_thread, initargs=("store-reader",)
        )
        self._writer = threading.Thread(target=self._write_until_closed, name="store-writer", daemon=True)
        self._writer.start()
        self._closed = False

    async def write(self, operation: Operation[T]) -> T:
        """What `operation` returned, once its transaction is durable.

        An operation may run twice (when a neighbour in its transaction failed), so it must have no effect but on the
        store. `RetryLaterError` when the database cannot be reached or is locked.
        """
        self._verify_open()
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[T] = loop.create_future()
        self._writes.put(_Write(operation, answer, loop))
        return await answer

    async def read(self, operation: Operation[T]) -> T:
        """What `operation` returned; it must not write. `RetryLaterError` as with `write`."""
        self._verify_open()
        return await asyncio.get_running_loop().run_in_executor(self._readers, self.read_now, operation)

    def read_now(self, operation: Operation[T]) -> T:
        """Like `read`, blocking: for start-up and the command line."""
        try:
            with self.engine.connect().execution_options(read_only=True) as connection, connection.begin():
                return operation(connection)
        except DATABASE_ERRORS as error:
            raise (_unreachable(error) if is_passing(error) else error) from error

    def write_now(self, operation: Operation[T]) -> T:
        """Like `write`, blocking and in a transaction of its own: for start-up and the command line."""
        try:
            with self.engine.begin() as connection:
                return operation(connection)
        except DATABASE_ERRORS as error:
            raise (_unreachable(error) if is_passing(error) else error) from error

    @property
    def backlog(self) -> int:
        """Writes waiting for the next transaction."""
        return self._writes.qsize()

    def close(self) -> None:
        """Finish the writes that were accepted, then let go of the database."""
        if self._closed:
            return
        self._closed = True
        self._writes.put(None)
        self._writer.join()
        self._readers.shutdown()
        self.engine.dispose()

    def _verify_open(self) -> None:
        if self._closed:
            raise RetryLaterError("the store is closing")

    def _write_until_closed(self) -> None:
        _name_thread("store-writer")
        closing = False
        while not closing:
            gathered: list[_Write] = []
            write: _Write | None = self._writes.get()
            while True:
                if write is None:
                    closing = True
                    break
                gathered.append(write)
                if len(gathered) >= WRITES_PER_TRANSACTION:
                    break
                try:
                    write = self._writes.get_nowait()
                except queue.Empty:
                    break
            if gathered:
                self._commit(gathered)

    def _commit(self, writes: Sequence[_Write]) -> None:
        """Run all in one transaction; if one fails, run each in its own, so that it fails alone."""
        try:
            with self.engine.begin() as connection:
                for write in writes:
                    write.outcome = write.operation(connection)
            self.commits += 1
        except Exception as error:  # noqa: BLE001 - whatever an operation raises is its caller's, who awaits it
            if is_passing(error):
                unreachable = _unreachable(error)
                for write in writes:
                    write.error = unreachable
            elif len(writes) == 1:
                writes[0].error = error
            else:
                for write in writes:
                    self._commit([write])
                return
        for loop in {write.loop for write in writes}:
            with contextlib.suppress(RuntimeError):  # the loop is closed: those who waited there have gone with it
                loop.call_soon_threadsafe(_answer, [write for write in writes if write.loop is loop])


def _name_thread(name: str) -> None:
    """Let `top -H` and the load tests tell this thread from others: Python names them for itself only until 3.14."""
    with contextlib.suppress(OSError):  # Linux alone has this file (proc(5)); a name is at most 15 octets
        Path("/proc/thread-self/comm").write_text(name)


def _answer(writes: Sequence[_Write]) -> None:
    for write in writes:
        if write.answer.done():  # its caller has gone
            continue
        if write.error is not None:
            write.answer.set_exception(write.error)
        else:
            write.answer.set_result(write.outcome)


_PASSING_CLASSES = frozenset({"08", "25", "40", "53", "55", "57", "58"})
"""SQLSTATE classes of what is nobody's fault and passes: connection, read-only while a replica takes over, conflicts,
resources, locks, operator, system. PostgreSQL manual, appendix A."""


DATABASE_ERRORS = (DBAPIError, sqlite3.Error, psycopg.Error)
"""What a database raises: by way of SQLAlchemy, or the driver's own from a prepared statement."""


def is_passing(error: Exception) -> bool:
    """True when the same write may succeed later: the database is away, locked, full or changing over."""
    cause = _cause(error)
    state = getattr(cause, "sqlstate", None)
    if state is not None:
        return state[:2] in _PASSING_CLASSES
    return isinstance(cause, sqlite3.OperationalError | psycopg.OperationalError)


def _cause(error: Exception) -> BaseException | None:
    """The driver's error behind one."""
    return error.orig if isinstance(error, DBAPIError) else error


def _unreachable(error: Exception) -> RetryLaterError:
    log.warning("store.unreachable", error=str(_cause(error)))
    return RetryLaterError("the database cannot be used now; nothing was stored, send the request again", delay_s=2.0)


_URL_FORMS = "sqlite:///PATH or postgresql://USER@HOST/DATABASE"


def _engine(url: str) -> Engine:
    """The connections to a store; `ValueError` for a URL that leads to none."""
    engine = _connections(url)
    event.listen(engine, "commit", changes.write_noted)
    return engine


def _connections(url: str) -> Engine:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):  # neither is shown: a URL may hold a password
        raise ValueError(f"store.url: {_URL_FORMS} expected") from None
    if parsed.get_backend_name() == "postgresql":
        return create_engine(
            parsed.set(drivername="postgresql+psycopg"),
            pool_size=READERS + 2,
            pool_pre_ping=True,
            hide_parameters=True,  # they are numbers and identities of people
            connect_args={"connect_timeout": 5, "application_name": "tps"},
        )
    if parsed.get_backend_name() != "sqlite":
        raise ValueError(f"store.url: {_URL_FORMS} expected; got {parsed.drivername}")
    _make_private(parsed.database)
    engine = create_engine(
        parsed,
        pool_size=READERS + 2,
        hide_parameters=True,
        connect_args={"check_same_thread": False, "timeout": SQLITE_BUSY_TIMEOUT_MS / 1000},
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
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
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # IMMEDIATE: a transaction that reads first and writes later could otherwise fail at its first write.
    mode = "DEFERRED" if connection.get_execution_options().get("read_only") else "IMMEDIATE"
    connection.exec_driver_sql(f"BEGIN {mode}")
