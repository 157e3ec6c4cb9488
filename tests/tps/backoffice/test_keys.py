"""API keys, on either database."""

import pytest

from tps import app
from tps.backoffice import keys
from tps.errors import RejectedError
from tps.store import access
from tps.store.database import Database


async def test_only_a_digest_of_a_key_is_kept(database: Database) -> None:
    made = await keys.create(database, "crm", now_ms=1)
    (kept,) = await database.read(access.keys)
    assert made.key not in str(kept)
    assert made.key.partition(".")[2] not in str(kept)
    assert keys.matching({kept.id: kept}, made.key) == kept
    assert keys.matching({kept.id: kept}, made.key + "x") is None
    assert keys.matching({kept.id: kept}, "") is None


async def test_the_set_up_token_is_used_up_by_the_first_key(database: Database) -> None:
    token = app.set_up_token(database)
    assert token is not None
    known = {key.id: key for key in await database.read(access.keys)}
    assert keys.matching(known, token) is not None
    await keys.create(database, "first", now_ms=1, with_set_up_token=True)
    assert app.set_up_token(database) is None
    with pytest.raises(RejectedError, match="used already"):
        await keys.create(database, "second", now_ms=1, with_set_up_token=True)
    assert [key.name for key in await keys.listed(database)] == ["first"]


async def test_a_lost_set_up_token_is_replaced_by_the_next_start(database: Database) -> None:
    lost, token = app.set_up_token(database), app.set_up_token(database)
    assert lost is not None
    assert token is not None
    known = {key.id: key for key in await database.read(access.keys)}
    assert keys.matching(known, lost) is None
    assert keys.matching(known, token) is not None


async def test_whoever_has_a_key_is_not_locked_out_by_a_new_set_up_token(database: Database) -> None:
    made = await keys.create(database, "made while the token lay about", now_ms=1)
    assert app.set_up_token(database) is None
    assert [key.id for key in await keys.listed(database)] == [made.id]


async def test_a_revoked_key_opens_nothing_and_the_last_one_stays(database: Database) -> None:
    first = await keys.create(database, "first", now_ms=1)
    second = await keys.create(database, "second", now_ms=2)
    await keys.revoke(database, first.id, now_ms=3)
    assert [key.id for key in await keys.listed(database)] == [second.id]
    for key_id, status in ((second.id, 409), (first.id, 404), ("set-up", 404)):
        with pytest.raises(RejectedError) as caught:
            await keys.revoke(database, key_id, now_ms=4)
        assert caught.value.status == status


@pytest.mark.parametrize("name", ["", "x" * 65, "a\0b", "a\nb"])
async def test_a_name_that_nobody_can_read_is_refused(sqlite: Database, name: str) -> None:
    with pytest.raises(RejectedError, match="name"):
        await keys.create(sqlite, name, now_ms=1)
