"""Lists of pushes, on both databases: newest first, page by page, by what they are about."""

import pytest

from tps.decisions.identities import bucket_of
from tps.decisions.push_id import PushIds
from tps.decisions.push_life import State
from tps.store import push_list, pushes
from tps.store.database import Database
from tps.store.push_list import Wanted
from tps.store.pushes import NewPush

NOW = 1_800_000_000_000
ALL = Wanted(None, None, None, None, 0, 1 << 62)


def imsi(number: int) -> str:
    return f"00101{number:010}"


@pytest.fixture
def stored(database: Database) -> list[NewPush]:
    """Pushes of 30 subscribers, two each, the oldest first: a FAILED one of "internet", a DELIVERED one of "mms"."""
    ids = PushIds(0)
    new = [
        NewPush(
            bucket=bucket_of(imsi(number)),
            id=ids.next(NOW + place * 1000, bucket_of(imsi(number))),
            imsi=imsi(number),
            msisdn="491701234567",
            device="",
            settings=settings,
            version=1,
            fingerprint=place,
            security=0,
            sealed_secrets=None,
            source="test",
            state=state,
            attention_at=NOW,
            owner=None,
            expires_at=NOW,
            history="",
        )
        for place, (number, settings, state) in enumerate(
            (number, settings, state)
            for settings, state in (("internet", State.FAILED), ("mms", State.DELIVERED))
            for number in range(30)
        )
    ]
    database.write_now(lambda connection: pushes.add(connection, new, NOW))
    return new


def ids_of(database: Database, wanted: Wanted, limit: int = 100) -> list[int]:
    return [row.id for row in database.read_now(lambda connection: push_list.page(connection, wanted, limit))]


@pytest.mark.parametrize("limit", [1, 7, 60])
def test_pages_go_from_the_newest_to_the_oldest_over_all_buckets(
    database: Database, stored: list[NewPush], limit: int
) -> None:
    seen: list[int] = []
    wanted = ALL
    while page := ids_of(database, wanted, limit):
        seen += page
        wanted = wanted._replace(below_id=page[-1])
    assert seen == [push.id for push in reversed(stored)]


@pytest.mark.parametrize(
    "wanted",
    [
        ALL._replace(imsi=imsi(3)),
        ALL._replace(settings="mms"),
        ALL._replace(state=int(State.FAILED)),
        ALL._replace(imsi=imsi(3), settings="mms", state=int(State.DELIVERED)),
        ALL._replace(imsi=imsi(3), state=int(State.QUEUED)),
        ALL._replace(settings="wap"),
    ],
)
def test_only_pushes_of_what_is_asked_for_are_listed(database: Database, stored: list[NewPush], wanted: Wanted) -> None:
    asked = {name: value for name, value in wanted._asdict().items() if name in NewPush._fields and value is not None}
    expected = [push.id for push in reversed(stored) if asked.items() <= push._asdict().items()]
    assert ids_of(database, wanted) == expected


def test_a_time_is_a_limit_of_the_number(database: Database, stored: list[NewPush]) -> None:
    wanted = ALL._replace(from_id=stored[5].id, below_id=stored[9].id)
    assert ids_of(database, wanted) == [push.id for push in reversed(stored[5:9])]
