"""The nodes on this store: each holds its name and its number under a lease. Who has no row here holds nothing.

Leases are compared by one clock, or a machine whose clock is ahead would take the work of all others: the database
server's. Nodes on an SQLite file are on one machine, and use its clock.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from sqlalchemy import BigInteger, Connection, cast, delete, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from tps.store.schema import bind_slot, node


class NodeRow(NamedTuple):
    """One process that serves: who it is among the nodes, where it runs, until when it is taken for alive."""

    instance: str
    name: str
    number: int
    host: str
    machine: str
    pid: int
    started_at: int
    lease_until: int


_COLUMNS = tuple(node.c[name] for name in NodeRow._fields)


def time_ms(connection: Connection, clock: Callable[[], int]) -> int:
    """Milliseconds since 1970-01-01 UTC by the clock that all nodes share; `clock` is this machine's."""
    if connection.dialect.name == "sqlite":
        return clock()
    epoch_s = func.extract("epoch", func.clock_timestamp())
    return connection.execute(select(cast(epoch_s * 1000, BigInteger))).scalar_one()


def everyone(connection: Connection) -> list[NodeRow]:
    """All nodes by name, also those whose lease has run out and whose work nobody has taken over yet."""
    return [NodeRow(*row) for row in connection.execute(select(*_COLUMNS).order_by(node.c.name))]


def namesakes(connection: Connection, name: str, number: int) -> list[NodeRow]:
    """The nodes that hold this name or this number; locked until the transaction ends."""
    statement = select(*_COLUMNS).where(or_(node.c.name == name, node.c.number == number)).with_for_update()
    return [NodeRow(*row) for row in connection.execute(statement)]


def add(connection: Connection, row: NodeRow) -> bool:
    """Store a node; False where another process takes its name or its number at the same moment."""
    try:
        with connection.begin_nested():
            connection.execute(insert(node).values(row._asdict()))
    except IntegrityError:
        return False
    return True


def lease_until(connection: Connection, instance: str) -> int | None:
    """The end of this instance's lease, None where it is no node any more; locked until the transaction ends."""
    return connection.execute(
        select(node.c.lease_until).where(node.c.instance == instance).with_for_update()
    ).scalar_one_or_none()


def renew(connection: Connection, instance: str, until: int) -> None:
    """Let this instance's lease last until then."""
    connection.execute(update(node).where(node.c.instance == instance).values(lease_until=until))


def remove(connection: Connection, instances: Sequence[str]) -> None:
    """These are nodes no more, and what they held is free."""
    connection.execute(delete(node).where(node.c.instance.in_(instances)))
    connection.execute(delete(bind_slot).where(bind_slot.c.instance.in_(instances)))


def remove_dead(connection: Connection, now_ms: int, believed_until: int, *, but: str) -> list[str]:
    """Remove all whose lease has run out or ends later than any can, but one instance; returns their names."""
    has_run_out = (node.c.lease_until <= now_ms) | (node.c.lease_until > believed_until)
    statement = delete(node).where(has_run_out, node.c.instance != but)
    dead = connection.execute(statement.returning(node.c.name, node.c.instance)).all()
    if dead:
        remove(connection, [row.instance for row in dead])
    return [row.name for row in dead]
