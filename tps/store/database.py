"""Connections, readers, and the writers (`tps.store.writer`), which gather concurrent writes into one transaction.

Both databases are driven by blocking drivers in threads: they let go of the interpreter lock while the database works,
so the writers are what uses the second core. SQLite has one writer. On PostgreSQL what locks much has a writer of its
own, since each of them waits for the database half of its time.
"""

import asyncio
import contextlib
from collections import Counter
from concurrent.futures import Future, InvalidStateError, ThreadPoolExecutor
from typing import NoReturn, TypeVar

from sqlalchemy import Connection

from tps.errors import RetryLaterError, StoreDamagedError
from tps.store import faults
from tps.store.connections import READERS, open_engine, place_of
from tps.store.wal import Wal
from tps.store.writer import TOGETHER_MAX, Operation, Transactions, Write, Writer
from tps.threads import name_thread

__all__ = ["Connection", "Database", "Operation"]

T = TypeVar("T")


class Database:
    """An open store: `write` and `read` run an operation (a function of a connection) and await what it returns."""

    def __init__(self, url: str) -> None:
        self.engine = open_engine(url)
        self.dialect = self.engine.dialect.name
        self.place = place_of(self.engine.url)
        self._closed = False
        self._damage: Future[None] = Future()
        self._readers = ThreadPoolExecutor(READERS, "store-reader", initializer=name_thread, initargs=("store-reader",))
        self._transactions = [self._new_transactions()]
        if self.dialect == "sqlite":
            self._writer = Writer(
                "store-writer", self._transactions[0], together_max=TOGETHER_MAX, afterwards=Wal(self.engine).keep_small
            )
            self._writer_alone = self._writer
        else:
            self._transactions.append(self._new_transactions())
            self._writer = Writer("store-writer", self._transactions[0], together_max=TOGETHER_MAX)
            self._writer_alone = Writer("store-intake", self._transactions[1], together_max=1)

    async def write(self, operation: Operation[T], *, alone: bool = False) -> T:
        """What `operation` returned, once its transaction is durable.

        `alone`: it locks much, in order. Behind others in their transaction it would lock out of order, and deadlock
        with other nodes; so where there may be such it has a transaction of its own, and does not keep others waiting.

        An operation may run twice (when a neighbour in its transaction failed, or another was in the way), so it must
        have no effect but on the store. `RetryLaterError` when the database cannot be reached, is locked or full;
        `StoreDamagedError` once what lies on the disk was found to be no sound database.
        """
        self._verify_open()
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[T] = loop.create_future()
        (self._writer_alone if alone else self._writer).put(Write(operation, answer, loop))
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
    def commits(self) -> int:
        """Transactions of the writers."""
        return sum(each.commits for each in self._transactions)

    @property
    def moves(self) -> Counter[str]:
        """Pushes that the writers have moved, by event."""
        return sum((each.moves for each in self._transactions), Counter())

    @property
    def backlog(self) -> int:
        """Writes waiting for their transaction."""
        return sum(writer.backlog for writer in {self._writer, self._writer_alone})

    def close(self) -> None:
        """Finish the writes that were accepted, then let go of the database."""
        if self._closed:
            return
        self._closed = True
        for writer in {self._writer, self._writer_alone}:
            writer.close()
        self._readers.shutdown()
        self.engine.dispose()

    def _new_transactions(self) -> Transactions:
        return Transactions(self.engine, self._verify_sound, self._told)

    def _verify_open(self) -> None:
        if self._closed:
            raise RetryLaterError("the store is closing")
        self._verify_sound()

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
