"""Writers: threads that make what they are asked to write durable, each on a connection of its own.

There is no timer: while one transaction is being committed, whatever arrives waits for the next, so batches grow with
the load and a lone write goes straight through (group commit).
"""

import asyncio
import contextlib
import queue
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import structlog
from sqlalchemy import Connection, Engine

from tps.errors import RetryLaterError
from tps.store import faults, move_counts
from tps.store.connections import Kept
from tps.threads import name_thread

T = TypeVar("T")
Operation = Callable[[Connection], T]

TOGETHER_MAX = 64
"""Bound on the writes gathered into one transaction; each of them may itself be a batch."""
CONFLICTS_MAX = 5
"""How often a write is done again that the database has ended in favour of another node's, or another writer's."""

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Write:
    """An operation, and who waits for it."""

    operation: Operation[Any]
    answer: "asyncio.Future[Any]"
    loop: asyncio.AbstractEventLoop
    outcome: Any = None
    error: BaseException | None = None


class Transactions:
    """Runs writes in transactions; used by one thread at a time."""

    def __init__(
        self, engine: Engine, verify_sound: Callable[[], None], told: Callable[[Exception], Exception]
    ) -> None:
        """`verify_sound` raises where nothing may be written any more; `told` gives what callers hear of an error."""
        self.commits = 0
        self.moves: Counter[str] = Counter()
        """Pushes moved, by event; never changed in place, so that any thread may read it."""
        self._connections = Kept(engine)
        self._verify_sound = verify_sound
        self._told = told

    def commit(self, writes: Sequence[Write], conflicts: int = 0) -> None:
        """Run all in one transaction; if one fails, run each in its own, so that it fails alone. Then answer.

        What only another node or writer was in the way of is run again.
        """
        try:
            self._verify_sound()
            connection = self._connections.connection()
            with connection.begin():
                move_counts.take(connection)  # of a transaction that was rolled back
                for write in writes:
                    write.outcome = write.operation(connection)
                moves = move_counts.take(connection)
            self.commits += 1
            self.moves = self.moves + moves
        except Exception as error:  # noqa: BLE001 - whatever an operation raises is its caller's, who awaits it
            self.let_go()
            if isinstance(error, faults.DATABASE_ERRORS) and faults.is_conflict(error) and conflicts < CONFLICTS_MAX:
                log.info("store.conflict", writes=len(writes), times=conflicts + 1)
                for write in writes:
                    self.commit([write], conflicts + 1)
                return
            told = self._told(error)
            if len(writes) > 1 and not isinstance(told, RetryLaterError):
                for write in writes:
                    self.commit([write])
                return
            for write in writes:
                write.error = told
        for loop in {write.loop for write in writes}:
            with contextlib.suppress(RuntimeError):  # the loop is closed: those who waited there have gone with it
                loop.call_soon_threadsafe(_answer, [write for write in writes if write.loop is loop])

    def let_go(self) -> None:
        """Give the connection back, whatever state it is in."""
        self._connections.let_go()


class Writer:
    """A thread that writes what it is given, in that order."""

    def __init__(
        self, name: str, transactions: Transactions, *, together_max: int, afterwards: Callable[[], None] = lambda: None
    ) -> None:
        """At most `together_max` writes share a transaction; `afterwards` is called after each transaction."""
        self._transactions = transactions
        self._together_max = together_max
        self._afterwards = afterwards
        self._writes: queue.SimpleQueue[Write | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._write_until_closed, name=name, daemon=True)
        self._thread.start()

    @property
    def backlog(self) -> int:
        """Writes waiting for the next transaction."""
        return self._writes.qsize()

    def put(self, write: Write) -> None:
        """Write it when its turn comes."""
        self._writes.put(write)

    def close(self) -> None:
        """Finish the writes that were accepted, then let go of the database."""
        self._writes.put(None)
        self._thread.join()
        self._transactions.let_go()

    def _write_until_closed(self) -> None:
        name_thread(self._thread.name)
        while (first := self._writes.get()) is not None:
            gathered = [first]
            is_closing = False
            with contextlib.suppress(queue.Empty):
                while len(gathered) < self._together_max and not is_closing:
                    write = self._writes.get_nowait()
                    is_closing = write is None
                    if write is not None:
                        gathered.append(write)
            self._transactions.commit(gathered)
            self._afterwards()
            if is_closing:
                break


def _answer(writes: Sequence[Write]) -> None:
    for write in writes:
        if write.answer.done():  # its caller has gone
            continue
        if write.error is not None:
            write.answer.set_exception(write.error)
        else:
            write.answer.set_result(write.outcome)
