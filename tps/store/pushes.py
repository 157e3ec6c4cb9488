"""Pushes on disk: insert under the pair's key, find the due, load, and save moves. States are decided elsewhere."""

from collections.abc import Sequence
from functools import cache, partial
from operator import attrgetter
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import (
    BigInteger,
    Connection,
    SmallInteger,
    String,
    Text,
    bindparam,
    func,
    select,
    true,
    update,
)

from tps.decisions.identities import DEVICE_UNKNOWN
from tps.decisions.last_resort import Sent
from tps.decisions.push_life import UNSENT_STATES, Event, State
from tps.store import move_counts
from tps.store.batches import Batch, Fetching, Prepared, inserting
from tps.store.cancellable_pushes import is_cancellable
from tps.store.schema import is_open, node, push
from tps.store.stretches import order_of


class NewPush(NamedTuple):
    """A push to be stored: QUEUED, or SENDING under the lease of `owner`."""

    bucket: int
    id: int
    imsi: str
    msisdn: str
    device: str
    settings: str
    version: int
    fingerprint: int
    security: int | None
    sealed_secrets: str | None
    source: str
    state: int
    attention_at: int
    owner: str | None
    expires_at: int
    history: str


class DuePush(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """What composing and sending a push needs. Made of each that is sent: a NamedTuple takes four times as long."""

    bucket: int
    id: int
    imsi: str
    msisdn: str
    settings: str
    version: int
    security: int | None
    sealed_secrets: str | None
    attempts: int
    expires_at: int
    key_released: int
    created_at: int
    attempts_before: int = 0
    """Of its attempts, those made before it was last re-queued: they count no more."""
    device: str = DEVICE_UNKNOWN


class StoredPush(NamedTuple):
    """What deciding over a push needs."""

    bucket: int
    id: int
    state: int
    parts: int
    delivered_parts: int
    attempts: int
    expires_at: int
    attention_at: int
    owner: str | None
    settings: str
    version: int
    attempts_before: int = 0
    """Of its attempts, those made before it was last re-queued: they count no more."""


class Overdue(NamedTuple):
    """A push that was not sent in time, and what tells why."""

    msisdn: str
    history: str
    push: StoredPush


class Move(NamedTuple):
    """One step in the life of a push, ready to be saved. None leaves the stored value as it is."""

    bucket: int
    id: int
    state_before: int
    state: int
    attention_at: int
    line: str
    owner: str | None = None
    attempts: int | None = None
    route: str | None = None
    parts: int | None = None
    delivered_parts: int | None = None
    error: str | None = None
    releases_key: int = 0
    held_by: str | None = None
    """The owner whose lease this move ends: where another node has taken the push meanwhile, it is left alone."""


make_new_push, make_move = partial(tuple.__new__, NewPush), partial(tuple.__new__, Move)
"""These from a tuple of their fields, for what is made of every push: by keywords it takes three times as long."""


class PushRow(NamedTuple):
    """A push as people look at it."""

    id: int
    imsi: str
    msisdn: str
    device: str
    settings: str
    version: int
    security: int | None
    source: str
    state: int
    attention_at: int
    expires_at: int
    attempts: int
    attempts_before: int
    route: str | None
    parts: int
    delivered_parts: int
    error: str | None
    history: str
    created_at: int
    changed_at: int


_ROW = tuple(push.c[name] for name in PushRow._fields)
_STORED = tuple(push.c[name] for name in StoredPush._fields)
_PAIR_KEY = attrgetter("bucket", "imsi", "device", "fingerprint")
_KEY_AND_PLACE = attrgetter("bucket", "imsi", "device", "fingerprint", "id")
_KEY = (push.c.bucket, push.c.imsi, push.c.device, push.c.fingerprint, push.c.key_released)

_NEW_ALIKE = ("settings", "version", "security", "source", "state", "attention_at", "owner", "expires_at", "history")
"""What pushes of the same settings that are stored together, and for the same cause, have in common."""
_MOVED_ALIKE = (
    "state_before", "state", "owner", "attempts", "route", "parts", "delivered_parts", "releases_key", "held_by",
)  # fmt: skip
"""What most pushes that move together have in common. What an error says can be of one push alone."""

_STATE_NAMES = {state: state.name for state in State}
_UNSENT_STATES = sorted(int(state) for state in UNSENT_STATES)


def history_line(now_ms: int, event: str, state: State, detail: str = "") -> str:
    """One line of a push's history."""
    return f"{now_ms} {event} {_STATE_NAMES[state]}{' ' if detail else ''}{detail}\n"


def add(connection: Connection, pushes: Sequence[NewPush], now_ms: int) -> int:
    """Store these, of two of one key the first; those whose key is held are left out. Returns how many were stored."""
    move_counts.note(connection, [Event.CLAIM for push in pushes if push.owner is not None])
    first = {_PAIR_KEY(push): push for push in reversed(pushes)}
    # What nodes wait for here is each other's keys, not ids. SQLite has one writer, and likes the order of its pages.
    dialect = connection.dialect.name
    order = order_of(dialect) if dialect == "sqlite" else _KEY_AND_PLACE
    statement, batch = _insert(dialect)
    return statement.run(connection, {**batch.parameters(sorted(first.values(), key=order)), "now": now_ms})


def due(connection: Connection, now_ms: int, limit: int) -> list[DuePush]:
    """QUEUED pushes whose time has come, the oldest first; locked against other nodes until the transaction ends."""
    return _due(connection.dialect.name).fetch(connection, {"now": now_ms, "limit": limit})


def is_any_due(connection: Connection, now_ms: int) -> bool:
    """Whether any push is QUEUED and its time has come."""
    return bool(_is_any_due(connection.dialect.name).fetch(connection, {"now": now_ms}))


def needing_attention(connection: Connection, state: State, before_ms: int, limit: int) -> list[StoredPush]:
    """Pushes in `state` whose lease, wait or validity ended before `before_ms`."""
    statement = _attention(connection.dialect.name)
    return statement.fetch(connection, {"state": int(state), "now": before_ms, "limit": limit})


def queued_past_validity(connection: Connection, now_ms: int, limit: int) -> list[Overdue]:
    """QUEUED pushes whose validity ended before any route took them."""
    statement = (
        select(push.c.msisdn, push.c.history, *_STORED)
        .where(is_open, push.c.state == int(State.QUEUED), push.c.attention_at <= now_ms, push.c.expires_at <= now_ms)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return [Overdue(row[0], row[1], StoredPush(*row[2:])) for row in connection.execute(statement)]


def orphaned(connection: Connection, limit: int) -> list[StoredPush]:
    """SENDING pushes whose owner is no node (any more): what was in flight when a process died."""
    statement = (
        select(*_STORED)
        .where(is_open, push.c.state == int(State.SENDING), push.c.owner.not_in(select(node.c.instance)))
        .order_by(push.c.bucket, push.c.id)
        .limit(limit)
        .with_for_update(of=push)
    )
    return [StoredPush(*row) for row in connection.execute(statement)]


def load(connection: Connection, ids: Sequence[tuple[int, int]]) -> dict[int, StoredPush]:
    """These pushes by id, from (bucket, id) pairs; locked until the transaction ends."""
    if not ids:
        return {}
    statement, batch = _load(connection.dialect.name)
    return {push.id: push for push in statement.fetch(connection, batch.parameters(ids))}


def save(connection: Connection, moves: Sequence[Move], now_ms: int) -> int:
    """Save these moves, at most one of a push, with their lines; returns how many were still in `state_before`."""
    moved = 0
    dialect = connection.dialect.name
    ordered = sorted(moves, key=order_of(dialect))
    move_counts.note(connection, filter(None, map(_event_of, moves)))
    releasing = [move for move in ordered if move.releases_key]
    keeping = [move for move in ordered if not move.releases_key] if releasing else ordered
    for releases, some in ((False, keeping), (True, releasing)):
        if some:
            statement, batch = _save(dialect, releases)
            moved += statement.run(connection, {**batch.parameters(some), "now": now_ms})
    return moved


def readdress(connection: Connection, bucket: int, imsi: str, msisdn: str) -> None:
    """The subscriber has a new number: what has not left yet goes there."""
    connection.execute(
        update(push)
        .where(
            push.c.bucket == bucket,
            push.c.imsi == imsi,
            push.c.key_released == 0,
            is_cancellable,
            push.c.msisdn != msisdn,
        )
        .values(msisdn=msisdn)
    )


def open_of(connection: Connection, bucket: int, imsi: str) -> list[StoredPush]:
    """The subscriber's pushes of which something can still come."""
    statement = select(*_STORED).where(push.c.bucket == bucket, push.c.imsi == imsi, push.c.key_released == 0, is_open)
    return [StoredPush(*row) for row in connection.execute(statement.with_for_update())]


def sent_to(connection: Connection, bucket: int, imsi: str) -> list[Sent]:
    """All pushes of a subscriber, whatever became of them."""
    columns = [push.c[name] for name in Sent._fields]
    rows = connection.execute(select(*columns).where(push.c.bucket == bucket, push.c.imsi == imsi))
    return [Sent(*row) for row in rows]


def find(connection: Connection, bucket: int, push_id: int) -> PushRow | None:
    """The push, or None."""
    row = connection.execute(select(*_ROW).where(push.c.bucket == bucket, push.c.id == push_id)).one_or_none()
    return None if row is None else PushRow(*row)


def sealed_secrets(connection: Connection, bucket: int, push_id: int) -> str | None:
    """The sealed PIN and values of a push; None where it has none."""
    statement = select(push.c.sealed_secrets).where(push.c.bucket == bucket, push.c.id == push_id)
    return connection.execute(statement).scalar_one_or_none()


def counts_by_state(connection: Connection) -> dict[int, int]:
    """How many open pushes there are in each open state."""
    statement = select(push.c.state, func.count()).where(is_open).group_by(push.c.state)
    return {row[0]: row[1] for row in connection.execute(statement)}


def count_unsent(connection: Connection, at_most: int) -> int:
    """How many pushes wait to leave, or to be sent again; counting ends at `at_most`."""
    unsent = select(push.c.id).where(is_open, push.c.state.in_(_UNSENT_STATES)).limit(at_most).subquery()
    return connection.execute(select(func.count()).select_from(unsent)).scalar_one()


def _event_of(move: Move) -> str:
    """The event in its line of the history; nothing where it has none."""
    return move.line.partition(" ")[2].partition(" ")[0]


@cache
def _insert(dialect: str) -> tuple[Prepared, Batch]:
    batch = Batch(dialect, _NEW_ALIKE, **{name: push.c[name].type for name in NewPush._fields})
    values = {
        **batch.c,
        "created_at": bindparam("now", type_=BigInteger),
        "changed_at": bindparam("now", type_=BigInteger),
    }
    rows = select(*values.values()).select_from(batch.source).where(true())
    statement = inserting(dialect, push, list(values), rows)
    return Prepared(dialect, statement.on_conflict_do_nothing(index_elements=list(_KEY))), batch


class _Due(NamedTuple):
    id: int


@cache
def _is_any_due(dialect: str) -> Fetching[_Due]:
    due = (is_open, push.c.state == int(State.QUEUED), push.c.attention_at <= bindparam("now", type_=BigInteger))
    return Fetching(dialect, select(push.c.id).where(*due).limit(1), _Due)


@cache
def _due(dialect: str) -> Fetching[DuePush]:
    statement = (
        select(*(push.c[name] for name in DuePush.__struct_fields__))
        .where(is_open, push.c.state == int(State.QUEUED), push.c.attention_at <= bindparam("now", type_=BigInteger))
        .order_by(push.c.attention_at)
        .limit(bindparam("limit"))
        .with_for_update(skip_locked=True)
    )
    return Fetching(dialect, statement, DuePush)


@cache
def _attention(dialect: str) -> Fetching[StoredPush]:
    statement = (
        select(*_STORED)
        .where(
            is_open,
            push.c.state == bindparam("state", type_=SmallInteger),
            push.c.attention_at <= bindparam("now", type_=BigInteger),
        )
        .order_by(push.c.attention_at)
        .limit(bindparam("limit"))
        .with_for_update(skip_locked=True)
    )
    return Fetching(dialect, statement, StoredPush)


@cache
def _load(dialect: str) -> tuple[Fetching[StoredPush], Batch]:
    batch = Batch(dialect, bucket=SmallInteger(), id=BigInteger())
    statement = (
        select(*_STORED)
        .select_from(batch.source)
        .join(push, (push.c.bucket == batch.c["bucket"]) & (push.c.id == batch.c["id"]))
        .with_for_update(of=push)
    )
    return Fetching(dialect, statement, StoredPush), batch


@cache
def _save(dialect: str, releases: bool) -> tuple[Prepared, Batch]:
    """The statement for moves that release their pair's key, and the one for all others.

    To name a column of an index is to write the index: with one statement for both, every move rewrote a random page
    of the pair keys, which in a store with a past is the dearest thing that can be done.
    """
    types: dict[str, Any] = {
        "bucket": SmallInteger(), "id": BigInteger(), "state_before": SmallInteger(), "state": SmallInteger(),
        "attention_at": BigInteger(), "line": Text(), "owner": String(), "attempts": SmallInteger(), "route": String(),
        "parts": SmallInteger(), "delivered_parts": BigInteger(), "error": Text(), "releases_key": SmallInteger(),
        "held_by": String(),
    }  # fmt: skip
    batch = Batch(dialect, _MOVED_ALIKE, **types)
    kept = {
        name: func.coalesce(batch.c[name], push.c[name])
        for name in ("attempts", "route", "parts", "delivered_parts", "error")
    }
    moved = {
        "state": batch.c["state"],
        "attention_at": batch.c["attention_at"],
        "owner": batch.c["owner"],
        "history": push.c.history + batch.c["line"],
        "changed_at": bindparam("now", type_=BigInteger),
    }
    if releases:
        moved["key_released"] = push.c.id
    statement = (
        update(push)
        .values({**kept, **moved})
        .where(
            push.c.bucket == batch.c["bucket"],
            push.c.id == batch.c["id"],
            push.c.state == batch.c["state_before"],
            func.coalesce(batch.c["held_by"], push.c.owner, "") == func.coalesce(push.c.owner, ""),
        )
    )
    return Prepared(dialect, statement), batch
