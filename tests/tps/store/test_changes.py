"""Which subscribers were changed lately: counted by bucket, named as long as the names fit."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.tps.delivering import imsi, msisdn, publish, subscribe
from tps.decisions.identities import BUCKETS, bucket_of
from tps.store import changes, pair_keys, pairs, subscribers
from tps.store.changes import NAMED, Bucket
from tps.store.database import Database
from tps.store.pairs import Pair
from tps.store.sealing import Seal

IMSI = imsi(7)
BUCKET = bucket_of(IMSI)
IN_ONE_BUCKET = [number for number in range(20_000) if bucket_of(imsi(number)) == BUCKET]


async def since(database: Database, seen: dict[int, int]) -> dict[int, Bucket]:
    counts = [seen.get(bucket, 0) for bucket in range(BUCKETS)]
    found = await database.read(lambda connection: changes.since(connection, counts))
    return {bucket.bucket: bucket for bucket in found}


@pytest.mark.parametrize(
    ("change", "is_forgotten"),
    [
        (lambda connection: subscribers.remove(connection, IMSI), False),
        (
            lambda connection: pairs.note(connection, [Pair(BUCKET, IMSI, "35690901000001", None, None, "api", 5, 5)]),
            False,
        ),
        (lambda connection: pairs.forget(connection, BUCKET, IMSI), True),
        (lambda connection: pair_keys.release(connection, BUCKET, IMSI), False),
    ],
    ids=["account removed", "pair noted", "pairs forgotten", "key released"],
)
async def test_whatever_changes_what_a_detection_leads_to_names_its_subscriber(
    database: Database, seal: Seal, change: Callable[[Any], object], is_forgotten: bool
) -> None:
    subscribe(database, seal, 1, first=7)
    before = await since(database, {})
    assert list(before) == [BUCKET]
    assert before[BUCKET].named(1) == [(IMSI, False)]
    await database.write(change)
    after = await since(database, {BUCKET: before[BUCKET].changes})
    assert after[BUCKET].changes == before[BUCKET].changes + 1
    assert after[BUCKET].named(1) == [(IMSI, is_forgotten)]


async def test_nothing_is_found_where_nothing_was_changed(database: Database, seal: Seal) -> None:
    subscribe(database, seal, 1, first=7)
    seen = {bucket.bucket: bucket.changes for bucket in (await since(database, {})).values()}
    await database.write(lambda connection: subscribers.imsis_of(connection, [msisdn(7)]))
    assert await since(database, seen) == {}


async def test_settings_are_everybodys(database: Database, seal: Seal) -> None:
    subscribe(database, seal, 1, first=7)
    seen = {bucket.bucket: bucket.changes for bucket in (await since(database, {})).values()}
    publish(database, seal)
    after = await since(database, seen)
    assert sorted(after) == list(range(BUCKETS))
    assert all(bucket.named(bucket.changes - seen.get(bucket.bucket, 0)) is None for bucket in after.values())


async def test_the_newest_names_are_kept_and_more_than_those_are_nobodys_in_particular(
    database: Database, seal: Seal
) -> None:
    numbers = IN_ONE_BUCKET[: NAMED + 10]
    for number in numbers:
        subscribe(database, seal, 1, first=number)
    bucket = (await since(database, {}))[BUCKET]
    assert bucket.changes == NAMED + 10
    assert bucket.named(3) == [(imsi(number), False) for number in numbers[-3:]]
    assert bucket.named(NAMED) == [(imsi(number), False) for number in numbers[-NAMED:]]
    assert bucket.named(NAMED + 1) is None


async def test_of_many_changes_in_one_transaction_all_are_counted(database: Database) -> None:
    names = [imsi(number) for number in IN_ONE_BUCKET[: NAMED + 10]]
    await database.write(lambda connection: changes.note(connection, names))
    bucket = (await since(database, {}))[BUCKET]
    assert bucket.changes == NAMED + 10
    assert bucket.named(bucket.changes) is None
    assert {changed.imsi for changed in bucket.named(NAMED) or ()} < set(names)


async def test_a_change_that_is_rolled_back_is_noted_at_the_latest_with_the_next(database: Database) -> None:
    def fails(connection: Any) -> None:
        changes.note(connection, [IMSI])
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await database.write(fails)
    assert await since(database, {}) == {}
    await database.write(lambda connection: changes.note(connection, [imsi(8)]))
    assert bucket_of(imsi(8)) in await since(database, {})
