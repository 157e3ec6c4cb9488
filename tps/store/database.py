"""Connections, and the one writer, which gathers concurrent writes into one transaction (group commit).

Both databases are driven by blocking drivers in threads: they let go of the interpreter lock while the database
works, so the
writer is what uses the second core. There is no timer: while one transaction is being committed, whatever arrives
waits for the next, so batches grow with the load and a lone write goes straight through.
"""

import asyncio
import contextlib
import itertools
import queue
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, InvalidStateError, ThreadPoolExecutor
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, NoReturn, TypeVar

import structlog
from sqlalchemy import Connection

from tps.errors import RetryLaterError, StoreDamagedError
from tps.store import faults, move_counts
from tps.store.connections import READERS, Kept, open_engine, place_of
from tps.store.wal import Wal
from tps.threads import name_thread

__all__ = ["Connection", "Database", "Operation"]

T = TypeVar("T")
Operation = Callable[[Connection], T]

WRITES_PER_TRANSACTION = 64
"""Bound on the writes gathered into one transaction; each of them may itself be a batch."""
CONFLICTS_MAX = 5
"""How often a write is done again that the database has ended in favour of another node's."""

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Write:
    operation: Operation[Any]
    answer: "asyncio.Future[Any]"
    loop: asyncio.AbstractEventLoop
    is_alone: bool = False
    outcome: Any = None
    error: BaseException | None = None


class Database:
    """An open store: `write` and `read` run an operation (a function of a connection) and await what it returns."""

    def __init__(self, url: str) -> None:
        self.engine = open_engine(url)
        self.dialect = self.engine.dialect.name
        self.place = place_of(self.engine.url)
        self.commits = 0
        self.moves: Counter[str] = Counter()
        """Pushes that the writer has moved, by event; never changed in place, so that any thread may read it."""
        self._writers = Kept(self.engine)
        self._wal = Wal(self.engine) if self.dialect == "sqlite" else None
        self._writes: queue.SimpleQueue[_Write | None] = queue.SimpleQueue()
        self._readers = ThreadPoolExecutor(READERS, "store-reader", initializer=name_thread, initargs=("store-reader",))
        self._writer = threading.Thread(target=self._write_until_closed, name="store-writer", daemon=True)
        self._writer.start()
        self._closed = False
        self._damage: Future[None] = Future()

    async def write(self, operation: Operation[T], *, alone: bool = False) -> T:
        """What `operation` returned, once its transaction is durable.

        `alone`: it locks much, in order. Behind others in their transaction it would lock out of order, and deadlock
        with other nodes; so where there may be such it has a transaction of its own.

        An operation may run twice (when a neighbour in its transaction failed, or another node was in the way), so it
        must have no effect but on the store. `RetryLaterError` when the database cannot be reached, is locked or full;
        `StoreDamagedError` once what lies on the disk was found to be no sound database.
        """
        self._verify_open()
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[T] = loop.create_future()
        self._writes.put(_Write(operation, answer, loop, alone and self.dialect != "sqlite"))
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
        except faults.DATABASE_ERRORS as error:
            raise self._told(error) from error

    def write_now(self, operation: Operation[T]) -> T:
        """Like `write`, blocking and in a transaction of its own: for start-up and the command line."""
        try:
            with self.engine.begin() as connection:
                return operation(connection)
        except faults.DATABASE_ERRORS as error:
            raise self._told(error) from error

    async def until_damaged(self) -> NoReturn:
        """Wait for the `StoreDamagedError` after which the server must stop: it stands in the task that awaits this."""
        await asyncio.shield(asyncio.wrap_future(self._damage))
        raise AssertionError("the damage of a store is an error and nothing else")

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
        self._writers.let_go()
        self._readers.shutdown()
        self.engine.dispose()

    def _verify_open(self) -> None:
        if self._closed:
            raise RetryLaterError("the store is closing")
        self._verify_sound()

    def _write_until_closed(self) -> None:
        name_thread("store-writer")
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
            for together in _transactions(gathered):
                self._commit(together)
            if gathered and self._wal is not None:
                self._wal.keep_small()

    def _commit(self, writes: Sequence[_Write], conflicts: int = 0) -> None:
        """Run all in one transaction; if one fails, run each in its own, so that it fails alone.

        What only another node was in the way of is run again.
        """
        try:
            self._verify_sound()
            connection = self._writers.connection()
            with connection.begin():
                move_counts.take(connection)  # of a transaction that was rolled back
                for write in writes:
                    write.outcome = write.operation(connection)
                moves = move_counts.take(connection)
            self.commits += 1
            self.moves = self.moves + moves
        except Exception as error:  # noqa: BLE001 - whatever an operation raises is its caller's, who awaits it
            self._writers.let_go()
            if isinstance(error, faults.DATABASE_ERRORS) and faults.is_conflict(error) and conflicts < CONFLICTS_MAX:
                log.info("store.conflict", writes=len(writes), times=conflicts + 1)
                for write in writes:
                    self._commit([write], conflicts + 1)
                return
            told = self._told(error)
            if len(writes) > 1 and not isinstance(told, RetryLaterError):
                for write in writes:
                    self._commit([write])
                return
            for write in writes:
                write.error = told
        for loop in {write.loop for write in writes}:
            with contextlib.suppress(RuntimeError):  # the loop is closed: those who waited there have gone with it
                loop.call_soon_threadsafe(_answer, [write for write in writes if write.loop is loop])

    def _told(self, error: Exception) -> Exception:
        """What the caller is told; a damaged store ends whoever awaits `until_damaged`."""
        if not isinstance(error, faults.DATABASE_ERRORS):
            return error
        told = faults.told(error, self.place)
        if isinstance(told, StoreDamagedError):
            with contextlib.suppress(InvalidStateError):  # another thread found it at the same time
                self._damage.set_exception(told)
        elif faults.is_from_a_replica(error):
            self.engine.dispose()
        return told

    def _verify_sound(self) -> None:
        """Nothing is read or written any more once damage was found: what is built on it would be damage, too."""
        if self._damage.done():
            self._damage.result()


def _transactions(writes: Sequence[_Write]) -> Iterator[Sequence[_Write]]:
    """The writes in their order, those that are alone by themselves."""
    for is_alone, group in itertools.groupby(writes, key=attrgetter("is_alone")):
        if is_alone:
            for write in group:
                yield [write]
        else:
            yield list(group)


def _answer(writes: Sequence[_Write]) -> None:
    for write in writes:
        if write.answer.done():  # its caller has gone
            continue
        if write.error is not None:
            write.answer.set_exception(write.error)
        else:
            write.answer.set_result(write.outcome)
