"""Pushes as people deal with them: found, listed, taken back, released, sent again."""

from collections.abc import Iterator
from typing import NamedTuple

from tps.decisions.push_id import EPOCH_MS, bucket_of_id
from tps.decisions.push_life import KEY_HOLDING_STATES, OPEN_STATES, Event, IllegalMoveError, State, move
from tps.errors import RejectedError
from tps.store import push_list, pushes, subscribers
from tps.store.database import Connection, Database
from tps.store.push_list import Wanted
from tps.store.pushes import Move, PushRow, history_line

_TIME_SHIFT = 22
"""Bits of a push's number below its milliseconds (see `tps.decisions.push_id`)."""
_ID_MAX = (1 << 63) - 1
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
    since: int | None = None
    until: int | None = None
    below_id: int | None = None


async def find(database: Database, push_id: int) -> PushRow:
    """The push; `RejectedError` (404) where there is none."""
    row = await database.read(lambda connection: pushes.find(connection, bucket_of_id(push_id), push_id))
    if row is None:
        raise _unknown()
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
        below = min(_first_id(search.until), _ID_MAX if search.below_id is None else search.below_id)
        state = None if search.state is None else int(search.state)
        wanted = Wanted(imsi, search.settings, state, 0 if search.since is None else _first_id(search.since), below)
        return push_list.page(connection, wanted, limit)

    return await database.read(read)


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
            raise _unknown()
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


def _first_id(at_ms: int | None) -> int:
    """The lowest number that a push of this millisecond can have; None is the end of time."""
    return _ID_MAX if at_ms is None else min(max(at_ms - EPOCH_MS, 0) << _TIME_SHIFT, _ID_MAX)


def _unknown() -> RejectedError:
    return RejectedError("id", "no push has this id", status=404)


def _refused(state: State, event: Event) -> RejectedError:
    return RejectedError("", f"a push that is {state.name} cannot be {_DONE[event]}", status=409)
