"""Lists of pushes for people, the newest first: page by page, found by what they are about."""

from functools import cache
from typing import NamedTuple

from sqlalchemy import BigInteger, Connection, SmallInteger, select

from tps.decisions.identities import bucket_of
from tps.decisions.push_id import bucket_of_id
from tps.decisions.push_life import KEY_HOLDING_STATES
from tps.store.batches import Batch, Fetching
from tps.store.pushes import PushRow
from tps.store.schema import has_ended_badly, push
from tps.store.stretches import stretches


class Wanted(NamedTuple):
    """Which pushes: None asks for any. Numbers of pushes sort by time, so a time is a limit of the number."""

    imsi: str | None
    settings: str | None
    state: int | None
    error: str | None
    """What the error must contain."""
    from_id: int
    below_id: int


def page(connection: Connection, wanted: Wanted, limit: int) -> list[PushRow]:
    """At most `limit` of the wanted pushes, the newest first.

    The newest numbers are looked up, of pushes that ended badly along their own index, of a subscriber along the pair
    keys, otherwise along the primary key; whole rows are read of the winners only.
    """
    numbers = select(push.c.id).where(push.c.id >= wanted.from_id, push.c.id < wanted.below_id)
    for name in ("imsi", "settings", "state"):
        value = getattr(wanted, name)
        if value is not None:
            numbers = numbers.where(push.c[name] == value)
    if wanted.error is not None:
        numbers = numbers.where(push.c.error.contains(wanted.error, autoescape=True))
    numbers = numbers.order_by(push.c.id.desc()).limit(limit)
    if wanted.imsi is not None:
        places = [push.c.bucket == bucket_of(wanted.imsi)]
    elif wanted.state is not None and wanted.state not in KEY_HOLDING_STATES:
        places = [has_ended_badly]
    else:
        places = stretches(connection.dialect.name)
    found = [each for place in places for each in connection.execute(numbers.where(place)).scalars()]
    newest = sorted(found, reverse=True)[:limit]
    statement, batch = _rows(connection.dialect.name)
    rows = statement.fetch(connection, batch.parameters([(bucket_of_id(number), number) for number in newest]))
    by_id = {row.id: row for row in rows}
    return [by_id[number] for number in newest if number in by_id]


@cache
def _rows(dialect: str) -> tuple[Fetching[PushRow], Batch]:
    batch = Batch(dialect, bucket=SmallInteger(), id=BigInteger())
    statement = (
        select(*(push.c[name] for name in PushRow._fields))
        .select_from(batch.source)
        .join(push, (push.c.bucket == batch.c["bucket"]) & (push.c.id == batch.c["id"]))
    )
    return Fetching(dialect, statement, PushRow), batch
