"""Accounts on disk, on both databases: put, found by number, seen in devices, paged, removed."""

from typing import Any

import pytest

from tps.decisions.identities import BUCKETS, bucket_of
from tps.store import pairs, subscribers
from tps.store.database import Database
from tps.store.pairs import Pair
from tps.store.subscribers import Known, Subscriber

NOW = 1_800_000_000_000
OLD, NEW, NEWEST = "35690901000001", "35690901000002", "35690901000003"


def imsi(number: int) -> str:
    return f"00101{number:010}"


def account(number: int = 0, **changes: Any) -> Subscriber:
    row = Subscriber(
        bucket=bucket_of(imsi(number)),
        imsi=imsi(number),
        msisdn=f"9900{number:08}",
        settings="internet",
        sealed_values="sealed values",
        sealed_pin="sealed pin",
        created_at=NOW,
        changed_at=NOW,
    )
    return row._replace(**changes)


def put(database: Database, *rows: Subscriber) -> None:
    database.write_now(lambda connection: subscribers.put(connection, rows))


def load(database: Database, number: int = 0) -> Subscriber:
    return database.read_now(lambda connection: subscribers.load(connection, [imsi(number)]))[imsi(number)]


def seen_with(database: Database, *sightings: tuple[str, int], dirty: str | None = None) -> None:
    noted = [Pair(account().bucket, imsi(0), device, None, dirty, "api", at, at) for device, at in sightings]
    database.write_now(lambda connection: pairs.note(connection, noted))


def forget(database: Database, device: str) -> None:
    database.write_now(lambda connection: pairs.forget(connection, account().bucket, imsi(0), device))


def declined(database: Database, number: int = 0) -> int | None:
    wanted = [(0, bucket_of(imsi(number)), imsi(number), NEW)]
    (known,) = database.read_now(lambda connection: subscribers.known(connection, wanted))
    return known.declined_at


def test_who_wants_nothing_is_known_until_wanting_again_whatever_else_changes(database: Database) -> None:
    put(database, account(0), account(1))
    wishes = {imsi(0): True, imsi(1): False, imsi(2): True}
    database.write_now(lambda connection: subscribers.note_declined(connection, wishes, NOW))
    put(database, account(0, settings="mms"))
    assert (declined(database, 0), declined(database, 1), declined(database, 2)) == (NOW, None, None)
    database.write_now(lambda connection: subscribers.note_declined(connection, {imsi(0): False}, NOW))
    assert declined(database, 0) is None


def test_accounts_come_back_as_they_were_put_and_unknown_ones_not_at_all(database: Database) -> None:
    put(database, account(1), account(0, settings=None, sealed_values=None, sealed_pin=None))
    found = database.read_now(lambda connection: subscribers.load(connection, [imsi(0), imsi(1), imsi(2)]))
    assert found == {
        imsi(0): account(0, settings=None, sealed_values=None, sealed_pin=None),
        imsi(1): account(1),
    }
    assert database.read_now(subscribers.count) == 2


def test_a_change_keeps_the_time_of_creation_and_what_is_known_of_the_device(database: Database) -> None:
    put(database, account())
    seen_with(database, (NEW, NOW))
    put(database, account(msisdn="4917", settings=None, created_at=NOW + 5, changed_at=NOW + 5))
    assert load(database) == account(msisdn="4917", settings=None, changed_at=NOW + 5, device=NEW, device_seen_at=NOW)


def test_a_number_leads_to_the_account_that_took_it_last(database: Database) -> None:
    put(database, account(0), account(1))
    put(database, account(2, msisdn=account(0).msisdn))
    numbers = [account(0).msisdn, account(1).msisdn, "4999"]
    owners = database.read_now(lambda connection: subscribers.imsis_of(connection, numbers))
    assert owners == {account(0).msisdn: imsi(2), account(1).msisdn: imsi(1)}


def test_a_number_is_forgotten_only_by_its_owner(database: Database) -> None:
    number = account(0).msisdn
    put(database, account(0))
    database.write_now(lambda connection: subscribers.forget_number(connection, number, imsi(1)))
    assert database.read_now(lambda connection: subscribers.imsis_of(connection, [number])) == {number: imsi(0)}
    database.write_now(lambda connection: subscribers.forget_number(connection, number, imsi(0)))
    assert database.read_now(lambda connection: subscribers.imsis_of(connection, [number])) == {}


def test_removing_an_account_tells_what_it_was_and_frees_its_number(database: Database) -> None:
    put(database, account(0), account(1))
    assert database.write_now(lambda connection: subscribers.remove(connection, imsi(0))) == account(0)
    assert database.write_now(lambda connection: subscribers.remove(connection, imsi(0))) is None
    assert database.read_now(lambda connection: subscribers.imsis_of(connection, [account(0).msisdn])) == {}
    assert database.read_now(subscribers.count) == 1


def test_the_newest_device_is_the_one_seen_last_whatever_the_order_of_the_reports(database: Database) -> None:
    put(database, account())
    seen_with(database, (NEW, NOW), (OLD, NOW - 5))
    assert load(database).device == NEW
    seen_with(database, (OLD, NOW - 1))
    assert load(database).device == NEW
    seen_with(database, (OLD, NOW - 1), (NEWEST, NOW + 1))
    assert (load(database).device, load(database).device_seen_at) == (NEWEST, NOW + 1)


def test_the_device_of_a_sim_that_was_seen_before_its_account_is_known(database: Database) -> None:
    seen_with(database, (NEW, NOW))
    put(database, account(), account(1))
    assert load(database).device == NEW
    assert load(database, 1) == account(1)


def test_without_its_newest_device_a_sim_is_in_the_one_seen_before(database: Database) -> None:
    put(database, account())
    seen_with(database, (OLD, NOW - 9), (NEW, NOW - 5), (NEWEST, NOW))
    seen_with(database, ("0" * 14, NOW + 1), dirty="all digits alike")
    forget(database, OLD)
    assert load(database).device == NEWEST
    forget(database, NEWEST)
    assert (load(database).device, load(database).device_seen_at) == (NEW, NOW - 5)


def test_without_any_device_left_none_is_known(database: Database) -> None:
    put(database, account())
    seen_with(database, (NEW, NOW))
    forget(database, NEW)
    assert load(database) == account()


def test_what_intake_needs_is_found_for_each_place(database: Database) -> None:
    put(database, account(0), account(1))
    noted = [Pair(account().bucket, imsi(0), NEW, "02", None, "api", NOW - 3, NOW - 3)]
    database.write_now(lambda connection: pairs.note(connection, noted))
    wanted = [
        (0, bucket_of(imsi(0)), imsi(0), NEW),
        (1, bucket_of(imsi(0)), imsi(0), OLD),
        (2, bucket_of(imsi(1)), imsi(1), ""),
        (7, bucket_of(imsi(5)), imsi(5), NEW),
    ]
    known = database.read_now(lambda connection: subscribers.known(connection, wanted))
    of_account = Known(0, account().msisdn, "internet", "sealed values", "sealed pin", NEW, NOW - 3, NOW - 3, "02")
    assert sorted(known) == [
        of_account,
        of_account._replace(place=1, pair_seen_at=None, software_version=None),
        Known(2, account(1).msisdn, "internet", "sealed values", "sealed pin", None, None, None, None),
        Known(7, None, None, None, None, None, None, None, None),
    ]


@pytest.mark.parametrize("limit", [1, 7, 100])
def test_pages_follow_one_another_through_all_accounts_once(database: Database, limit: int) -> None:
    numbers = range(2 * BUCKETS + 20)
    put(database, *(account(number) for number in numbers))
    seen: list[Subscriber] = []
    after = None
    while page := database.read_now(
        lambda connection, after=after: subscribers.page(connection, after, limit)  # type: ignore[misc]
    ):
        assert len(page) <= limit
        seen += page
        after = page[-1].imsi
    assert seen == sorted((account(number) for number in numbers), key=lambda row: row[:2])
