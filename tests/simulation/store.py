"""The real store on SQLite, its writer and its readers on the simulated loop; a crash loses what was not committed."""

import asyncio
import shutil
import sqlite3
from collections.abc import Callable
from concurrent.futures import Future
from functools import cache
from pathlib import Path
from random import Random
from tempfile import mkdtemp
from typing import Any, TypeVar

from sqlalchemy import event

from tests.tps.conftest import SEAL
from tests.tps.delivering import SIX_ACCESS_POINTS, publish, subscribe
from tps.decisions.push_life import OPEN_STATES
from tps.errors import RetryLaterError
from tps.store import migrate
from tps.store.connections import open_engine, place_of
from tps.store.database import Database, Operation
from tps.store.writer import Write

T = TypeVar("T")

_MEMORY = Path("/dev/shm")
SUBSCRIBERS = 40

_open = ",".join(str(int(state)) for state in sorted(OPEN_STATES))
_TWO_OPEN = (
    f"SELECT imsi, device, COUNT(*) FROM push WHERE state IN ({_open}) "
    "GROUP BY bucket, imsi, device, fingerprint HAVING COUNT(*) > 1"
)
_FREE_BUT_OPEN = f"SELECT id, state FROM push WHERE state IN ({_open}) AND key_released <> 0"


def folder() -> Path:
    """A new folder, in memory where the system has such."""
    return Path(mkdtemp(prefix="tps-simulation-", dir=_MEMORY if _MEMORY.is_dir() else None))


@cache
def template(rule: str, max_attempts: int, *, many_parts: bool) -> bytes:
    """A store file with subscribers and settings of these rules; made once a process."""
    place = folder()
    try:
        database = Database(f"sqlite:///{place}/template.sqlite3")
        migrate.upgrade(database.engine)
        rules: dict[str, Any] = {"uncertain": rule, "max_attempts": max_attempts}
        if many_parts:
            publish(database, SEAL, SIX_ACCESS_POINTS, **rules)
        else:
            publish(database, SEAL, **rules)
        subscribe(database, SEAL, SUBSCRIBERS)
        database.close()  # with its last connection, SQLite puts everything into the one file
        return (place / "template.sqlite3").read_bytes()
    finally:
        shutil.rmtree(place)


class Disk:
    """What all nodes of a simulation share: the file, and whether it can be reached."""

    def __init__(self, file: Path, random: Random) -> None:
        self.random = random
        self.is_away = False
        self.forgets_answers = False
        """Commits are made, but those who asked for them hear of an error: a connection lost during COMMIT."""
        self.slowest_s = 0.01
        self._judge = sqlite3.connect(file)
        self.broken: list[str] = []
        """Promises that a committed transaction broke."""

    def delay_s(self) -> float:
        """How long the disk takes."""
        return self.random.uniform(0.0002, self.slowest_s)

    def check(self) -> None:
        """What must hold after every commit, seen by somebody else than the server."""
        self.broken += [f"two open pushes of one key: {row}" for row in self._judge.execute(_TWO_OPEN)]
        self.broken += [f"an open push without its key: {row}" for row in self._judge.execute(_FREE_BUT_OPEN)]

    def close(self) -> None:
        """Look no more."""
        self._judge.close()


class SimulatedDatabase(Database):
    """The store of one node: its own transactions, run when the simulated time has come."""

    def __init__(self, url: str, disk: Disk) -> None:
        # Not the base's: it starts threads.
        self.engine = open_engine(url)
        self.place = place_of(self.engine.url)
        self._damage: Future[None] = Future()
        event.listen(self.engine, "connect", _without_fsync)
        self.dialect = self.engine.dialect.name
        self._transactions = [self._new_transactions()]
        self._disk = disk
        self._answers = _AnswersLater(disk)
        self._gathered: list[Write] = []
        self._is_writing = False
        self._closed = False

    async def write(self, operation: Operation[T], *, alone: bool = False) -> T:
        """As the base does on SQLite: what arrives while one transaction is made shares the next."""
        self._verify_open()
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[T] = loop.create_future()
        self._gathered.append(Write(operation, answer, self._answers))  # type: ignore[arg-type]
        if not self._is_writing:
            self._is_writing = True
            loop.call_later(self._disk.delay_s(), self._make_transaction)
        return await answer

    async def read(self, operation: Operation[T]) -> T:
        """As the base does, with a moment between looking and knowing."""
        self._verify_open()
        await asyncio.sleep(self._disk.delay_s())
        outcome = self.read_now(operation)
        await asyncio.sleep(self._disk.delay_s())
        return outcome

    def read_now(self, operation: Operation[T]) -> T:
        """As the base does, where the disk can be reached."""
        self._verify_reachable()
        return super().read_now(operation)

    def write_now(self, operation: Operation[T]) -> T:
        """As the base does, where the disk can be reached."""
        self._verify_reachable()
        outcome = super().write_now(operation)
        self._disk.check()
        return outcome

    @property
    def backlog(self) -> int:
        """Writes waiting for the next transaction."""
        return len(self._gathered)

    def close(self) -> None:
        """Let go of the file."""
        self._closed = True
        self._transactions[0].let_go()
        self.engine.dispose()

    def _make_transaction(self) -> None:
        writes, self._gathered = self._gathered, []
        if self._disk.is_away:
            for write in writes:
                write.error = RetryLaterError("the simulated disk is away")
            writes[0].loop.call_soon_threadsafe(_fail, writes)
        else:
            self._transactions[0].commit(writes)
            self._disk.check()
        loop = asyncio.get_running_loop()
        loop.call_later(self._disk.delay_s(), self._make_next)

    def _make_next(self) -> None:
        if self._gathered:
            self._make_transaction()
        else:
            self._is_writing = False

    def _verify_reachable(self) -> None:
        if self._disk.is_away:
            raise RetryLaterError("the simulated disk is away")


class _AnswersLater:
    """Stands for the loop that a write is answered on: a moment passes between the commit and the answer."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk

    def call_soon_threadsafe(self, callback: Callable[[Any], None], writes: "list[Write]") -> None:
        """What the base calls with the writes of a transaction that is over."""
        if self._disk.forgets_answers:
            for write in writes:
                write.error = RetryLaterError("the connection was lost during the commit")
        asyncio.get_running_loop().call_later(self._disk.delay_s(), callback, writes)


def _fail(writes: "list[Write]") -> None:
    for write in writes:
        if not write.answer.done() and write.error is not None:
            write.answer.set_exception(write.error)


def _without_fsync(connection: Any, _record: object) -> None:
    connection.execute("PRAGMA synchronous=OFF")
    connection.execute("PRAGMA cache_size=-2000")
