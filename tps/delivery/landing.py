"""Landing: what the outcome of a flight, or a receipt that comes later, makes of a push on the disk. Pure."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from tps.decisions.identities import bucket_of
from tps.decisions.push_life import KEY_HOLDING_STATES, MOVES, Event, State, move
from tps.decisions.receipts import Receipt
from tps.delivery.flights import Flight, Verdict
from tps.store.pushes import Move, StoredPush, history_line
from tps.store.submissions import Match, Submission

LATE_MS = 3 * 86_400_000
"""How long after the end of a push its receipts are still understood."""
POSITIVE = frozenset({"DELIVRD"})
_WAITING = frozenset({State.QUEUED, State.UNCERTAIN})


class Landing(NamedTuple):
    """What an event makes of a push that was on the wire."""

    state: State
    is_waiting: bool
    releases_key: int


_LANDINGS = {
    event: Landing(after, after in _WAITING, int(after not in KEY_HOLDING_STATES))
    for event, after in MOVES[State.SENDING].items()
}


def landed(flight: Flight, verdict: Verdict, now: int, node: str) -> Move:
    """The move that writes a flight's outcome."""
    push = flight.push
    event, detail, retry_after_s, counts_as_attempt = verdict
    after, is_waiting, releases_key = _LANDINGS[event]
    return Move(
        bucket=push.bucket,
        id=push.id,
        state_before=State.SENDING,
        state=after,
        attention_at=now + int(retry_after_s * 1000) if is_waiting else push.expires_at,
        line=history_line(now, event, after, _way_of(flight, detail)),
        attempts=push.attempts + (counts_as_attempt and event is not Event.RELEASE),
        route=flight.route,
        parts=flight.parts,
        delivered_parts=0 if is_waiting else flight.delivered,
        error=detail if after is State.FAILED else None,
        releases_key=releases_key,
        held_by=node,
    )


def _way_of(flight: Flight, detail: str) -> str:
    """Which way it went and under which message ids, for people."""
    way = f"via {flight.route}"
    if flight.message_ids:
        way += " ids " + ",".join([message_id for _, message_id in sorted(flight.message_ids.items())])
    return f"{way}: {detail}" if detail else way


def submissions_of(flight: Flight) -> list[Submission]:
    """The parts whose receipts are still to come, of abandoned pushes too: what is known is acknowledged at once."""
    if flight.delivered == (1 << flight.parts) - 1:
        return []
    push = flight.push
    understood_until = push.expires_at + LATE_MS
    return [
        Submission(
            bucket_of(message_id), flight.route, message_id, push.bucket, push.id, part, push.msisdn, understood_until
        )
        for part, message_id in flight.message_ids.items()
        if not flight.delivered >> part & 1
    ]


def moves_of_receipts(
    stored: Mapping[int, StoredPush], matched: Sequence[tuple[Match, Receipt]], now: int
) -> list[Move]:
    """One move for each push that these receipts are about."""
    by_push: dict[int, list[tuple[Match, Receipt]]] = defaultdict(list)
    for match, receipt in matched:
        by_push[match.push_id].append((match, receipt))
    return [
        _move_of_receipts(stored[push_id], about_it, now) for push_id, about_it in by_push.items() if push_id in stored
    ]


def _move_of_receipts(push: StoredPush, matched: Sequence[tuple[Match, Receipt]], now: int) -> Move:
    before = State(push.state)
    if before in (State.QUEUED, State.SENDING, State.UNCERTAIN):
        # Parts of an attempt that was given up: together with those of another they make no whole document.
        return _unmoved(push, before, now, len(matched))
    delivered, failure = push.delivered_parts, None
    for match, receipt in matched:
        if receipt.state in POSITIVE:
            delivered |= 1 << match.part
        elif failure is None:
            failure = failure_of(receipt, match.part)
    if failure is not None:
        after, line = _after(before, Event.FAIL, now, failure)
    elif delivered == (1 << push.parts) - 1:
        after, line = _after(before, Event.DELIVER, now)
    else:
        arrived = delivered.bit_count()
        after, line = before, history_line(now, "receipt", before, f"{arrived} of {push.parts} parts")
    releases = after not in KEY_HOLDING_STATES and before in KEY_HOLDING_STATES
    return Move(
        bucket=push.bucket,
        id=push.id,
        state_before=before,
        state=after,
        attention_at=push.attention_at if after is before else push.expires_at,
        owner=push.owner if after is before else None,
        line=line,
        delivered_parts=delivered,
        error=failure if after is State.FAILED else None,
        releases_key=int(releases),
    )


def _unmoved(push: StoredPush, state: State, now: int, receipts: int) -> Move:
    """A push as it was, with a line in its history."""
    line = history_line(now, "receipt", state, f"{receipts} of an earlier attempt")
    return Move(push.bucket, push.id, state, state, push.attention_at, line, owner=push.owner)


def _after(before: State, event: Event, now: int, detail: str = "") -> tuple[State, str]:
    after = move(before, event)
    return after, history_line(now, event, after, detail)


def failure_of(receipt: Receipt, part: int) -> str:
    """What a negative receipt says, for people."""
    error = receipt.error
    return f"part {part + 1}: the SMSC reports {receipt.state}{', error ' if error else ''}{error}"
