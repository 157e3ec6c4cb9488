"""Retention: what ended long ago goes, page by page; that a pair is SET is never forgotten."""

import pytest

from tests.tps.delivering import START_MS, all_pushes, device, imsi
from tps.decisions.identities import BUCKETS, bucket_of
from tps.decisions.push_id import PushIds
from tps.decisions.push_life import OPEN_STATES, State
from tps.store import pair_keys, pushes, retention
from tps.store.database import Connection, Database
from tps.store.pair_keys import PairKey
from tps.store.pushes import Move, NewPush
from tps.store.retention import DAY_MS, Retention

KEEP_DAYS = 30
LATER_MS = START_MS + (KEEP_DAYS + 1) * DAY_MS
_ids = PushIds(0)


def add(database: Database, number: int, state: State, *, ended_ms: int = START_MS) -> int:
    """A push that was made at the start and came into this state later; its id."""
    bucket = bucket_of(imsi(number))
    push_id = _ids.next(START_MS, bucket)
    row = NewPush(
        bucket=bucket, id=push_id, imsi=imsi(number), msisdn="99", device=device(number).number, settings="internet",
        version=1, fingerprint=1, security=None, sealed_secrets="sealed", source="test", state=State.QUEUED,
        attention_at=START_MS, owner=None, expires_at=LATER_MS, history="its story\n",
    )  # fmt: skip
    releases = int(state in (State.FAILED, State.EXPIRED, State.CANCELLED))
    move = Move(bucket, push_id, State.QUEUED, state, LATER_MS, "its end\n", releases_key=releases)

    def store(connection: Connection) -> None:
        pushes.add(connection, [row], START_MS)
        pushes.save(connection, [move], ended_ms)

    database.write_now(store)
    return push_id


def sweep(database: Database, now_ms: int, rounds: int = 1, *, keeper: Retention | None = None) -> int:
    """Go through all buckets; how many pushes were forgotten or shortened."""
    keeper = keeper or Retention(KEEP_DAYS)
    return sum(database.write_now(lambda connection: keeper.step(connection, now_ms)) for _ in range(rounds * BUCKETS))


def states(database: Database) -> dict[int, State]:
    return {row.id: State(row.state) for row in database.read_now(all_pushes)}


def test_what_ended_long_ago_is_forgotten_and_what_is_open_or_set_stays(database: Database) -> None:
    made = {state: add(database, number, state) for number, state in enumerate(State)}
    assert sweep(database, LATER_MS) == 4
    kept = {*OPEN_STATES, State.DELIVERED}
    assert states(database) == {made[state]: state for state in kept}
    assert sweep(database, LATER_MS) == 0


def test_what_ended_lately_stays_though_it_began_long_ago(database: Database) -> None:
    failed = add(database, 1, State.FAILED, ended_ms=LATER_MS - DAY_MS)
    delivered = add(database, 2, State.DELIVERED, ended_ms=LATER_MS - DAY_MS)
    assert sweep(database, LATER_MS) == 0
    assert set(states(database)) == {failed, delivered}


def test_a_pair_stays_set_when_the_story_and_the_secrets_of_its_push_are_gone(database: Database) -> None:
    push_id = add(database, 1, State.DELIVERED)
    key = PairKey(bucket_of(imsi(1)), imsi(1), device(1).number, 1)
    before = database.read_now(lambda connection: pair_keys.holders(connection, [key]))
    assert sweep(database, LATER_MS) == 1
    assert database.read_now(lambda connection: pair_keys.holders(connection, [key])) == before
    (row,) = database.read_now(all_pushes)
    assert (row.id, row.history, row.changed_at) == (push_id, "", START_MS)
    assert database.read_now(lambda connection: pushes.sealed_secrets(connection, key.bucket, push_id)) is None
    add(database, 1, State.QUEUED)
    assert set(states(database)) == {push_id}, "the key is still held: no second push for a pair that is SET"


def test_a_delivered_push_whose_key_was_let_go_is_forgotten(database: Database) -> None:
    add(database, 1, State.DELIVERED)
    database.write_now(lambda connection: pair_keys.release(connection, bucket_of(imsi(1)), imsi(1)))
    assert sweep(database, LATER_MS) == 1
    assert states(database) == {}


def test_a_full_bucket_takes_as_many_steps_as_it_has_pages(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "PAGE", 3)
    numbers = [number for number in range(2_000) if bucket_of(imsi(number)) == 0][:10]
    for number in numbers:
        add(database, number, State.FAILED)
    keeper = Retention(KEEP_DAYS)
    steps = [database.write_now(lambda connection: keeper.step(connection, LATER_MS)) for _ in range(4)]
    assert steps == [3, 3, 3, 1]


def test_between_two_rounds_nothing_is_looked_at(database: Database) -> None:
    keeper = Retention(KEEP_DAYS)
    sweep(database, LATER_MS, keeper=keeper)
    add(database, 1, State.FAILED)
    assert sweep(database, LATER_MS + retention.REST_MS - 1, keeper=keeper) == 0
    assert sweep(database, LATER_MS + retention.REST_MS, keeper=keeper) == 1
