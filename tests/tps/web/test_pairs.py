"""Pairs over HTTP."""

from tests.tps.web.api import IMEI, IMSI, INTERNET_WITH_PPP, Api

OTHER = "356909010000026"


async def test_the_devices_of_a_sim_are_listed_newest_first_with_what_they_hold(api: Api) -> None:
    await api.publish()
    await api.subscribe()
    await api.post("/v1/detections", {"imsi": IMSI, "imei": OTHER, "seen_at": "2026-01-01T00:00:00Z"})
    await api.post("/v1/detections", {"imsi": IMSI, "imei": f"{IMEI[:14]}03"})
    devices = (await api.get(f"/v1/subscribers/{IMSI}/pairs")).value["items"]
    assert [device["imei"] for device in devices] == [IMEI, OTHER]
    assert devices[0]["software_version"] == "03"
    assert [(held["settings"], held["version"], held["state"]) for held in devices[0]["settings"]] == [
        ("internet", 1, "OPEN")
    ]


async def test_a_push_without_a_device_is_listed_as_one_that_is_not_known(api: Api) -> None:
    await api.publish()
    await api.subscribe()
    await api.post("/v1/pushes", {"imsi": IMSI})
    (device,) = (await api.get(f"/v1/subscribers/{IMSI}/pairs")).value["items"]
    assert (device["imei"], device["last_seen_at"], len(device["settings"])) == (None, None, 1)


async def test_a_declared_device_is_set_and_nothing_is_sent_to_it(api: Api) -> None:
    await api.publish(INTERNET_WITH_PPP, security="userpin")
    await api.subscribe(values={"ppp_user": "web", "ppp_password": "geheim"})
    declared = await api.post(f"/v1/subscribers/{IMSI}/pairs", {"imei": IMEI})
    assert declared.status == 200
    shown = await api.get(f"/v1/pushes/{declared.value['id']}")
    assert (shown.value["state"], shown.value["source"], shown.value["parts"]) == ("DELIVERED", "declared", 0)
    (device,) = (await api.get(f"/v1/subscribers/{IMSI}/pairs")).value["items"]
    assert (device["imei"], device["settings"][0]["state"]) == (IMEI, "SET")
    assert (await api.post(f"/v1/subscribers/{IMSI}/pairs", {"imei": IMEI})).value == declared.value
    detected = await api.post("/v1/pushes", {"imsi": IMSI, "imei": IMEI, "pin": "4711"})
    assert detected.value == {"outcome": "already_set", "id": declared.value["id"]}


async def test_a_device_with_a_push_on_its_way_is_not_declared(api: Api) -> None:
    await api.publish()
    await api.subscribe()
    await api.post("/v1/pushes", {"imsi": IMSI, "imei": IMEI})
    assert (await api.post(f"/v1/subscribers/{IMSI}/pairs", {"imei": IMEI})).status == 409
    unknown = await api.post("/v1/subscribers/001010999999999/pairs", {"imei": IMEI})
    assert (unknown.status, unknown.fields) == (404, ["imsi"])
    wrong = await api.post(f"/v1/subscribers/{IMSI}/pairs", {"imei": "1"})
    assert (wrong.status, wrong.fields) == (422, ["imei"])


async def test_a_forgotten_device_is_set_up_anew(api: Api) -> None:
    await api.publish()
    await api.subscribe()
    await api.post("/v1/detections", {"imsi": IMSI, "imei": OTHER, "seen_at": "2026-01-01T00:00:00Z"})
    first = await api.post("/v1/detections", {"imsi": IMSI, "imei": IMEI})
    forgotten = await api.call("DELETE", f"/v1/subscribers/{IMSI}/pairs/{IMEI}")
    assert forgotten.value == {"cancelled_pushes": 1}
    assert (await api.get(f"/v1/subscribers/{IMSI}")).value["imei"] == OTHER
    assert (await api.call("DELETE", f"/v1/subscribers/{IMSI}/pairs/{IMEI}")).status == 404
    assert (await api.call("DELETE", f"/v1/subscribers/{IMSI}/pairs/1")).status == 404
    second = await api.post("/v1/detections", {"imsi": IMSI, "imei": IMEI})
    assert second.status == 202
    assert second.value["id"] != first.value["id"]


async def test_a_sim_nobody_heard_of_has_no_list(api: Api) -> None:
    assert (await api.get("/v1/subscribers/001010999999999/pairs")).status == 404
    assert (await api.get("/v1/subscribers/nobody/pairs")).status == 404
    await api.post("/v1/detections", {"imsi": "001010999999999", "imei": IMEI})
    assert len((await api.get("/v1/subscribers/001010999999999/pairs")).value["items"]) == 1
