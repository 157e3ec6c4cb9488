"""API keys, remembered requests and the server's own secrets on disk, on both databases."""

import threading
from typing import Any

from tps.decisions.identities import bucket_of
from tps.store import access
from tps.store.access import ApiKey, Remembered
from tps.store.database import Database

NOW = 1_800_000_000_000
TOKEN = ApiKey("set-up", "set-up", "digest of the token", set_up=True, created_at=NOW, used_up_at=None)
KEY = ApiKey("k1", "back office", "digest of the key", set_up=False, created_at=NOW, used_up_at=None)


def remember(
    database: Database, key: str = "caller/1", digest: str = "of the body", now: int = NOW
) -> Remembered | None:
    return database.write_now(lambda connection: access.remember(connection, key, digest, now))


def add(database: Database, *keys: ApiKey) -> None:
    def store(connection: Any) -> None:
        for key in keys:
            access.add_key(connection, key)

    database.write_now(store)


def test_a_key_opens_the_door_until_it_is_used_up(database: Database) -> None:
    add(database, TOKEN, KEY)
    assert sorted(database.read_now(access.keys)) == sorted([TOKEN, KEY])
    assert database.write_now(lambda connection: access.use_up(connection, "set-up", NOW))
    assert database.read_now(access.keys) == [KEY]


def test_a_key_is_used_up_once(database: Database) -> None:
    add(database, TOKEN)
    used = [database.write_now(lambda connection: access.use_up(connection, "set-up", NOW)) for _ in range(2)]
    assert used == [True, False]
    assert not database.write_now(lambda connection: access.use_up(connection, "unknown", NOW))


def test_a_set_up_token_is_renewed_until_there_is_a_key(database: Database) -> None:
    renewed = TOKEN._replace(digest="another")
    assert database.write_now(lambda connection: access.renew_set_up(connection, TOKEN))
    assert database.write_now(lambda connection: access.renew_set_up(connection, renewed))
    assert database.read_now(access.keys) == [renewed]
    add(database, KEY)
    assert not database.write_now(lambda connection: access.renew_set_up(connection, TOKEN))
    assert sorted(database.read_now(access.keys)) == sorted([renewed, KEY])


def test_a_set_up_token_that_was_used_is_not_renewed(database: Database) -> None:
    add(database, TOKEN)
    database.write_now(lambda connection: access.use_up(connection, "set-up", NOW))
    assert not database.write_now(lambda connection: access.renew_set_up(connection, TOKEN))
    assert database.read_now(access.keys) == []


def test_a_request_is_remembered_from_its_start_to_its_answer(database: Database) -> None:
    assert remember(database) is None
    assert remember(database, digest="other") == Remembered("of the body", None, None)
    database.write_now(lambda connection: access.conclude(connection, "caller/1", 202, "the answer"))
    assert remember(database) == Remembered("of the body", 202, "the answer")
    assert remember(database, "caller/2") is None


def test_a_request_that_was_forgotten_can_be_repeated(database: Database) -> None:
    remember(database)
    database.write_now(lambda connection: access.forget(connection, "caller/1"))
    assert remember(database) is None


def test_a_request_without_an_answer_is_taken_over_once_and_only_after_a_while(database: Database) -> None:
    def take_over(before: int) -> bool:
        return database.write_now(lambda connection: access.take_over(connection, "caller/1", before, NOW + 60))

    remember(database)
    assert [take_over(NOW), take_over(NOW + 1), take_over(NOW + 1)] == [False, True, False]
    database.write_now(lambda connection: access.conclude(connection, "caller/1", 202, "the answer"))
    assert not take_over(NOW + 100)


def test_old_requests_of_one_bucket_are_forgotten(database: Database) -> None:
    bucket = bucket_of("caller/1")
    same_bucket = next(each for each in map(str, range(1000)) if bucket_of(each) == bucket)
    other_bucket = next(each for each in map(str, range(1000)) if bucket_of(each) != bucket)
    remember(database)
    remember(database, same_bucket, now=NOW + 1)
    remember(database, other_bucket)
    assert database.write_now(lambda connection: access.forget_before(connection, bucket, NOW + 1)) == 1
    assert [remember(database, key) is None for key in ("caller/1", same_bucket, other_bucket)] == [True, False, False]


def test_a_secret_of_the_server_is_made_once_also_when_all_nodes_start_together(database: Database) -> None:
    kept: list[str] = []
    start = threading.Barrier(4)

    def begin(number: int) -> None:
        start.wait()
        kept.append(database.write_now(lambda connection: access.secret(connection, "pepper", f"sealed {number}")))

    nodes = [threading.Thread(target=begin, args=(number,)) for number in range(4)]
    for node in nodes:
        node.start()
    for node in nodes:
        node.join()
    assert len(kept) == 4
    assert len(set(kept)) == 1
    assert database.write_now(lambda connection: access.secret(connection, "other", "sealed 9")) == "sealed 9"
