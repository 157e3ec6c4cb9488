"""Message ids on disk: which part of which push the SMSC gave an id to, so that receipts find it at any time."""

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

from sqlalchemy import BigInteger, Connection, SmallInteger, String, delete, select, true

from tps.store.batches import Batch, Fetching, Prepared, inserting
from tps.store.schema import submission


class Submission(NamedTuple):
    """One part that the SMSC accepted; `message_id` is normalised, `bucket` is its bucket."""

    bucket: int
    route: str
    message_id: str
    push_bucket: int
    push_id: int
    part: int
    msisdn: str
    expires_at: int


class Candidate(NamedTuple):
    """One id under which the part of a receipt may be known; `place` and `rank` are the caller's."""

    place: int
    rank: int
    bucket: int
    route: str
    message_id: str


class Match(NamedTuple):
    """A candidate that is known."""

    place: int
    rank: int
    push_bucket: int
    push_id: int
    part: int
    msisdn: str
    bucket: int
    route: str
    message_id: str


def add(connection: Connection, submissions: Sequence[Submission]) -> None:
    """Store these; an id that the SMSC gave out before (their counters wrap) now means the new part."""
    if submissions:
        statement, batch = _insert(connection.dialect.name)
        # One statement may not touch a row twice: of ids given out twice in one batch the last one counts.
        newest = {row[:3]: row for row in submissions}
        statement.run(connection, batch.parameters(list(newest.values())))


def match(connection: Connection, candidates: Sequence[Candidate]) -> list[Match]:
    """The candidates that are known."""
    if not candidates:
        return []
    statement, batch = _match(connection.dialect.name)
    return statement.fetch(connection, batch.parameters(candidates))


def remove_expired(connection: Connection, bucket: int, now_ms: int) -> int:
    """Forget the parts of one bucket whose push ended without a receipt long ago."""
    return connection.execute(
        delete(submission).where(submission.c.bucket == bucket, submission.c.expires_at < now_ms)
    ).rowcount


@cache
def _insert(dialect: str) -> tuple[Prepared, Batch]:
    batch = Batch(dialect, **{name: submission.c[name].type for name in Submission._fields})
    rows = select(*(batch.c[name] for name in Submission._fields)).select_from(batch.source).where(true())
    statement = inserting(dialect, submission, Submission._fields, rows)
    replaced = {name: statement.excluded[name] for name in Submission._fields[3:]}
    key = [submission.c.bucket, submission.c.route, submission.c.message_id]
    return Prepared(dialect, statement.on_conflict_do_update(index_elements=key, set_=replaced)), batch


@cache
def _match(dialect: str) -> tuple[Fetching[Match], Batch]:
    batch = Batch(
        dialect, place=BigInteger(), rank=SmallInteger(), bucket=SmallInteger(), route=String(), message_id=String()
    )
    columns = [submission.c[name] for name in Match._fields[2:]]
    statement = (
        select(batch.c["place"].label("place"), batch.c["rank"].label("rank"), *columns)
        .select_from(batch.source)
        .join(
            submission,
            (submission.c.bucket == batch.c["bucket"])
            & (submission.c.route == batch.c["route"])
            & (submission.c.message_id == batch.c["message_id"]),
        )
    )
    return Fetching(dialect, statement, Match), batch
