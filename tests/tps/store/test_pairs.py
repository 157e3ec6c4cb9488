"""The devices of a SIM on disk, on both databases: sightings in any order widen the time, the newest tells the rest."""

from itertools import permutations
from typing import Any

import pytest

from tps.decisions.identities import bucket_of
from tps.store import pairs
from tps.store.database import Database
from tps.store.pairs import Pair

NOW = 1_800_000_000_000
IMSI = "001010123456789"
BUCKET = bucket_of(IMSI)
DEVICE, OTHER = "35690901000001", "35690901000002"


def sighting(seen_at: int, device: str = DEVICE, **changes: Any) -> Pair:
    return Pair(BUCKET, IMSI, device, None, None, "radius", seen_at, seen_at)._replace(**changes)


def note(database: Database, *rows: Pair) -> None:
    database.write_now(lambda connection: pairs.note(connection, rows))


def stored(database: Database) -> list[Pair]:
    return database.read_now(lambda connection: pairs.of_subscriber(connection, BUCKET, IMSI))


def test_a_new_pair_is_stored_as_it_was_seen(database: Database) -> None:
    seen = sighting(NOW, software_version="02", dirty="test range")
    note(database, seen)
    note(database)
    assert stored(database) == [seen]


@pytest.mark.parametrize("in_one_batch", [True, False])
@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_sightings_in_any_order_come_to_the_same(
    database: Database, order: tuple[int, ...], in_one_batch: bool
) -> None:
    sightings = [
        sighting(NOW, source="first", dirty="test range", software_version="01"),
        sighting(NOW + 5, source="second", software_version="02"),
        sighting(NOW + 9, source="last", software_version="03"),
    ]
    shuffled = [sightings[place] for place in order]
    for batch in [shuffled] if in_one_batch else [[each] for each in shuffled]:
        note(database, *batch)
    assert stored(database) == [
        sighting(NOW, last_seen_at=NOW + 9, source="last", software_version="03"),
    ]


def test_a_sighting_that_names_no_software_version_leaves_the_one_that_is_known(database: Database) -> None:
    note(database, sighting(NOW, software_version="02"))
    note(database, sighting(NOW + 1))
    assert [pair.software_version for pair in stored(database)] == ["02"]


def test_devices_come_newest_first_and_belong_to_their_sim(database: Database) -> None:
    stranger = "001010000000001"
    note(
        database,
        sighting(NOW + 5),
        sighting(NOW + 9, OTHER),
        sighting(NOW + 7, bucket=bucket_of(stranger), imsi=stranger),
    )
    assert [pair.device for pair in stored(database)] == [OTHER, DEVICE]


@pytest.mark.parametrize(("device", "left"), [(DEVICE, [OTHER]), (None, [])])
def test_one_device_or_all_of_them_are_forgotten(database: Database, device: str | None, left: list[str]) -> None:
    note(database, sighting(NOW), sighting(NOW, OTHER))
    gone = database.write_now(lambda connection: pairs.forget(connection, BUCKET, IMSI, device))
    assert gone == 2 - len(left)
    assert [pair.device for pair in stored(database)] == left
