"""Subscribers over HTTP."""

from tests.tps.web.api import IMEI, IMSI, MSISDN, Api


async def test_a_subscriber_is_created_and_shown_without_secrets(api: Api) -> None:
    made = await api.subscribe(msisdn="+49 170 12345", values={"ppp_user": "web", "ppp_password": "geheim"}, pin="4711")
    shown = await api.get(f"/v1/subscribers/{IMSI}")
    assert shown.status == 200
    assert shown.value == made.value
    assert shown.value["msisdn"] == MSISDN
    assert shown.value["value_names"] == ["ppp_password", "ppp_user"]
    assert shown.value["has_pin"]
    assert "geheim" not in str(shown.value)
    assert "4711" not in str(shown.value)
    assert made.headers["Location"] == f"/v1/subscribers/{IMSI}"


async def test_a_second_account_for_an_imsi_or_a_number_is_a_conflict(api: Api) -> None:
    await api.subscribe()
    again = await api.post("/v1/subscribers", {"imsi": IMSI, "msisdn": "4917099999"})
    assert (again.status, again.fields) == (409, ["imsi"])
    taken = await api.post("/v1/subscribers", {"imsi": "001010123456780", "msisdn": MSISDN})
    assert (taken.status, taken.fields) == (409, ["msisdn"])
    assert (await api.get("/v1/subscribers/001010123456780")).status == 404


async def test_wrong_fields_are_named(api: Api) -> None:
    cases = {
        "imsi": {"imsi": "12x", "msisdn": MSISDN},
        "msisdn": {"imsi": IMSI, "msisdn": "call me"},
        "imsis": {"imsi": IMSI, "msisdn": MSISDN, "imsis": 1},
        "values": {"imsi": IMSI, "msisdn": MSISDN, "values": {"PPP": "x"}},
        "values.ppp": {"imsi": IMSI, "msisdn": MSISDN, "values": {"ppp": "a\u0000b"}},
        "pin": {"imsi": IMSI, "msisdn": MSISDN, "pin": "abc"},
        "settings": {"imsi": IMSI, "msisdn": MSISDN, "settings": "nowhere"},
    }
    for field, body in cases.items():
        answer = await api.post("/v1/subscribers", body)
        assert (answer.status, answer.fields) == (422, [field])
    missing = await api.post("/v1/subscribers", {"imsi": IMSI})
    assert (missing.status, missing.fields) == (422, ["msisdn"])
    wrong_type = await api.post("/v1/subscribers", {"imsi": 1, "msisdn": MSISDN})
    assert (wrong_type.status, wrong_type.fields) == (422, ["imsi"])
    assert (await api.get(f"/v1/subscribers/{IMSI}")).status == 404


async def test_put_creates_then_replaces_all_of_an_account(api: Api) -> None:
    path = f"/v1/subscribers/{IMSI}"
    assert (await api.call("PUT", path, {"msisdn": MSISDN, "pin": "4711", "values": {"a": "b"}})).status == 201
    replaced = await api.call("PUT", path, {"msisdn": "4917012399"})
    assert replaced.status == 200
    assert (replaced.value["has_pin"], replaced.value["value_names"]) == (False, [])
    await api.subscribe("001010123456780", MSISDN)


async def test_patch_changes_what_it_names_and_null_removes(api: Api) -> None:
    await api.subscribe(pin="4711", values={"a": "1", "b": "2"})
    path = f"/v1/subscribers/{IMSI}"
    changed = await api.call("PATCH", path, {"values": {"a": None, "c": "3"}})
    assert (changed.value["value_names"], changed.value["has_pin"]) == (["b", "c"], True)
    merged = await api.call(
        "PATCH", path, b'{"pin": null, "values": null}', Content_Type="application/merge-patch+json"
    )
    assert (merged.value["value_names"], merged.value["has_pin"]) == ([], False)
    moved = await api.call("PATCH", path, {"msisdn": "+4917012399"})
    assert moved.value["msisdn"] == "4917012399"
    await api.subscribe("001010123456780", MSISDN)
    assert (await api.call("PATCH", "/v1/subscribers/001010999999999", {})).status == 404


async def test_deleting_a_subscriber_takes_devices_and_pushes_along(api: Api) -> None:
    await api.publish()
    await api.subscribe()
    detected = await api.post("/v1/detections", {"imsi": IMSI, "imei": IMEI})
    removed = await api.call("DELETE", f"/v1/subscribers/{IMSI}")
    assert removed.value == {"cancelled_pushes": 1, "running_pushes": 0, "forgotten_devices": 1}
    assert (await api.get(f"/v1/pushes/{detected.value['id']}")).value["state"] == "CANCELLED"
    assert (await api.get(f"/v1/subscribers/{IMSI}")).status == 404
    assert (await api.get(f"/v1/subscribers/{IMSI}/pairs")).status == 404
    assert (await api.call("DELETE", f"/v1/subscribers/{IMSI}")).status == 404


async def test_pages_go_through_all_accounts_once(api: Api) -> None:
    imsis = {f"00101{number:010}" for number in range(12)}
    for number, imsi in enumerate(sorted(imsis)):
        await api.subscribe(imsi, f"49170{number:06}")
    seen: list[str] = []
    path = "/v1/subscribers?limit=5"
    while True:
        page = (await api.get(path)).value
        seen += [item["imsi"] for item in page["items"]]
        if page["next"] is None:
            break
        path = f"/v1/subscribers?limit=5&after={page['next']}"
    assert sorted(seen) == sorted(imsis)
    found = await api.get("/v1/subscribers?msisdn=%2B49170000003")
    assert [item["imsi"] for item in found.value["items"]] == ["001010000000003"]
    assert (await api.get("/v1/subscribers?msisdn=4999999999")).value == {"items": [], "next": None}


async def test_wrong_queries_are_named(api: Api) -> None:
    for query, field in {
        "limit=6": "limit", "limit=0": "limit", "limit=x": "limit", "after=x": "after", "color=red": "color",
        "limit=1&limit=2": "limit",
    }.items():  # fmt: skip
        answer = await api.get(f"/v1/subscribers?{query}")
        assert (answer.status, answer.fields) == (422, [field]), query
    assert (await api.get(f"/v1/subscribers/{IMSI}?x=1")).fields == ["x"]


async def test_a_stream_creates_and_replaces_line_by_line(api: Api) -> None:
    await api.publish()
    await api.subscribe()
    lines = [
        f'{{"imsi":"{IMSI}","msisdn":"4917012399"}}',
        '{"imsi":"001010000000001","msisdn":"4917000001","settings":"internet"}',
        '{"imsi":"001010000000002","msisdn":"4917000001"}',
        '{"imsi":"001010000000001","msisdn":"4917000003"}',
        '{"imsi":"001010000000003","msisdn":"4917000003","settings":"nowhere"}',
        '{"imsi":"001010000000004"}',
    ]
    answers = await api.lines("/v1/subscribers/bulk", "\n".join(lines).encode())
    assert [(answer["line"], answer["status"], answer["outcome"]) for answer in answers] == [
        (1, 200, "changed"),
        (2, 201, "created"),
        (3, 409, "rejected"),
        (4, 200, "changed"),
        (5, 409, "rejected"),
        (6, 422, "rejected"),
    ]
    assert (await api.get("/v1/subscribers/001010000000001")).value["msisdn"] == "4917000003"
