"""A store with a past: pairs that were seen and pushes that were delivered, as years of service leave them."""

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

from tps import app, config
from tps.bench import workload
from tps.bench.server_process import ServerSetup
from tps.decisions.identities import bucket_of
from tps.decisions.push_id import PushIds
from tps.decisions.push_life import Event, State
from tps.sim.subscribers import Subscriber
from tps.store import pairs, pushes
from tps.store.database import Connection, Database
from tps.store.pairs import Pair
from tps.store.pushes import Move, NewPush, history_line

FIRST = 500_000_000
"""Number of the first subscriber of the past: none that a load test begins with."""
BATCH = 5_000
SOURCE = "detection"
_FINGERPRINT = 1
_ALL_PARTS = (1 << workload.SEGMENTS) - 1


def fill(store: str, folder: Path, *, pair_count: int, push_count: int) -> None:
    """Add so many pairs, and delivered pushes for the first of them; brings the store to this version."""
    setup = ServerSetup(folder=folder, store=store, smsc_port=1)
    setup.write()
    database, _ = app.open_store(config.load(setup.file))
    try:
        for batch in _batches(workload.people(FIRST, pair_count)):
            database.write_now(lambda connection, batch=batch: pairs.note(connection, _pairs(batch)))  # type: ignore[misc]
        _fill_pushes(database, push_count)
    finally:
        database.close()


def _fill_pushes(database: Database, count: int) -> None:
    ids = PushIds(0)
    for batch in _batches(workload.people(FIRST, count)):
        now = app.now_ms()
        stored = [_push(subscriber, ids.next(now, bucket_of(subscriber.imsi)), now) for subscriber in batch]

        def store(connection: Connection, stored: list[NewPush] = stored, now: int = now) -> None:
            pushes.add(connection, stored, now)
            pushes.save(connection, [_delivered(push, now) for push in stored], now)

        database.write_now(store)


def _pairs(people: Iterable[Subscriber]) -> list[Pair]:
    now = app.now_ms()
    return [Pair(bucket_of(each.imsi), each.imsi, _device(each), None, None, SOURCE, now, now) for each in people]


def _push(subscriber: Subscriber, push_id: int, now: int) -> NewPush:
    return NewPush(
        bucket=bucket_of(subscriber.imsi),
        id=push_id,
        imsi=subscriber.imsi,
        msisdn=subscriber.msisdn,
        device=_device(subscriber),
        settings=workload.SETTINGS_NAME,
        version=1,
        fingerprint=_FINGERPRINT,
        security=0,
        sealed_secrets=None,
        source=SOURCE,
        state=State.QUEUED,
        attention_at=now,
        owner=None,
        expires_at=now,
        history=history_line(now, "accept", State.QUEUED, SOURCE) + history_line(now, Event.CLAIM, State.SENDING),
    )


def _delivered(push: NewPush, now: int) -> Move:
    return Move(
        bucket=push.bucket,
        id=push.id,
        state_before=State.QUEUED,
        state=State.DELIVERED,
        attention_at=now,
        line=history_line(now, Event.DELIVER, State.DELIVERED, "via bench ids 1000000001,1000000002"),
        attempts=1,
        route="bench",
        parts=workload.SEGMENTS,
        delivered_parts=_ALL_PARTS,
    )


def _device(subscriber: Subscriber) -> str:
    return subscriber.imei[:14]


def _batches(people: Iterable[Subscriber]) -> Iterator[list[Subscriber]]:
    waiting = iter(people)
    while batch := list(islice(waiting, BATCH)):
        yield batch
