"""Message ids on disk, on both databases: every receipt finds its part, also when an SMSC gives an id out again."""

from typing import Any

from tps.decisions.identities import bucket_of
from tps.store import submissions
from tps.store.database import Database
from tps.store.submissions import Candidate, Match, Submission

NOW = 1_800_000_000_000


def part(message_id: str = "1000000001", **changes: Any) -> Submission:
    accepted = Submission(bucket_of(message_id), "north", message_id, 5, 77, 0, "491701234567", NOW)
    return accepted._replace(**changes)


def add(database: Database, *rows: Submission) -> None:
    database.write_now(lambda connection: submissions.add(connection, rows))


def match(database: Database, *message_ids: str, route: str = "north") -> list[Match]:
    candidates = [
        Candidate(place, rank, bucket_of(message_id), route, message_id)
        for place, (rank, message_id) in enumerate(enumerate(message_ids))
    ]
    return sorted(database.read_now(lambda connection: submissions.match(connection, candidates)))


def test_a_part_is_found_by_route_and_id_with_the_callers_place_and_rank(database: Database) -> None:
    add(database, part(), part("a2", part=1, push_id=78))
    found = match(database, "unknown", "1000000001", "a2")
    assert found == [
        Match(1, 1, 5, 77, 0, "491701234567", bucket_of("1000000001"), "north", "1000000001"),
        Match(2, 2, 5, 78, 1, "491701234567", bucket_of("a2"), "north", "a2"),
    ]
    assert match(database, "1000000001", route="south") == []
    assert match(database) == []


def test_one_id_sought_twice_is_found_twice(database: Database) -> None:
    add(database, part())
    assert [found.place for found in match(database, "1000000001", "1000000001")] == [0, 1]


def test_an_id_given_out_again_means_the_new_part(database: Database) -> None:
    add(database, part())
    add(database, part(push_id=99, push_bucket=6, part=2, expires_at=NOW + 1))
    (found,) = match(database, "1000000001")
    assert (found.push_id, found.push_bucket, found.part) == (99, 6, 2)


def test_an_id_given_out_twice_in_one_batch_means_the_last(database: Database) -> None:
    add(database, part(push_id=1), part("a2"), part(push_id=2))
    assert [found.push_id for found in match(database, "1000000001", "a2")] == [2, 77]


def test_two_routes_may_give_out_the_same_id(database: Database) -> None:
    add(database, part(), part(route="south", push_id=88))
    assert [found.push_id for found in match(database, "1000000001")] == [77]
    assert [found.push_id for found in match(database, "1000000001", route="south")] == [88]


def test_expired_parts_of_one_bucket_are_forgotten(database: Database) -> None:
    same_bucket = next(each for each in map(str, range(1000)) if bucket_of(each) == part().bucket)
    other_bucket = next(each for each in map(str, range(1000)) if bucket_of(each) != part().bucket)
    add(database, part(), part(same_bucket, expires_at=NOW + 1), part(other_bucket))
    gone = database.write_now(lambda connection: submissions.remove_expired(connection, part().bucket, NOW + 1))
    assert gone == 1
    left = match(database, "1000000001", same_bucket, other_bucket)
    assert [found.message_id for found in left] == [same_bucket, other_bucket]
