"""Pushes as people deal with them: found, listed, taken back, released, sent again."""

from collections.abc import Iterator
from typing import NamedTuple

from tps.decisions.push_id import ID_MAX, bucket_of_id, first_id_at
from tps.decisions.push_life import KEY_HOLDING_STATES, OPEN_STATES, Event, IllegalMoveError, State, move
from tps.errors import RejectedError
from tps.store import push_list, pushes, subscribers
from tps.store.database import Connection, Database
from tps.store.push_list import Wanted
from tps.store.pushes import Move, PushRow, history_line

_DONE = {Event.CANCEL: "cancelled", Event.RESEND: "sent again"}


class HistoryEntry(NamedTuple):
    """One step in the life of a push."""

    at: int
    event: str
    state: str
    detail: str


class Search(NamedTuple):
    """Which pushes to list; None asks for any. Times are those of their creation, `below_id` ended the page before."""

    imsi: str | None = None
    msisdn: str | None = None
    settings: str | None = None
    state: State | None = None
    reason: str | None = None
    """What the error must contain."""
    since: int | None = None
    until: int | None = None
    below_id: int | None = None


async def find(database: Database, push_id: int) -> PushRow:
    """The push; `RejectedError` (404) where there is none."""
    row = await database.read(lambda connection: pushes.find(connection, bucket_of_id(push_id), push_id))
    if row is None:
        raise unknown()
    return row


async def page(database: Database, search: Search, limit: int) -> list[PushRow]:
    """At most `limit` pushes, the newest first."""

    def read(connection: Connection) -> list[PushRow]:
        imsi = search.imsi
        if search.msisdn is not None:
            owner = subscribers.imsis_of(connection, [search.msisdn]).get(search.msisdn)
            if owner is None or imsi not in (None, owner):
                return []
            imsi = owner
        first, end = ids_between(search.since, search.until)
        below = end if search.below_id is None else min(end, search.below_id)
        state = None if search.state is None else int(search.state)
        wanted = Wanted(imsi, search.settings, state, search.reason, first, below)
        return push_list.page(connection, wanted, limit)

    return await database.read(read)


def ids_between(since_ms: int | None, until_ms: int | None) -> tuple[int, int]:
    """The first number of a push of this time, and the first after it; None is the beginning, or the end, of time."""
    return (
        0 if since_ms is None else first_id_at(since_ms),
        ID_MAX if until_ms is None else first_id_at(until_ms),
    )


async def cancel(database: Database, push_id: int, *, reason: str, now_ms: int) -> State:
    """Take back a push that has not left yet."""
    return await _happen(database, push_id, Event.CANCEL, OPEN_STATES, reason, now_ms)


async def resend(database: Database, push_id: int, *, reason: str, now_ms: int) -> State:
    """Send again a push of which nobody knows whether it left, or which waits for a person."""
    return await _happen(database, push_id, Event.RESEND, OPEN_STATES, reason, now_ms)


async def release(database: Database, push_id: int, *, reason: str, now_ms: int) -> State:
    """Let go a push that waits for a person; an uncertain one is sent again by `resend` only."""
    return await _happen(database, push_id, Event.RESEND, frozenset({State.HELD}), reason, now_ms)


async def counts(database: Database) -> dict[State, int]:
    """How many pushes there are in each open state."""
    stored = await database.read(pushes.counts_by_state)
    return {state: stored.get(int(state), 0) for state in sorted(OPEN_STATES)}


def history(row: PushRow) -> Iterator[HistoryEntry]:
    """The steps of a push, the first first."""
    for line in row.history.splitlines():
        at, event, state, *detail = line.split(" ", 3)
        yield HistoryEntry(int(at), event, state, detail[0] if detail else "")


async def _happen(
    database: Database, push_id: int, event: Event, allowed: frozenset[State], reason: str, now_ms: int
) -> State:
    def save(connection: Connection) -> State:
        push = pushes.load(connection, [(bucket_of_id(push_id), push_id)]).get(push_id)
        if push is None:
            raise unknown()
        before = State(push.state)
        if before not in allowed:
            raise _refused(before, event)
        try:
            after = move(before, event)
        except IllegalMoveError:
            raise _refused(before, event) from None
        step = Move(
            bucket=push.bucket,
            id=push.id,
            state_before=before,
            state=after,
            attention_at=now_ms if after is State.QUEUED else push.expires_at,
            line=history_line(now_ms, event, after, reason),
            releases_key=int(after not in KEY_HOLDING_STATES),
        )
        pushes.save(connection, [step], now_ms)
        return after

    return await database.write(save)


def unknown() -> RejectedError:
    """What is said of a push that there is not."""
    return RejectedError("id", "no push has this id", status=404)


def _refused(state: State, event: Event) -> RejectedError:
    return RejectedError("", f"a push that is {state.name} cannot be {_DONE[event]}", status=409)
