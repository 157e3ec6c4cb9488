"""Detections over HTTP."""

import pytest

from tests.tps.web.api import IMEI, IMSI, MSISDN, Api


async def test_a_device_seen_for_the_first_time_is_set_up(api: Api) -> None:
    await api.publish()
    await api.subscribe()
    detected = await api.post("/v1/detections", {"imsi": IMSI, "imei": IMEI})
    assert (detected.status, detected.value["outcome"]) == (202, "queued")
    again = await api.post("/v1/detections", {"msisdn": MSISDN, "imei": IMEI[:14]})
    assert (again.status, again.value["outcome"]) == (200, "already_open")
    assert (await api.get(f"/v1/subscribers/{IMSI}")).value["imei"] == IMEI


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"imsi": "001010999999999", "imei": IMEI}, "no subscriber"),
        ({"msisdn": "4917099999", "imei": IMEI}, "no subscriber"),
        ({"imsi": IMSI, "imei": "00000000000000"}, "proves nothing"),
    ],
)
async def test_what_leads_to_nothing_is_recorded_with_the_reason(api: Api, body: object, reason: str) -> None:
    await api.publish()
    await api.subscribe()
    answer = await api.post("/v1/detections", body)
    assert (answer.status, answer.value["outcome"]) == (200, "recorded")
    assert reason in answer.value["reason"]


async def test_an_older_sighting_does_not_overtake_a_newer_one_and_the_future_is_now(api: Api) -> None:
    await api.publish()
    await api.subscribe()
    await api.post("/v1/detections", {"imsi": IMSI, "imei": IMEI, "seen_at": "2999-01-01T00:00:00Z"})
    late = await api.post(
        "/v1/detections", {"imsi": IMSI, "imei": "35690901999999", "seen_at": "2025-01-01T00:00:00+01:00"}
    )
    assert late.value["outcome"] == "recorded"
    devices = (await api.get(f"/v1/subscribers/{IMSI}/pairs")).value["items"]
    assert [device["last_seen_at"][:4] for device in devices] == [devices[0]["last_seen_at"][:4], "2024"]
    assert devices[0]["last_seen_at"] < "2999"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"imei": IMEI}, "imsi"),
        ({"imsi": IMSI}, "imei"),
        ({"imsi": IMSI, "imei": "1"}, "imei"),
        ({"imsi": "x", "imei": IMEI}, "imsi"),
        ({"imsi": IMSI, "imei": IMEI, "seen_at": "today"}, "seen_at"),
        ({"imsi": IMSI, "imei": IMEI, "seen_at": "2026-01-01T00:00:00"}, "seen_at"),
        ({"imsi": IMSI, "imei": IMEI, "pin": "1"}, "pin"),
    ],
)
async def test_wrong_detections_are_named(api: Api, body: object, field: str) -> None:
    answer = await api.post("/v1/detections", body)
    assert (answer.status, answer.fields) == (422, [field])


async def test_a_stream_of_detections_is_answered_line_by_line(api: Api) -> None:
    await api.publish()
    await api.subscribe()
    stream = (
        f'{{"imsi":"{IMSI}","imei":"{IMEI}"}}\r\n{{"imsi":"001010999999999","imei":"{IMEI}"}}\r\n{{"imsi":"{IMSI}"}}'
    )
    answers = await api.lines("/v1/detections/bulk", stream.encode())
    assert [(answer["line"], answer["outcome"]) for answer in answers] == [
        (1, "queued"),
        (2, "recorded"),
        (3, "rejected"),
    ]
