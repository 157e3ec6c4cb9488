"""What time does to pushes: leases that end, rules for uncertain ones, validities, and what is swept away."""

from typing import Any

import pytest

from tests.tps.delivering import (
    START_MS,
    Clock,
    all_pushes,
    attend,
    config,
    detection,
    imsi,
    msisdn,
    publish,
    states,
    subscribe,
)
from tps import app
from tps.decisions.identities import BUCKETS, bucket_of
from tps.decisions.push_id import bucket_of_id
from tps.decisions.push_life import State
from tps.decisions.triggers import Outcome
from tps.delivery import attend as attending
from tps.delivery.attend import (
    REMEMBER_REQUESTS_MS,
    RESEND_PAUSE_MAX_MS,
    RESEND_PAUSE_MS,
    SWEEP_INTERVAL_MS,
)
from tps.parts import Parts
from tps.store import access, nodes, pushes, submissions
from tps.store.database import Database
from tps.store.nodes import NodeRow
from tps.store.pushes import Move, PushRow
from tps.store.sealing import Seal
from tps.store.submissions import Candidate, Submission

VALIDITY_S = 600


@pytest.fixture
def parts(database: Database, seal: Seal, store_url: str, clock: Clock) -> Parts:
    """Parts of a node without routes, none of them at work: what comes in stays QUEUED. Three subscribers."""
    subscribe(database, seal, 3)
    return _together(database, seal, store_url)


def _together(database: Database, seal: Seal, store_url: str) -> Parts:
    return app.put_together(config(store_url), database, seal)


async def pushed(parts: Parts, number: int = 0) -> int:
    """The id of a new push for this subscriber."""
    (answer,) = await parts.intake.accept([detection(number)])
    assert answer.outcome is Outcome.QUEUED
    assert answer.push_id is not None
    return answer.push_id


async def put(parts: Parts, push_id: int, state: State, *, attention_at: int, **changes: Any) -> None:
    """Let a QUEUED push be in this state."""
    step = Move(bucket_of_id(push_id), push_id, State.QUEUED, state, attention_at, "put\n", **changes)
    assert await parts.database.write(lambda connection: pushes.save(connection, [step], parts.clock())) == 1


async def only(parts: Parts) -> PushRow:
    """The only push."""
    (row,) = await parts.database.read(all_pushes)
    return row


@pytest.mark.parametrize(
    ("rule", "state", "line"),
    [
        ("resend", State.QUEUED, "resend QUEUED the settings' rule is resend"),
        ("hold", State.HELD, "hold HELD the settings' rule is hold"),
        ("wait", State.UNCERTAIN, "wait UNCERTAIN the settings' rule is wait"),
    ],
)
async def test_the_settings_say_what_becomes_of_an_uncertain_push(
    parts: Parts, seal: Seal, clock: Clock, rule: str, state: State, line: str
) -> None:
    publish(parts.database, seal, uncertain=rule, validity_s=VALIDITY_S)
    push_id = await pushed(parts)
    await put(parts, push_id, State.UNCERTAIN, attention_at=clock.ms, attempts=1)
    assert await attend(parts) == 1
    row = await only(parts)
    assert (State(row.state), row.history.splitlines()[-1]) == (state, f"{clock.ms} {line}")
    assert await attend(parts) == 0
    clock.forward(VALIDITY_S * 1000)
    await attend(parts)
    assert states([await only(parts)]) == [State.EXPIRED]


@pytest.mark.parametrize(
    ("attempts", "pause_ms"),
    [
        (0, 0),
        (1, RESEND_PAUSE_MS),
        (2, 2 * RESEND_PAUSE_MS),
        (5, 16 * RESEND_PAUSE_MS),
        (40, RESEND_PAUSE_MAX_MS),
    ],
)
async def test_the_pause_before_sending_again_doubles_up_to_an_hour(
    parts: Parts, seal: Seal, clock: Clock, attempts: int, pause_ms: int
) -> None:
    publish(parts.database, seal, max_attempts=100)
    await put(parts, await pushed(parts), State.UNCERTAIN, attention_at=clock.ms, attempts=attempts)
    await attend(parts)
    row = await only(parts)
    assert (State(row.state), row.attention_at - clock.ms) == (State.QUEUED, pause_ms)


async def test_an_uncertain_push_without_attempts_left_waits_for_a_person(
    parts: Parts, seal: Seal, clock: Clock
) -> None:
    publish(parts.database, seal, max_attempts=3)
    await put(parts, await pushed(parts), State.UNCERTAIN, attention_at=clock.ms, attempts=3)
    await attend(parts)
    row = await only(parts)
    assert State(row.state) is State.HELD
    assert row.attention_at == row.expires_at


@pytest.mark.parametrize(
    ("state", "error"),
    [
        (State.QUEUED, "no route took it in time: none serves its number"),
        (State.SENT, "no receipt came"),
        (State.HELD, "nobody released it"),
        (State.UNCERTAIN, "nobody knows whether it was sent"),
    ],
)
async def test_a_push_ends_with_its_validity_says_why_and_lets_go_of_the_pair(
    parts: Parts, seal: Seal, clock: Clock, state: State, error: str
) -> None:
    publish(parts.database, seal, validity_s=VALIDITY_S)
    push_id = await pushed(parts)
    await put(parts, push_id, state, attention_at=START_MS + VALIDITY_S * 1000)
    clock.forward(VALIDITY_S * 1000 - 1)
    assert await attend(parts) == 0
    clock.forward(1)
    assert await attend(parts) == 1
    row = await only(parts)
    assert (State(row.state), row.error) == (State.EXPIRED, error)
    assert await pushed(parts) != push_id


async def test_what_nobody_has_in_flight_any_more_is_uncertain_after_a_restart_and_what_others_have_is_not(
    parts: Parts, seal: Seal, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attending, "BATCH_MAX", 1)
    publish(parts.database, seal)
    other = NodeRow("node-1:b", "node-1", 1, "host", "", 1, clock.ms, clock.ms + 15_000)
    assert parts.database.write_now(lambda connection: nodes.add(connection, other))
    for number, owner in enumerate(("node-0:a", other.instance, "node-2:a")):
        push_id = await pushed(parts, number)
        await put(parts, push_id, State.SENDING, attention_at=clock.ms + 60_000, attempts=2, owner=owner)
    assert parts.database.write_now(parts.attend.recover) == 2
    rows = await parts.database.read(all_pushes)
    assert states(rows) == [State.UNCERTAIN, State.SENDING, State.UNCERTAIN]
    assert [row.attempts for row in rows] == [3, 2, 3]
    assert parts.database.write_now(parts.attend.recover) == 0


async def test_answers_to_requests_are_forgotten_after_a_day_and_message_ids_when_they_end(
    parts: Parts, clock: Clock
) -> None:
    known = [_submission("ends", clock.ms), _submission("stays", clock.ms + 2 * REMEMBER_REQUESTS_MS)]

    def fill(connection: Any) -> None:
        access.remember(connection, "old", "digest", clock.ms)
        access.remember(connection, "new", "digest", clock.ms + REMEMBER_REQUESTS_MS)
        submissions.add(connection, known)

    parts.database.write_now(fill)
    clock.forward(REMEMBER_REQUESTS_MS + 1)
    for _ in range(BUCKETS):
        await attend(parts)
        clock.forward(SWEEP_INTERVAL_MS)

    def left(connection: Any) -> tuple[list[str], list[str]]:
        keys = [key for key in ("old", "new") if access.remember(connection, key, "digest", clock.ms)]
        wanted = [Candidate(0, 0, each.bucket, each.route, each.message_id) for each in known]
        return keys, [match.message_id for match in submissions.match(connection, wanted)]

    assert parts.database.write_now(left) == (["new"], ["stays"])


async def test_one_bucket_is_swept_a_minute(parts: Parts, clock: Clock) -> None:
    known = [_submission(f"id{number}", clock.ms) for number in range(200)]
    parts.database.write_now(lambda connection: submissions.add(connection, known))
    wanted = [Candidate(0, 0, each.bucket, each.route, each.message_id) for each in known]
    clock.forward(1)
    buckets = {each.bucket for each in known}
    for _ in range(3):
        await attend(parts)
        left = await parts.database.read(lambda connection: submissions.match(connection, wanted))
        assert len(buckets - {each.bucket for each in left}) <= 1
    clock.forward(SWEEP_INTERVAL_MS)
    await attend(parts)
    left = await parts.database.read(lambda connection: submissions.match(connection, wanted))
    assert len(buckets - {each.bucket for each in left}) <= 2
    assert len(left) < len(known)


def _submission(message_id: str, expires_at: int) -> Submission:
    return Submission(bucket_of(message_id), "north", message_id, bucket_of(imsi(0)), 1, 0, msisdn(0), expires_at)
