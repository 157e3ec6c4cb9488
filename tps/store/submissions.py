"""Message ids on disk: which part of which push the SMSC gave an id to, so that receipts find it at any time."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import NamedTuple

from sqlalchemy import BigInteger, Connection, SmallInteger, String, delete, select, true, update

from tps.store.batches import Batch, Fetching, Prepared, inserting
from tps.store.schema import submission

ATTEMPT_UNKNOWN = -1
"""What a row has that an older version stored."""
INTERMEDIATE, NEGATIVE = 1, 2
"""Bits of `noted`: what stands in the history of the push already, so that a repetition of it does not."""


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
    attempt: int = ATTEMPT_UNKNOWN
    """Attempts before the one that this part was sent with."""
    parts: int = 0
    """Of that attempt; 0 where an older version stored it."""
    noted: int = 0


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
    attempt: int = ATTEMPT_UNKNOWN
    parts: int = 0
    noted: int = 0


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


def mark_noted(connection: Connection, marks: Mapping[tuple[int, str, str], int]) -> None:
    """What stands in the history now of the parts with these keys (bucket, route, message id)."""
    if marks:
        statement, batch = _mark_noted(connection.dialect.name)
        statement.run(connection, batch.parameters([(*key, noted) for key, noted in sorted(marks.items())]))


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


@cache
def _mark_noted(dialect: str) -> tuple[Prepared, Batch]:
    key = {name: submission.c[name] for name in ("bucket", "route", "message_id")}
    batch = Batch(dialect, **{name: column.type for name, column in key.items()}, noted=SmallInteger())
    marked = update(submission).values(noted=batch.c["noted"])
    statement = marked.where(*(column == batch.c[name] for name, column in key.items()))
    return Prepared(dialect, statement), batch
