"""What must be true at the end, when the troubles are over and time has passed: by the disk and by the SMSC."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

from tests.simulation.message_centre import Accepted, Record
from tps.decisions.push_id import text_of
from tps.decisions.push_life import MOVES, OPEN_STATES, Event, State
from tps.parts import Parts
from tps.store.pushes import PushRow

NOTED = frozenset({"receipt", "wait"})
"""Lines of a history that move nothing."""


def broken_promises(rows: Sequence[PushRow], acknowledged: Iterable[int], record: Record) -> Iterator[str]:
    """Each broken promise in a sentence."""
    stored = {row.id for row in rows}
    for push_id in sorted(set(acknowledged) - stored):
        yield f"{text_of(push_id)} was acknowledged and is not stored"
    accepted_of: defaultdict[str, list[Accepted]] = defaultdict(list)
    for accepted in record.accepted:
        accepted_of[accepted.destination].append(accepted)
    pushes_of: defaultdict[str, list[PushRow]] = defaultdict(list)
    for row in rows:
        pushes_of[row.msisdn].append(row)
        for what in _of_push(row, accepted_of.get(row.msisdn, []), record):
            yield f"{text_of(row.id)} to {row.msisdn}: {what}"
    for msisdn, its_accepted in accepted_of.items():
        for what in _duplicates(pushes_of[msisdn], its_accepted):
            yield f"to {msisdn}: {what}"
        if len(pushes_of[msisdn]) == 1:
            for what in _ends(pushes_of[msisdn][0], its_accepted, record):
                yield f"to {msisdn}: {what}"


def _of_push(row: PushRow, accepted: Sequence[Accepted], record: Record) -> Iterator[str]:
    lines = _lines(row)
    yield from _illegal_moves(lines)
    if State(row.state) in OPEN_STATES:
        yield f"still {State(row.state).name} at the end"
    if row.state == State.DELIVERED and not _arrived_whole(accepted):
        yield "DELIVERED, but the handset has no whole document"
    if row.state == State.FAILED and not _may_fail(row, accepted, record):
        yield f"FAILED without a reason of the SMSC: {row.error}"
    if row.state == State.EXPIRED and lines[-1][1] == Event.EXPIRE and not _may_expire(lines):
        yield f"EXPIRED in {lines[-2][2]}, though the SMSC was well"


def _lines(row: PushRow) -> list[list[str]]:
    """Time, event, state and perhaps words of each line of its history."""
    return [line.split(" ", 3) for line in row.history.splitlines()]


def _ends(row: PushRow, accepted: Sequence[Accepted], record: Record) -> Iterator[str]:
    """The only push to a number, sent once, all of whose receipts were acknowledged by a node."""
    events = Counter(line[1] for line in _lines(row))
    is_simple = (
        not events[Event.LOSE]
        and not events[Event.POSTPONE]
        and len(accepted) == accepted[0].total
        and all(one.is_deliverable and record.acknowledged[one.number] for one in accepted)
    )
    if is_simple and row.state != State.DELIVERED:
        yield f"{State(row.state).name}, but all its receipts were taken and positive"


def _illegal_moves(lines: Sequence[Sequence[str]]) -> Iterator[str]:
    before = State.QUEUED
    for line in lines[1:]:
        event, after = line[1], State[line[2]]
        if event in NOTED:
            expected: State | None = before
        else:
            expected = MOVES[before].get(Event(event))
        if after is not expected:
            yield f"its history goes from {before.name} by {event} to {after.name}"
        before = after


def _duplicates(rows: Sequence[PushRow], accepted: Sequence[Accepted]) -> Iterator[str]:
    """A whole document twice only after UNCERTAIN; a part twice only where its neighbour was not sent or refused."""
    events = Counter(line[1] for row in rows for line in _lines(row))
    once = len(rows) + events[Event.LOSE]
    attempts: defaultdict[int, Counter[int]] = defaultdict(Counter)
    for one in accepted:
        attempts[one.reference][one.part] += 1
    whole = sum(min(parts[part] for part in range(1, accepted[0].total + 1)) for parts in attempts.values())
    if whole > once:
        yield f"the whole document was accepted {whole} times: {len(rows)} pushes, {events[Event.LOSE]} times UNCERTAIN"
    most = max(Counter(one.part for one in accepted).values())
    if most > once + events[Event.POSTPONE]:
        yield f"a part was accepted {most} times"


def _arrived_whole(accepted: Sequence[Accepted]) -> bool:
    """True when every part of one attempt arrived at the handset."""
    arrived: defaultdict[int, set[int]] = defaultdict(set)
    for one in accepted:
        if one.is_deliverable:
            arrived[one.reference].add(one.part)
    return any(len(parts) == accepted[0].total for parts in arrived.values())


def _may_fail(row: PushRow, accepted: Sequence[Accepted], record: Record) -> bool:
    """The SMSC refused it, or cannot deliver it; a busy SMSC is a reason only where another part may have left.

    That is, where it took one, or a node had no answer to one in time.
    """
    may_have_left = accepted or record.unheard[row.msisdn]
    is_refused = record.refused[row.msisdn] or (may_have_left and record.busy[row.msisdn])
    return bool(is_refused) or not all(one.is_deliverable for one in accepted)


def _may_expire(lines: Sequence[Sequence[str]]) -> bool:
    """A push that was sent, or that a person or a receipt was awaited for; one in the queue could always go."""
    return State[lines[-2][2]] in (State.SENT, State.HELD, State.UNCERTAIN)


def broken_rest(parts: Parts) -> Iterator[str]:
    """What a node must not hold when nothing is on its way."""
    for route in parts.routes:
        for link in route.links:
            if not link.up:
                yield f"{link.name} is not up: {link.reason}"
            elif link.session is not None and (link.session.window.used or link.session.window.waiting):
                yield f"{link.name} still holds {link.session.window!r}"
    if len(parts.flights):
        yield f"{len(parts.flights)} flights never landed"
