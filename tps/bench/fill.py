"""A store with a past: accounts, the devices they were seen in, pushes that were delivered, as years leave them.

Rows go in in the order of their keys, one bucket after the other, so that every table only grows at its end. In the
order of the subscribers each row would touch a page of its own, and a store of millions would be written many times
over. Every fourth row of a bucket comes after the others and finds its page full: pages divide, and are left with room,
as they are by rows in the order of life. One thread makes the rows of a bucket while another stores those before.
"""

import time
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import NamedTuple, TypeVar

from tps import app, config
from tps.bench import workload
from tps.bench.server_process import ServerSetup
from tps.decisions.identities import BUCKETS, bucket_of
from tps.decisions.push_id import PushIds
from tps.decisions.push_life import Event, State
from tps.sim.subscribers import device_of, imsi_of, msisdn_of
from tps.store import pairs, pushes, subscribers
from tps.store.database import Connection, Database, Operation
from tps.store.pairs import Pair
from tps.store.pushes import Move, NewPush, history_line
from tps.store.subscribers import Subscriber as Account

T = TypeVar("T")

FIRST = 500_000_000
"""Number of the first subscriber of the past: none that a load test begins with."""
BATCH = 5_000
"""Rows of one statement; a transaction takes those of a bucket."""
LATE_EVERY = 4
SOURCE = "detection"
_FINGERPRINT = 1
_NUMBERS_FROM = 0.8
"""Share of the work that is done when the numbers begin."""
_ALL_PARTS = (1 << workload.SEGMENTS) - 1
_OCTETS = {
    "sqlite": "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()",
    "postgresql": "SELECT pg_database_size(current_database())",
}


class Filled(NamedTuple):
    """What filling came to."""

    rows: int
    """Accounts, numbers, pairs and pushes."""
    seconds: float
    octets: int
    """What the store takes on the disk now."""


def fill(store: str, folder: Path, *, pair_count: int, push_count: int, tell: Callable[[float], None]) -> Filled:
    """Add so many accounts, each seen in a device, and delivered pushes for the first of them.

    Brings the store to this version first; `tell` hears the share that is done, 0.0 to 1.0.
    """
    setup = ServerSetup(folder=folder, store=store, smsc_port=1)
    setup.write()
    started = time.monotonic()
    database, _ = app.open_store(config.load(setup.file))
    try:
        by_imsi, by_number = _by_bucket(pair_count)
        accounts, numbers = _accounts(by_imsi, push_count), _numbers(by_number)
        _store(database, accounts, lambda share: tell(share * _NUMBERS_FROM))
        _store(database, numbers, lambda share: tell(_NUMBERS_FROM + share * (1 - _NUMBERS_FROM)))
        octets = database.read_now(
            lambda connection: connection.exec_driver_sql(_OCTETS[database.dialect]).scalar_one()
        )
    finally:
        database.close()
    return Filled(pair_count * 3 + push_count, time.monotonic() - started, octets)


def _by_bucket(count: int) -> tuple[list["array[int]"], list["array[int]"]]:
    """The numbers of so many subscribers by the bucket of their IMSI, and by the bucket of their MSISDN."""
    by_imsi = [array("L") for _ in range(BUCKETS)]
    by_number = [array("L") for _ in range(BUCKETS)]
    for number in range(FIRST, FIRST + count):
        by_imsi[bucket_of(imsi_of(number))].append(number)
        by_number[bucket_of(msisdn_of(number))].append(number)
    return by_imsi, by_number


def _store(database: Database, operations: Iterable[Operation[None]], tell: Callable[[float], None]) -> None:
    """Each in a transaction of its own, while the next one is made."""
    with ThreadPoolExecutor(1, thread_name_prefix="fill") as writer:
        before: Future[None] | None = None
        for done, operation in enumerate(operations):
            if before is not None:
                before.result()
            tell(done / BUCKETS)
            before = writer.submit(database.write_now, operation)
        if before is not None:
            before.result()
    tell(1.0)


def _accounts(by_bucket: Sequence["array[int]"], push_count: int) -> Iterator[Operation[None]]:
    """What stores a bucket's accounts, its pairs, and its pushes, which the first subscribers have."""
    ids = PushIds(0)
    for bucket, numbers in enumerate(by_bucket):
        now = app.now_ms()
        people = sorted((imsi_of(number), number) for number in numbers)
        accounts = [_account(bucket, imsi, number, now) for imsi, number in people]
        seen = [_pair(account) for account in accounts]
        pushed = [account for account, (_, number) in zip(accounts, people, strict=True) if number < FIRST + push_count]
        sent = [_push(account, ids.next(now, bucket), now) for account in pushed]
        yield partial(_store_bucket, accounts=accounts, seen=seen, sent=sent, now=now)


def _store_bucket(
    connection: Connection, *, accounts: Sequence[Account], seen: Sequence[Pair], sent: Sequence[NewPush], now: int
) -> None:
    for batch in _batches(accounts):
        subscribers.put_accounts(connection, batch)
    for pair_batch in _batches(seen):
        pairs.note(connection, pair_batch)
    for push_batch in _batches(sent):
        pushes.add(connection, push_batch, now)
        pushes.save(connection, [_delivered(push, now) for push in push_batch], now)


def _numbers(by_bucket: Sequence["array[int]"]) -> Iterator[Operation[None]]:
    """What stores which IMSI the numbers of a bucket lead to."""
    for bucket, numbers in enumerate(by_bucket):
        yield partial(_store_numbers, rows=[(bucket, msisdn_of(number), imsi_of(number)) for number in numbers])


def _store_numbers(connection: Connection, *, rows: Sequence[tuple[int, str, str]]) -> None:
    for batch in _batches(rows):
        subscribers.put_numbers(connection, batch)


def _batches(rows: Sequence[T]) -> Iterator[list[T]]:
    """Three rows of four in their order, then the others in theirs."""
    late = rows[LATE_EVERY - 1 :: LATE_EVERY]
    early = [row for place, row in enumerate(rows, 1) if place % LATE_EVERY]
    for some in (early, late):
        for start in range(0, len(some), BATCH):
            yield list(some[start : start + BATCH])


def _account(bucket: int, imsi: str, number: int, now: int) -> Account:
    return Account(
        bucket, imsi, msisdn_of(number), workload.SETTINGS_NAME, None, None, now, now, device_of(number), now
    )


def _pair(account: Account) -> Pair:
    now = account.created_at
    return Pair(account.bucket, account.imsi, account.device or "", None, None, SOURCE, now, now)


def _push(account: Account, push_id: int, now: int) -> NewPush:
    return NewPush(
        bucket=account.bucket,
        id=push_id,
        imsi=account.imsi,
        msisdn=account.msisdn,
        device=account.device or "",
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
