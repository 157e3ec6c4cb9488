"""Receipts on disk that no push is known for yet: of another node's push, or of one whose answer never came.

They are acknowledged, so this is the only copy: a row goes in the transaction that settles its push, or when its time
is over. Two receipts for one id that say the same are one row.
"""

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

from sqlalchemy import (
    BigInteger,
    Connection,
    SmallInteger,
    String,
    bindparam,
    delete,
    func,
    select,
    true,
    tuple_,
    update,
)

from tps.store.batches import Batch, Fetching, Prepared, inserting
from tps.store.schema import parked_receipt


class ParkedReceipt(NamedTuple):
    """What an SMSC said about a message, and when to look for its push (again); `message_id` is normalised."""

    bucket: int
    route: str
    message_id: str
    destination: str
    state: str
    error: str
    vendor: str
    parked_at: int
    look_at: int
    until: int

    @property
    def final(self) -> bool:
        """True: only what ends a message is parked."""
        return True


_KEY = tuple(column.name for column in parked_receipt.primary_key.columns)
_COLUMNS = tuple(parked_receipt.c[name] for name in ParkedReceipt._fields)


def add(connection: Connection, parked: Sequence[ParkedReceipt]) -> None:
    """Store these; what is parked already stays as it is."""
    if parked:
        statement, batch = _insert(connection.dialect.name)
        statement.run(connection, batch.parameters(sorted(parked)))


def is_any_due(connection: Connection, now_ms: int) -> bool:
    """Whether it is time to look for the push of any of them."""
    return bool(_is_any_due(connection.dialect.name).fetch(connection, {"now": now_ms}))


def due(connection: Connection, now_ms: int, limit: int) -> list[ParkedReceipt]:
    """Those whose time to look has come, in the order they came; locked against other nodes, which skip them."""
    found = _due(connection.dialect.name).fetch(connection, {"now": now_ms, "limit": limit})
    return sorted(found, key=lambda parked: parked.parked_at)


def for_numbers(connection: Connection, destinations: Sequence[str]) -> list[ParkedReceipt]:
    """All for these numbers, as the receipts wrote them; locked, and without those that another node holds."""
    statement, batch = _for_numbers(connection.dialect.name)
    return statement.fetch(connection, batch.parameters([(destination,) for destination in destinations]))


def remove(connection: Connection, parked: Sequence[ParkedReceipt]) -> None:
    """These have found their push, or their time is over."""
    if parked:
        statement, batch = _remove(connection.dialect.name)
        statement.run(connection, batch.parameters([row[: len(_KEY)] for row in parked]))


def put_off(connection: Connection, parked: Sequence[ParkedReceipt]) -> None:
    """Save when to look for these again: their `look_at`."""
    if parked:
        statement, batch = _put_off(connection.dialect.name)
        statement.run(connection, batch.parameters([(*row[: len(_KEY)], row.look_at) for row in parked]))


def count(connection: Connection) -> int:
    """How many there are."""
    return connection.execute(select(func.count()).select_from(parked_receipt)).scalar_one()


class _Place(NamedTuple):
    bucket: int


@cache
def _insert(dialect: str) -> tuple[Prepared, Batch]:
    batch = Batch(dialect, **{name: parked_receipt.c[name].type for name in ParkedReceipt._fields})
    rows = select(*(batch.c[name] for name in ParkedReceipt._fields)).select_from(batch.source).where(true())
    statement = inserting(dialect, parked_receipt, ParkedReceipt._fields, rows)
    return Prepared(dialect, statement.on_conflict_do_nothing(index_elements=list(_KEY))), batch


@cache
def _is_any_due(dialect: str) -> Fetching[_Place]:
    is_due = parked_receipt.c.look_at <= bindparam("now", type_=BigInteger)
    return Fetching(dialect, select(parked_receipt.c.bucket).where(is_due).limit(1), _Place)


@cache
def _due(dialect: str) -> Fetching[ParkedReceipt]:
    statement = (
        select(*_COLUMNS)
        .where(parked_receipt.c.look_at <= bindparam("now", type_=BigInteger))
        .order_by(parked_receipt.c.look_at)
        .limit(bindparam("limit"))
        .with_for_update(skip_locked=True)
    )
    return Fetching(dialect, statement, ParkedReceipt)


@cache
def _for_numbers(dialect: str) -> tuple[Fetching[ParkedReceipt], Batch]:
    batch = Batch(dialect, destination=String())
    statement = (
        select(*_COLUMNS)
        .select_from(batch.source)
        .join(parked_receipt, parked_receipt.c.destination == batch.c["destination"])
        .with_for_update(skip_locked=True, of=parked_receipt)
    )
    return Fetching(dialect, statement, ParkedReceipt), batch


def _batch_of_keys(dialect: str, **more: BigInteger) -> Batch:
    return Batch(dialect, bucket=SmallInteger(), **dict.fromkeys(_KEY[1:], String()), **more)


@cache
def _remove(dialect: str) -> tuple[Prepared, Batch]:
    batch = _batch_of_keys(dialect)
    gone = select(*(batch.c[name] for name in _KEY)).select_from(batch.source)
    key = tuple_(*(parked_receipt.c[name] for name in _KEY))
    return Prepared(dialect, delete(parked_receipt).where(key.in_(gone))), batch


@cache
def _put_off(dialect: str) -> tuple[Prepared, Batch]:
    batch = _batch_of_keys(dialect, look_at=BigInteger())
    statement = update(parked_receipt).values(look_at=batch.c["look_at"])
    return Prepared(dialect, statement.where(*(parked_receipt.c[name] == batch.c[name] for name in _KEY))), batch
