"""Writers who want the same rows in other orders: what deadlocks is done one by one, and nobody hears of it."""

import asyncio
import threading
from collections.abc import Awaitable, Iterator
from typing import TypeVar

import pytest
from sqlalchemy import Connection, text

from tests import postgresql_server
from tps.store import migrate
from tps.store.database import Database, Operation

T = TypeVar("T")
ROWS = ("a", "b")


@pytest.fixture
def nodes(postgresql_url: str) -> Iterator[tuple[Database, Database]]:
    """Two processes' stores on one PostgreSQL, with two rows to quarrel about."""
    with postgresql_server.database(postgresql_url, "conflicts") as url:
        first, second = Database(url), Database(url)
        migrate.upgrade(first.engine)
        for name in ROWS:
            first.write_now(adding(name))
        try:
            yield first, second
        finally:
            first.close()
            second.close()


def adding(name: str) -> Operation[None]:
    """Store a row."""

    def operation(connection: Connection) -> None:
        connection.execute(text("INSERT INTO server_secret (name, sealed_value) VALUES (:name, '')"), {"name": name})

    return operation


def marking(name: str, mark: str, met: threading.Barrier | None = None) -> Operation[str]:
    """Add a mark to a row; the first time, wait then until another has done so with its row."""
    is_first = True

    def operation(connection: Connection) -> str:
        nonlocal is_first
        connection.execute(
            text("UPDATE server_secret SET sealed_value = sealed_value || :mark WHERE name = :name"),
            {"name": name, "mark": mark},
        )
        if is_first and met is not None:
            is_first = False
            met.wait(10)
        return mark

    return operation


def answering(mark: str) -> Operation[str]:
    """Write nothing."""
    return lambda _: mark


async def together(database: Database, *operations: Operation[str], alone: bool = False) -> list[str]:
    """The answers of operations that the writer finds at once."""
    held = threading.Event()
    waiting = asyncio.create_task(database.write(lambda _: held.wait(10), alone=alone))
    await asyncio.sleep(0.05)
    writing = [asyncio.create_task(database.write(operation, alone=alone)) for operation in operations]
    await asyncio.sleep(0.05)
    held.set()
    await waiting
    return await asyncio.gather(*writing)


async def both_of(one: Awaitable[T], other: Awaitable[T]) -> tuple[T, T]:
    """What both give, side by side."""
    first, second = await asyncio.gather(one, other)
    return first, second


async def marks(database: Database) -> dict[str, str]:
    rows = await database.read(lambda connection: connection.execute(text("SELECT * FROM server_secret")).all())
    return {row.name: "".join(sorted(row.sealed_value)) for row in rows}


async def test_a_deadlock_of_two_nodes_is_no_trouble_of_their_callers(nodes: tuple[Database, Database]) -> None:
    met = threading.Barrier(2)
    first, second = nodes
    answers = await both_of(
        together(first, marking("a", "1", met), marking("b", "2")),
        together(second, marking("b", "3", met), marking("a", "4")),
    )
    assert answers == (["1", "2"], ["3", "4"])
    assert await marks(first) == {"a": "14", "b": "23"}


async def test_a_deadlock_within_one_write_is_done_again(nodes: tuple[Database, Database]) -> None:
    met = threading.Barrier(2)

    def both(first: Operation[str], second: Operation[str]) -> Operation[str]:
        return lambda connection: first(connection) + second(connection)

    answers = await both_of(
        nodes[0].write(both(marking("a", "1", met), marking("b", "2"))),
        nodes[1].write(both(marking("b", "3", met), marking("a", "4"))),
    )
    assert answers == ("12", "34")
    assert await marks(nodes[0]) == {"a": "14", "b": "23"}


async def test_what_is_written_alone_shares_no_transaction_where_other_nodes_write(
    nodes: tuple[Database, Database], sqlite: Database
) -> None:
    for database, commits in ((nodes[0], 1 + 3), (sqlite, 2)):
        before = database.commits
        await together(database, *(answering(mark) for mark in "abc"), alone=True)
        assert database.commits - before == commits
