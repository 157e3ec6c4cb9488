"""Landing: what the outcome of a flight, or a receipt that comes later, makes of a push on the disk. Pure."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from tps.decisions.identities import bucket_of
from tps.decisions.push_life import KEY_HOLDING_STATES, MOVES, Event, State, move
from tps.decisions.receipts import POSITIVE, Report
from tps.delivery.flights import Flight, Verdict, said
from tps.store.pushes import Move, StoredPush, history_line, make_move
from tps.store.submissions import ATTEMPT_UNKNOWN, INTERMEDIATE, Match, Submission

LATE_MS = 3 * 86_400_000
"""How long after the end of a push its receipts are still understood."""
_WAITING = frozenset({State.QUEUED, State.UNCERTAIN})


class Landing(NamedTuple):
    """What an event makes of a push that was on the wire."""

    state: State
    is_waiting: bool
    keeps_parts: bool
    """What has arrived counts on; False where all of it is sent again."""
    is_failure: bool
    is_attempt: bool
    """Parts may have left."""
    releases_key: int


_LANDINGS = {
    event: Landing(
        state=after,
        is_waiting=after in _WAITING,
        keeps_parts=after is not State.QUEUED,
        is_failure=after is State.FAILED,
        is_attempt=event is not Event.RELEASE,
        releases_key=int(after not in KEY_HOLDING_STATES),
    )
    for event, after in MOVES[State.SENDING].items()
}
_SENDING = State.SENDING


def landed(flight: Flight, verdict: Verdict, now: int, node: str) -> Move:
    """The move that writes a flight's outcome."""
    push = flight.push
    event, detail, retry_after_s, counts_as_attempt = verdict
    after, is_waiting, keeps_parts, is_failure, is_attempt, releases_key = _LANDINGS[event]
    attention_at = now + int(retry_after_s * 1000) if is_waiting else push.expires_at
    line = history_line(now, event, after, _way_of(flight, detail))
    attempts = push.attempts + (counts_as_attempt and is_attempt)
    delivered_parts = flight.delivered if keeps_parts else 0
    error = detail if is_failure else None
    return make_move((
        push.bucket, push.id, _SENDING, after, attention_at, line, None, attempts, flight.route, flight.parts,
        delivered_parts, error, releases_key, node,
    ))  # fmt: skip


def _way_of(flight: Flight, detail: str) -> str:
    """Which way it went and under which message ids, for people."""
    way = f"via {flight.route}"
    message_ids = flight.message_ids
    if message_ids:
        way += " ids " + ",".join([message_ids[part] for part in sorted(message_ids)])
    if flight.remarks:
        detail = "; ".join((detail, *flight.remarks) if detail else flight.remarks)
    return f"{way}: {detail}" if detail else way


def submissions_of(flight: Flight) -> list[Submission]:
    """The parts by whose ids receipts are understood later, of abandoned pushes too; none once all have arrived.

    Also those that have arrived: of a push whose other parts nobody knows, a receipt that comes again would be taken
    for one of these.
    """
    if flight.delivered == (1 << flight.parts) - 1:
        return []
    return [submission(flight, part, message_id) for part, message_id in flight.message_ids.items()]


def submission(flight: Flight, part: int, message_id: str) -> Submission:
    """One part of a flight under the id (normalised) that the SMSC gave it."""
    push = flight.push
    return Submission(
        bucket_of(message_id), flight.route, message_id, push.bucket, push.id, part, push.msisdn,
        push.expires_at + LATE_MS, push.attempts, flight.parts, INTERMEDIATE if flight.noted >> part & 1 else 0,
    )  # fmt: skip


def moves_of_reports(stored: Mapping[int, StoredPush], matched: Sequence[tuple[Match, Report]], now: int) -> list[Move]:
    """One move for each push of which these receipts say something new."""
    by_push: dict[int, list[tuple[Match, Report]]] = defaultdict(list)
    for match, report in matched:
        by_push[match.push_id].append((match, report))
    moves = (
        _move_of_reports(stored[push_id], about_it, now) for push_id, about_it in by_push.items() if push_id in stored
    )
    return [step for step in moves if step is not None]


class _Sum(NamedTuple):
    """What the reports about one push amount to."""

    parts: int
    delivered: int
    failure: str | None
    remarks: list[str]


def _move_of_reports(push: StoredPush, matched: Sequence[tuple[Match, Report]], now: int) -> Move | None:
    before = State(push.state)
    counting = [(match, report) for match, report in matched if _counts(push, match, report)]
    total = _sum(push, counting)
    remarks = total.remarks
    if len(counting) < len(matched):
        remarks.append(f"{len(matched) - len(counting)} of an earlier attempt")
    if total.failure is not None:
        return moved_by_report(
            push, Event.FAIL, now, "; ".join([total.failure, *remarks]), total.parts, total.delivered
        )
    if total.delivered == push.delivered_parts and not remarks:
        return None  # a repetition
    if total.delivered != push.delivered_parts and total.delivered == (1 << total.parts) - 1:
        return moved_by_report(push, Event.DELIVER, now, "; ".join(remarks), total.parts, total.delivered)
    if any(report.final for _, report in counting):
        remarks.insert(0, f"{total.delivered.bit_count()} of {total.parts} parts")
    line = history_line(now, "receipt", before, "; ".join(remarks))
    return Move(
        push.bucket, push.id, before, before, push.attention_at, line, owner=push.owner,
        parts=total.parts, delivered_parts=total.delivered,
    )  # fmt: skip


def _counts(push: StoredPush, match: Match, report: Report) -> bool:
    """Whether a report is about the last attempt, or says that an earlier one brought the whole document in one part.

    Parts of two attempts make no whole document. While a push is SENDING, its flight knows the parts of the attempt,
    and what the disk knows is of earlier ones.
    """
    if push.state == State.SENDING:
        return False
    is_whole = match.parts == 1 and report.state in POSITIVE
    return is_whole or match.attempt in (ATTEMPT_UNKNOWN, push.attempts - 1)


def _sum(push: StoredPush, counting: Sequence[tuple[Match, Report]]) -> _Sum:
    """Fold reports in the order they came: the first that ends a part counts."""
    parts, delivered, failure = push.parts, push.delivered_parts, None
    remarks: list[str] = []
    for match, report in counting:
        part = 1 << match.part
        parts = match.parts or parts
        if not report.final:
            remarks.append(said(report, match.part))
        elif report.state in POSITIVE:
            if report.vendor and not delivered & part:
                remarks.append(said(report, match.part))
            delivered = 1 if match.parts == 1 else delivered | part
        elif delivered & part:
            remarks.append(f"after its delivery {said(report, match.part)}")
        elif failure is None:
            failure = said(report, match.part)
    return _Sum(parts, delivered, failure, remarks)


_EVENTS_AFTER_LATE_ANSWERS = {
    Event.ACCEPT: Event.ACCEPT,
    Event.REFUSE: Event.FAIL,
    Event.FAIL: Event.FAIL,
    Event.POSTPONE: Event.RESEND,  # the SMSC does not have all of it, so sending it again is no second push
}


def moves_of_late_answers(stored: Mapping[int, StoredPush], flights: Sequence[Flight], now: int) -> list[Move]:
    """What answers that came after their time make of pushes that are UNCERTAIN for want of them."""
    moves: list[Move] = []
    for flight in flights:
        push, verdict = stored.get(flight.push.id), flight.verdict()
        event = _EVENTS_AFTER_LATE_ANSWERS.get(verdict.event)
        if push is None or push.state != State.UNCERTAIN or push.attempts - 1 != flight.push.attempts or event is None:
            continue
        detail = _way_of(
            flight, f"the answers came late; {verdict.detail}" if verdict.detail else "the answers came late"
        )
        answered = moved_by_report(push, event, now, detail, flight.parts, push.delivered_parts)
        if event is Event.RESEND:
            answered = answered._replace(attention_at=now + int(verdict.retry_after_s * 1000))
        moves.append(answered)
    return moves


def moved_by_report(push: StoredPush, event: Event, now: int, detail: str, parts: int, delivered: int) -> Move:
    """The move that receipts make, in any state of the push."""
    before = State(push.state)
    after = move(before, event)
    releases = after not in KEY_HOLDING_STATES and before in KEY_HOLDING_STATES
    return Move(
        bucket=push.bucket,
        id=push.id,
        state_before=before,
        state=after,
        attention_at=push.attention_at if after is before else push.expires_at,
        owner=push.owner if after is before else None,
        line=history_line(now, event, after, detail),
        parts=parts,
        delivered_parts=delivered,
        error=detail if after is State.FAILED and before is not State.FAILED else None,
        releases_key=int(releases),
    )
