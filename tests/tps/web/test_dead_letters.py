"""Dead letters over HTTP: counted by reason, let begin again one by one or many at a time."""

import pytest

from tests.tps.web.api import IMSI, Api, running
from tps.decisions.push_id import bucket_of_id, id_of
from tps.decisions.push_life import Event, State
from tps.store import pushes
from tps.store.pushes import Move, history_line

STATUS = "the SMSC refused it with command_status 0x0000000B"


async def dead(api: Api, imei: str = "356909010000018", error: str = STATUS) -> str:
    """A push that has FAILED."""
    made = await api.post("/v1/pushes", {"imsi": IMSI, "imei": imei})
    assert made.status == 202
    push_id = id_of(made.value["id"])
    line = history_line(1, Event.REFUSE, State.FAILED, error)
    move = Move(bucket_of_id(push_id), push_id, State.QUEUED, State.FAILED, 1, line, error=error, releases_key=1)
    await api.parts.database.write(lambda connection: pushes.save(connection, [move], 1))
    return str(made.value["id"])


async def test_a_dead_letter_is_counted_listed_and_begins_again_with_who_did_it_in_its_history(api: Api) -> None:
    await api.publish()
    await api.subscribe()
    push_id = await dead(api)
    (reason,) = (await api.get("/v1/dead-letters")).value["items"]
    assert (reason["state"], reason["count"], reason["newest"]) == ("FAILED", 1, push_id)
    assert reason["reason"] == STATUS
    assert "ESME_RINVDSTADR" in reason["advice"]
    listed = await api.get("/v1/pushes?state=FAILED&reason=0x0000000B")
    assert [item["id"] for item in listed.value["items"]] == [push_id]
    assert (await api.get("/v1/pushes?state=FAILED&reason=other")).value["items"] == []
    done = await api.post(f"/v1/pushes/{push_id}/requeue")
    assert (done.status, done.value) == (200, {"id": push_id, "state": "QUEUED"})
    shown = (await api.get(f"/v1/pushes/{push_id}")).value
    assert (shown["state"], shown["attempts"], shown["error"]) == ("QUEUED", 0, None)
    assert shown["history"][-1]["event"] == "requeue"
    assert shown["history"][-1]["detail"].startswith("by key ")
    assert (await api.get("/v1/dead-letters")).value["items"] == []
    assert (await api.post(f"/v1/pushes/{push_id}/requeue")).status == 409
    assert (await api.post("/v1/pushes/0000000000000/requeue")).status == 404


async def test_a_dead_letter_whose_pair_has_another_push_names_it(api: Api) -> None:
    await api.publish()
    await api.subscribe()
    push_id = await dead(api)
    other = (await api.post("/v1/pushes", {"imsi": IMSI, "imei": "356909010000018"})).value["id"]
    answer = await api.post(f"/v1/pushes/{push_id}/requeue")
    assert answer.status == 409
    assert other in answer.value["detail"]


async def test_many_begin_again_batch_by_batch_and_under_an_idempotency_key_once(api: Api) -> None:
    await api.publish()
    await api.subscribe()
    imeis = ("356909010000018", "356909010000026", "356909010000034")
    ids = [await dead(api, imei) for imei in imeis]
    body = {"state": "FAILED", "reason": "0x0000000B", "limit": 2}
    for _ in range(2):
        first = (await api.post("/v1/dead-letters/requeue", body, Idempotency_Key="batch-1")).value
        assert first == {"requeued": 2, "refused": [], "next": ids[1]}
    second = (await api.post("/v1/dead-letters/requeue", {**body, "after": first["next"]})).value
    assert second == {"requeued": 1, "refused": [], "next": None}
    assert {(await api.get(f"/v1/pushes/{push_id}")).value["state"] for push_id in ids} == {"QUEUED"}


async def test_a_full_store_takes_no_batch_of_dead_letters(sqlite_url: str) -> None:
    async with running(sqlite_url, max_open_pushes=1) as api:
        await api.publish()
        await api.subscribe()
        await dead(api)
        await api.parts.backlog._count()
        assert (await api.post("/v1/pushes", {"imsi": IMSI})).status == 202
        answer = await api.post("/v1/dead-letters/requeue", {"state": "FAILED"})
        assert (answer.status, answer.headers["Retry-After"]) == (503, "1")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "state"),
        ({"state": "QUEUED"}, "state"),
        ({"state": "FAILED", "limit": 501}, "limit"),
        ({"state": "FAILED", "after": "nonsense"}, "after"),
        ({"state": "FAILED", "reason": "\0"}, "reason"),
        ({"state": "FAILED", "since": "2026-01-01T00:00:00"}, "since"),
    ],
)
async def test_wrong_wishes_are_named(api: Api, body: object, field: str) -> None:
    answer = await api.post("/v1/dead-letters/requeue", body)
    assert answer.status in (404, 422)
    assert answer.fields == [field]
