"""Dead letters: pushes out of which nothing comes unless a person says so, by reason, and how they begin again."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, func, select, update
from sqlalchemy.exc import IntegrityError

from tps.decisions.push_life import OPEN_STATES, Event, State
from tps.store import move_counts
from tps.store.schema import has_ended_badly, is_open, push


class Wanted(NamedTuple):
    """Which dead letters: None asks for any. Numbers of pushes sort by time, so a time is a limit of the number."""

    states: Sequence[int]
    settings: str | None
    reason: str | None
    """What the reason must contain."""
    from_id: int
    below_id: int


class Reason(NamedTuple):
    """Why so many pushes ended so."""

    state: int
    error: str | None
    number: int
    oldest_id: int
    newest_id: int


class DeadLetter(NamedTuple):
    """What letting one begin again needs."""

    bucket: int
    id: int
    imsi: str
    device: str
    fingerprint: int
    settings: str
    version: int
    state: int


class Beginning(NamedTuple):
    """How a dead letter begins again."""

    bucket: int
    id: int
    state_before: int
    msisdn: str
    expires_at: int
    line: str


def reasons(connection: Connection, wanted: Wanted, limit: int) -> list[Reason]:
    """How many of the wanted there are for each reason, the most frequent first; at most `limit` reasons."""
    count = func.count()
    found: list[Reason] = []
    for state in wanted.states:
        grouped = (
            select(push.c.state, push.c.error, count, func.min(push.c.id), func.max(push.c.id))
            .where(_is_wanted(wanted, state))
            .group_by(push.c.state, push.c.error)
            .order_by(count.desc())
            .limit(limit)
        )
        found += [Reason(*row) for row in connection.execute(grouped)]
    return sorted(found, key=lambda reason: -reason.number)[:limit]


def oldest(connection: Connection, wanted: Wanted, limit: int) -> list[DeadLetter]:
    """At most `limit` of the wanted, the oldest first; locked until the transaction ends."""
    columns = [push.c[name] for name in DeadLetter._fields]
    found: list[DeadLetter] = []
    for state in wanted.states:
        statement = select(*columns).where(_is_wanted(wanted, state)).order_by(push.c.id).limit(limit)
        found += [DeadLetter(*row) for row in connection.execute(statement.with_for_update())]
    return sorted(found, key=lambda letter: letter.id)[:limit]


def find(connection: Connection, bucket: int, push_id: int) -> DeadLetter | None:
    """The push of this number, whatever its state, locked until the transaction ends; None where there is none."""
    columns = [push.c[name] for name in DeadLetter._fields]
    statement = select(*columns).where(push.c.bucket == bucket, push.c.id == push_id).with_for_update()
    row = connection.execute(statement).one_or_none()
    return None if row is None else DeadLetter(*row)


def begin_again(connection: Connection, beginning: Beginning, now_ms: int) -> bool:
    """Let it begin again, its pair's key in its hand; False where another push holds the key."""
    statement = (
        update(push)
        .where(push.c.bucket == beginning.bucket, push.c.id == beginning.id, push.c.state == beginning.state_before)
        .values(
            state=int(State.QUEUED),
            key_released=0,
            msisdn=beginning.msisdn,
            attempts_before=push.c.attempts,
            attention_at=now_ms,
            expires_at=beginning.expires_at,
            owner=None,
            error=None,
            history=push.c.history + beginning.line,
            changed_at=now_ms,
        )
    )
    try:
        with connection.begin_nested():
            connection.execute(statement)
    except IntegrityError:  # the unique index of the keys
        return False
    move_counts.note(connection, [Event.REQUEUE])
    return True


def _is_wanted(wanted: Wanted, state: int) -> ColumnElement[bool]:
    """A condition that one of the two partial indexes answers."""
    conditions = [
        is_open if state in OPEN_STATES else has_ended_badly,
        push.c.state == state,
        push.c.id >= wanted.from_id,
        push.c.id < wanted.below_id,
    ]
    if wanted.settings is not None:
        conditions.append(push.c.settings == wanted.settings)
    if wanted.reason is not None:
        conditions.append(push.c.error.contains(wanted.reason, autoescape=True))
    return and_(*conditions)
