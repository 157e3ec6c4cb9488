"""Settings, on either database."""

import asyncio
import json
from typing import Any

import pytest
from sqlalchemy import text

from encoders import settings as neutral
from tests.tps.backoffice.stored import INTERNET, NOW, publish
from tps.backoffice import settings
from tps.backoffice.settings import FaultyError
from tps.decisions.policy import DeliveryPolicy
from tps.errors import RejectedError
from tps.store import settings as store
from tps.store.database import Database
from tps.store.sealing import Seal


async def test_a_version_is_kept_sealed_and_opened_as_it_was(database: Database, seal: Seal) -> None:
    await publish(database, seal)
    await publish(database, seal, security="userpin")
    stored = await database.read(lambda connection: store.find(connection, "internet"))
    assert stored is not None
    assert "internet.example" not in stored.sealed_body
    published = await settings.find(database, seal, "internet")
    assert (published.version, published.policy.security) == (2, "userpin")
    assert neutral.decode(published.body) == neutral.decode(INTERNET)
    assert [each.version for each in await settings.versions(database, seal, "internet")] == [2, 1]
    assert [each.version for each in await settings.active(database, seal)] == [2]


async def waiting_for_locks(database: Database) -> int:
    """How many connections wait for what another one has changed; told by PostgreSQL only."""
    waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    return await database.read(lambda connection: connection.execute(waiting).scalar_one())


async def test_a_version_that_another_node_stores_meanwhile_is_followed_by_the_next(
    database: Database, store_url: str, seal: Seal
) -> None:
    await publish(database, seal)
    first = await database.read(lambda connection: store.find(connection, "internet"))
    assert first is not None
    other = Database(store_url)
    try:
        with other.engine.begin() as connection:
            store.add(connection, first._replace(version=2))
            publishing = asyncio.create_task(publish(database, seal))
            is_server = database.dialect == "postgresql"
            while is_server and not await waiting_for_locks(database):  # noqa: ASYNC110 - it tells nobody that it waits
                await asyncio.sleep(0.005)
        await publishing
    finally:
        other.close()
    assert (await settings.find(database, seal, "internet")).version == 3


async def test_what_protects_a_document_is_part_of_its_fingerprint(database: Database, seal: Seal) -> None:
    policies: list[dict[str, Any]] = [{}, {"validity_s": 600}, {"security": "userpin"}]
    for policy in policies:
        await publish(database, seal, **policy)
    newest, longer, first = await database.read(lambda connection: store.versions(connection, "internet"))
    assert first.fingerprint == longer.fingerprint != newest.fingerprint


async def test_a_content_that_comes_back_is_a_new_one_to_devices_that_were_given_another(
    database: Database, seal: Seal
) -> None:
    policies: list[dict[str, Any]] = [{}, {"security": "userpin"}, {}, {}, {"security": "userpin"}, {}]
    for policy in policies:
        await publish(database, seal, **policy)
    rows = await database.read(lambda connection: store.versions(connection, "internet"))
    first, other, back, unchanged, other_again, back_again = (row.fingerprint for row in reversed(rows))
    assert back == unchanged
    assert len({first, other, back, other_again, back_again}) == 5


@pytest.mark.parametrize("name", ["", " ", "a/b", "a\n", ".a", "x" * 65, "ä"])
async def test_a_name_that_does_not_fit_an_address_is_refused(sqlite: Database, seal: Seal, name: str) -> None:
    draft = settings.draft_of_settings(neutral.decode(INTERNET), DeliveryPolicy())
    with pytest.raises(RejectedError, match="name"):
        await settings.publish(sqlite, seal, name, draft, note="", now_ms=NOW)
    with pytest.raises(RejectedError, match="note"):
        await settings.publish(sqlite, seal, "x", draft, note="\0", now_ms=NOW)


def test_a_draft_tells_how_many_sms_it_takes_and_refuses_what_no_handset_takes() -> None:
    draft = settings.draft_of_settings(neutral.decode(INTERNET), DeliveryPolicy())
    assert draft.segments in (2, 3)
    many = [
        {"id": f"n{number}", "name": "x" * 200 + str(number), "address": f"{number}.example"} for number in range(40)
    ]
    large = neutral.decode(json.dumps({"name": "x", "access_points": many}).encode())
    with pytest.raises(FaultyError, match="segments") as caught:
        settings.draft_of_settings(large, DeliveryPolicy())
    assert caught.value.faults[0].path == "settings"


def test_everything_wrong_in_a_document_is_told_at_once() -> None:
    xml = b"""<wap-provisioningdoc><characteristic type="NAPDEF"><parm name="NAPID" value="a"/></characteristic>
    <characteristic type="PXLOGICAL"/></wap-provisioningdoc>"""
    with pytest.raises(FaultyError) as caught:
        settings.draft_of_document(xml, DeliveryPolicy())
    assert len(caught.value.faults) > 2
    assert {fault.path.partition("[")[0] for fault in caught.value.faults} >= {"NAPDEF", "PXLOGICAL"}
