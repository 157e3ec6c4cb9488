"""Pushes over HTTP."""

from functools import partial
from typing import Any

import pytest

from tests.tps.web.api import IMEI, IMSI, MSISDN, Api
from tps.decisions.push_id import bucket_of_id, id_of
from tps.decisions.push_life import Event, State, move
from tps.store import pushes
from tps.store.pushes import Move, history_line


async def push(api: Api, **wish: Any) -> str:
    """The id of a new push."""
    answer = await api.post("/v1/pushes", wish or {"imsi": IMSI})
    assert answer.status == 202, answer
    return str(answer.value["id"])


async def happen(api: Api, shown: str, *events: Event) -> None:
    """Let these events happen to a push, as delivery would."""
    push_id, state = id_of(shown), State.QUEUED
    for event in events:
        after = move(state, event)
        step = Move(bucket_of_id(push_id), push_id, state, after, 1 << 60, history_line(1, event, after))
        await api.parts.database.write(partial(pushes.save, moves=[step], now_ms=1))
        state = after


async def test_a_push_is_stored_once_and_answered_with_its_id(api: Api) -> None:
    await api.publish()
    await api.subscribe()
    first = await api.post("/v1/pushes", {"imsi": IMSI, "imei": IMEI})
    assert (first.status, first.value["outcome"]) == (202, "queued")
    assert first.headers["Location"] == f"/v1/pushes/{first.value['id']}"
    again = await api.post("/v1/pushes", {"msisdn": f"+{MSISDN}", "imei": IMEI + "2", "settings": "internet"})
    assert (again.status, again.value) == (200, {"outcome": "already_open", "id": first.value["id"]})


async def test_a_push_is_shown_with_its_history(api: Api) -> None:
    await api.publish()
    await api.subscribe()
    push_id = await push(api, imsi=IMSI, imei=IMEI)
    await happen(api, push_id, Event.CLAIM, Event.ACCEPT, Event.DELIVER)
    shown = await api.get(f"/v1/pushes/{push_id}")
    assert (shown.value["state"], shown.value["imei"], shown.value["security"]) == ("DELIVERED", IMEI, "netwpin")
    steps = [(entry["event"], entry["state"]) for entry in shown.value["history"]]
    assert steps == [("api", "QUEUED"), ("claim", "SENDING"), ("accept", "SENT"), ("deliver", "DELIVERED")]
    already = await api.post("/v1/pushes", {"imsi": IMSI, "imei": IMEI})
    assert (already.status, already.value["outcome"]) == (200, "already_set")
    forced = await api.post("/v1/pushes", {"imsi": IMSI, "imei": IMEI, "force": True})
    assert (forced.status, forced.value["outcome"]) == (202, "queued")


async def test_a_refusal_of_the_smsc_is_told_by_name_with_advice(api: Api) -> None:
    await api.publish()
    await api.subscribe()
    push_id = await push(api, imsi=IMSI)
    stored = f"the SMSC refused the part for good with command_status 0x{0x0B:08X}"
    line = history_line(1, Event.REFUSE, State.FAILED, stored)
    number = id_of(push_id)
    step = Move(bucket_of_id(number), number, State.QUEUED, State.FAILED, 1 << 60, line, error=stored)
    await api.parts.database.write(partial(pushes.save, moves=[step], now_ms=1))
    shown = (await api.get(f"/v1/pushes/{push_id}")).value
    (listed,) = (await api.get("/v1/pushes")).value["items"]
    for told in (shown["error"], shown["history"][-1]["detail"], listed["error"]):
        assert "for good with ESME_RINVDSTADR (0x0000000B): invalid destination address. Check the MSISDN" in told


@pytest.mark.parametrize("path", ["0000000000000", "0", "zzzzzzzzzzzzz", "%00", "0000000000000/x"])
async def test_an_unknown_push_is_not_found(api: Api, path: str) -> None:
    assert (await api.get(f"/v1/pushes/{path}")).status == 404


async def test_wrong_wishes_are_named(api: Api) -> None:
    await api.publish()
    await api.publish(name="pin", security="userpin")
    await api.subscribe()
    for body, status, field in (
        ({}, 422, "imsi"),
        ({"imsi": IMSI, "msisdn": MSISDN}, 422, "imsi"),
        ({"imsi": "1"}, 422, "imsi"),
        ({"imsi": "001010999999999"}, 404, "imsi"),
        ({"msisdn": "4917099999"}, 404, "msisdn"),
        ({"imsi": IMSI, "imei": "1"}, 422, "imei"),
        ({"imsi": IMSI, "settings": "nowhere"}, 422, "settings"),
        ({"imsi": IMSI, "settings": "\u0000"}, 422, "settings"),
        ({"imsi": IMSI, "settings": "pin"}, 422, "pin"),
        ({"imsi": IMSI, "settings": "pin", "pin": "12"}, 422, "pin"),
        ({"imsi": IMSI, "force": "yes"}, 422, "force"),
    ):
        answer = await api.post("/v1/pushes", body)
        assert (answer.status, answer.fields) == (status, [field]), body
    assert (await api.get("/v1/pushes")).value["items"] == []


async def test_a_queued_push_is_cancelled_once_and_frees_its_key(api: Api) -> None:
    await api.publish()
    await api.subscribe()
    push_id = await push(api)
    cancelled = await api.post(f"/v1/pushes/{push_id}/cancel")
    assert cancelled.value == {"id": push_id, "state": "CANCELLED"}
    assert (await api.post(f"/v1/pushes/{push_id}/cancel")).status == 409
    assert (await api.get(f"/v1/pushes/{push_id}")).value["history"][-1]["detail"].startswith("by key ")
    assert await push(api) != push_id


async def test_only_what_may_have_left_is_sent_again_and_only_what_is_held_is_released(api: Api) -> None:
    await api.publish()
    await api.subscribe()
    push_id = await push(api)
    path = f"/v1/pushes/{push_id}"
    assert (await api.post(f"{path}/resend")).status == 409
    await happen(api, push_id, Event.CLAIM, Event.LOSE)
    assert (await api.post(f"{path}/release")).status == 409
    assert (await api.post(f"{path}/resend")).value["state"] == "QUEUED"
    await happen(api, push_id, Event.CLAIM, Event.LOSE, Event.HOLD)
    assert (await api.post(f"{path}/release")).value["state"] == "QUEUED"
    assert (await api.post("/v1/pushes/0000000000000/release")).status == 404


async def test_the_list_is_newest_first_filtered_and_paged(api: Api) -> None:
    await api.publish()
    await api.publish(name="mms")
    ids = []
    for number in range(8):
        imsi = f"00101{number:010}"
        await api.subscribe(imsi, f"49170{number:06}")
        ids.append(await push(api, imsi=imsi, settings="mms" if number % 2 else "internet"))
    await api.post(f"/v1/pushes/{ids[3]}/cancel")

    async def listed(query: str) -> list[str]:
        return [item["id"] for item in (await api.get(f"/v1/pushes?{query}")).value["items"]]

    first = (await api.get("/v1/pushes?limit=5")).value
    rest = (await api.get(f"/v1/pushes?limit=5&after={first['next']}")).value
    assert [item["id"] for item in first["items"] + rest["items"]] == ids[::-1]
    assert rest["next"] is None
    assert await listed("settings=mms") == [ids[7], ids[5], ids[3], ids[1]]
    assert await listed("state=CANCELLED") == [ids[3]]
    assert await listed("imsi=001010000000002") == [ids[2]]
    assert await listed("msisdn=%2B49170000004") == [ids[4]]
    assert await listed("msisdn=49170000004&imsi=001010000000002") == []
    assert await listed("msisdn=4999999999") == []
    assert await listed("since=2100-01-01T00:00:00Z") == []
    assert await listed("until=2020-01-01T00:00:00Z") == []
    assert len(await listed("since=2020-01-01T00:00:00Z&until=2100-01-01T00:00:00Z")) == 5


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("state=LOST", "state"),
        ("since=yesterday", "since"),
        ("since=2026-01-01T00:00:00", "since"),
        ("after=x", "after"),
        ("settings=%00", "settings"),
        ("imsi=x", "imsi"),
        ("limit=1000", "limit"),
        ("when=now", "when"),
    ],
)
async def test_wrong_filters_are_named(api: Api, query: str, field: str) -> None:
    answer = await api.get(f"/v1/pushes?{query}")
    assert (answer.status, answer.fields) == (422, [field])


async def test_a_stream_of_pushes_is_answered_line_by_line(api: Api) -> None:
    await api.publish()
    await api.subscribe()
    stream = f'{{"imsi":"{IMSI}"}}\n\n{{"imsi":"{IMSI}"}}\n{{"imsi":"001010999999999"}}\nnonsense\n{{"imsi":1}}\n'
    answers = await api.lines("/v1/pushes/bulk", stream.encode())
    assert [(answer["line"], answer["status"], answer["outcome"]) for answer in answers] == [
        (1, 202, "queued"),
        (3, 200, "already_open"),
        (4, 404, "rejected"),
        (5, 400, "rejected"),
        (6, 422, "rejected"),
    ]
    assert answers[0]["id"] == answers[1]["id"]
    assert [error["field"] for error in answers[4]["errors"]] == ["imsi"]
