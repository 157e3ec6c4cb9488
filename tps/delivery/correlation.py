"""Correlation: receipts to the parts they are about, by the message ids on the disk, and what they make of the pushes.

One way for all receipts that belong to no flight, whether they come from a link or were parked.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from tps.decisions.identities import bucket_of
from tps.decisions.push_life import State
from tps.decisions.receipts import POSITIVE, MessageIdForm, Report, id_candidates, is_same_number
from tps.delivery.landing import moves_of_reports
from tps.store import pair_keys, pushes, submissions
from tps.store.database import Connection
from tps.store.pushes import Move
from tps.store.submissions import INTERMEDIATE, NEGATIVE, Candidate, Match

Forms = Mapping[str, MessageIdForm]
"""Route -> the form of its message ids; one that is not configured any more is taken as "auto"."""


class Settled(NamedTuple):
    """What reports led to."""

    places: frozenset[int]
    """Of the reports that matched."""
    moves: Sequence[Move]
    """As they were saved."""


def matches(
    connection: Connection, reports: Sequence[Report], forms: Forms, contested: Collection[int] = ()
) -> dict[int, Match]:
    """The best match of each report by its place: the likeliest form of the id, sent to the same number.

    The `contested` places match what was sent to the same number, and nothing else: others have as good a claim.
    """
    candidates = [
        Candidate(place, rank, bucket_of(message_id), report.route, message_id)
        for place, report in enumerate(reports)
        for rank, message_id in enumerate(id_candidates(report.message_id, forms.get(report.route, "auto")))
    ]
    best: dict[int, tuple[tuple[bool, int], Match]] = {}
    for match in submissions.match(connection, candidates):
        is_other_number = not is_same_number(match.msisdn, reports[match.place].destination)
        if is_other_number and match.place in contested:
            continue
        likelihood = (is_other_number, match.rank)
        if match.place not in best or likelihood < best[match.place][0]:
            best[match.place] = (likelihood, match)
    return {place: best[place][1] for place in sorted(best)}


def settle(
    connection: Connection, reports: Sequence[Report], forms: Forms, now: int, *, contested: Collection[int] = ()
) -> Settled:
    """Save what these make of their pushes, in the order they came."""
    found = matches(connection, reports, forms, contested)
    about: list[tuple[Match, Report]] = []
    marks: dict[tuple[int, str, str], int] = {}
    for place, match in found.items():
        report, key = reports[place], (match.bucket, match.route, match.message_id)
        mark = _mark_of(report)
        if not mark & (noted := marks.get(key, match.noted)):
            about.append((match, report))
            if mark:
                marks[key] = noted | mark
    stored = pushes.load(connection, sorted({(match.push_bucket, match.push_id) for match, _ in about}))
    moves = moves_of_reports(stored, about, now)
    save(connection, moves, now)
    submissions.mark_noted(connection, marks)
    return Settled(frozenset(found), moves)


def save(connection: Connection, moves: Sequence[Move], now: int) -> None:
    """Save moves that receipts made; a push that had ended and was delivered after all takes its pair's key again."""
    pushes.save(connection, moves, now)
    for revived in moves:
        if revived.state_before == State.EXPIRED and revived.state == State.DELIVERED:
            pair_keys.retake(connection, revived.bucket, revived.id)


def _mark_of(report: Report) -> int:
    """What of it is noted with the part; that a part was delivered, the push knows."""
    if not report.final:
        return INTERMEDIATE
    return 0 if report.state in POSITIVE else NEGATIVE
