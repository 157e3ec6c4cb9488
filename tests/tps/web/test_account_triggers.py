"""What follows by itself from a changed account, a changed SIM and a new version of settings."""

from functools import partial
from itertools import pairwise

import pytest

from tests.tps.delivering import all_pushes
from tests.tps.web.api import IMEI, IMSI, INTERNET, INTERNET_WITH_PPP, MSISDN, Api
from tps.decisions.push_id import bucket_of_id
from tps.decisions.push_life import State
from tps.store import pushes, subscribers
from tps.store.pushes import Move, PushRow, history_line

NEW_IMSI = "001010123456790"
VALUES = {"ppp_user": "web", "ppp_password": "geheim"}


async def begun(api: Api) -> list[tuple[str, str]]:
    """IMSI of each push, and what its history begins with."""
    rows = await api.parts.database.read(all_pushes)
    return [(row.imsi, row.history.splitlines()[0].split(" ", 1)[1]) for row in rows]


async def deliver(api: Api, *states: State) -> list[PushRow]:
    """All pushes that wait arrive, or come as far as the last of these states."""
    rows = [row for row in await api.parts.database.read(all_pushes) if row.state == State.QUEUED]
    for before, after in pairwise((State.QUEUED, *(states or (State.DELIVERED,)))):
        line = history_line(1, "deliver", after)
        moves = [Move(bucket_of_id(row.id), row.id, before, after, 1, line) for row in rows]
        await api.parts.database.write(partial(pushes.save, moves=moves, now_ms=1))
    return rows


@pytest.fixture
async def detected(api: Api) -> Api:
    """A subscriber whose device is set."""
    await api.publish()
    await api.publish(INTERNET_WITH_PPP, "gold")
    await api.subscribe(values=VALUES)
    await api.post("/v1/detections", {"imsi": IMSI, "imei": IMEI})
    await deliver(api)
    return api


@pytest.mark.parametrize("way", ["PATCH", "PUT", "bulk"])
async def test_other_settings_of_a_subscriber_go_to_his_device_at_once(detected: Api, way: str) -> None:
    account = {"msisdn": MSISDN, "settings": "gold", "values": VALUES}
    for _ in range(2):
        if way == "bulk":
            await detected.lines(
                "/v1/subscribers/bulk",
                b'{"imsi":"%b","msisdn":"%b","settings":"gold","values":'
                b'{"ppp_user":"web","ppp_password":"geheim"}}\n' % (IMSI.encode(), MSISDN.encode()),
            )
        else:
            body = account if way == "PUT" else {"settings": "gold"}
            assert (await detected.call(way, f"/v1/subscribers/{IMSI}", body)).status == 200
    assert (await begun(detected))[1:] == [(IMSI, "account QUEUED settings_changed")]


async def test_other_values_are_other_settings_and_a_number_is_none(detected: Api) -> None:
    await detected.call("PATCH", f"/v1/subscribers/{IMSI}", {"settings": "gold"})
    await deliver(detected)
    await detected.call("PATCH", f"/v1/subscribers/{IMSI}", {"values": {"ppp_password": "other"}})
    await detected.call("PATCH", f"/v1/subscribers/{IMSI}", {"msisdn": "4917099999"})
    assert (await begun(detected))[1:] == [(IMSI, "account QUEUED settings_changed")] * 2


async def test_values_that_come_back_are_sent_again_for_the_device_was_given_others(detected: Api) -> None:
    await detected.call("PATCH", f"/v1/subscribers/{IMSI}", {"settings": "gold"})
    await deliver(detected)
    for password in ("other", VALUES["ppp_password"], "other"):
        await detected.call("PATCH", f"/v1/subscribers/{IMSI}", {"values": {"ppp_password": password}})
        await deliver(detected)
    assert (await begun(detected))[1:] == [(IMSI, "account QUEUED settings_changed")] * 4
    assert (await detected.post("/v1/detections", {"imsi": IMSI, "imei": IMEI})).value["outcome"] == "already_set"


async def test_values_that_come_back_before_others_have_left_need_no_push_and_the_others_do_not_leave(
    detected: Api,
) -> None:
    await detected.call("PATCH", f"/v1/subscribers/{IMSI}", {"settings": "gold"})
    await deliver(detected)
    for password in ("other", VALUES["ppp_password"]):
        await detected.call("PATCH", f"/v1/subscribers/{IMSI}", {"values": {"ppp_password": password}})
    rows = await detected.parts.database.read(all_pushes)
    assert [State(row.state) for row in rows] == [State.DELIVERED, State.DELIVERED, State.CANCELLED]


async def test_values_that_come_back_while_others_may_arrive_are_sent_again(detected: Api) -> None:
    await detected.call("PATCH", f"/v1/subscribers/{IMSI}", {"settings": "gold"})
    await deliver(detected)
    await detected.call("PATCH", f"/v1/subscribers/{IMSI}", {"values": {"ppp_password": "other"}})
    await deliver(detected, State.SENDING, State.SENT)
    await detected.call("PATCH", f"/v1/subscribers/{IMSI}", {"values": VALUES})
    rows = await detected.parts.database.read(all_pushes)
    assert [State(row.state) for row in rows[2:]] == [State.SENT, State.QUEUED]


async def test_settings_that_come_back_are_sent_again_for_the_device_was_given_others(detected: Api) -> None:
    for name in ("gold", "internet"):
        await detected.call("PATCH", f"/v1/subscribers/{IMSI}", {"settings": name})
        await deliver(detected)
    assert (await begun(detected))[1:] == [(IMSI, "account QUEUED settings_changed")] * 2


async def test_values_that_no_document_holds_are_no_reason_to_send(detected: Api) -> None:
    await detected.call("PATCH", f"/v1/subscribers/{IMSI}", {"values": {"ppp_password": "other"}})
    assert (await begun(detected))[1:] == []


async def test_without_a_known_device_nothing_follows(api: Api) -> None:
    await api.publish()
    await api.publish(INTERNET_WITH_PPP, "gold")
    await api.subscribe(values=VALUES)
    await api.call("PATCH", f"/v1/subscribers/{IMSI}", {"settings": "gold"})
    assert await begun(api) == []


async def test_another_sim_takes_the_account_over_and_the_device_is_set_up_for_it(detected: Api) -> None:
    await detected.call("PATCH", f"/v1/subscribers/{IMSI}", {"settings": "gold"})
    changed = await detected.post(f"/v1/subscribers/{IMSI}/sim", {"imsi": NEW_IMSI})
    assert (changed.status, changed.value["imsi"], changed.value["msisdn"]) == (200, NEW_IMSI, MSISDN)
    assert changed.value["value_names"] == sorted(VALUES)
    assert (await detected.get(f"/v1/subscribers/{IMSI}")).status == 404
    assert sorted(await begun(detected)) == [
        (IMSI, "account QUEUED settings_changed"),
        (IMSI, "detection QUEUED first_device"),
        (NEW_IMSI, "account QUEUED sim_changed"),
    ]
    states = {row.imsi: State(row.state) for row in await detected.parts.database.read(all_pushes)}
    assert states[NEW_IMSI] is State.QUEUED
    again = await detected.post("/v1/detections", {"imsi": NEW_IMSI, "imei": IMEI})
    assert again.value["outcome"] == "already_open"


async def test_who_wants_nothing_without_asking_is_left_alone_with_another_sim_too(detected: Api) -> None:
    path = f"/v1/subscribers/{NEW_IMSI}"
    assert (await detected.get(f"/v1/subscribers/{IMSI}")).value["declined_at"] is None
    await detected.parts.database.write(
        lambda connection: subscribers.note_declined(connection, {IMSI: True}, 1_800_000_000_000)
    )
    changed = await detected.post(f"/v1/subscribers/{IMSI}/sim", {"imsi": NEW_IMSI})
    assert changed.value["declined_at"] == (await detected.get(path)).value["declined_at"] == "2027-01-15T08:00:00Z"
    assert [imsi for imsi, _ in await begun(detected)] == [IMSI]
    seen = await detected.post("/v1/detections", {"imsi": NEW_IMSI, "imei": IMEI})
    assert seen.value["outcome"] == "recorded"


async def test_a_sim_that_has_an_account_or_is_the_present_one_is_refused(detected: Api) -> None:
    await detected.subscribe(NEW_IMSI, "4917099999")
    path = f"/v1/subscribers/{IMSI}/sim"
    assert (await detected.post(path, {"imsi": NEW_IMSI})).status == 409
    assert (await detected.post(path, {"imsi": IMSI})).status == 422
    assert (await detected.post("/v1/subscribers/001019999999999/sim", {"imsi": "001010000000001"})).status == 404


async def test_a_new_version_is_sent_again_in_batches_to_those_who_hold_an_older_one(api: Api) -> None:
    await api.publish()
    for number in range(5):
        await api.subscribe(f"00101000000000{number}", f"491700000{number}")
        await api.post("/v1/detections", {"imsi": f"00101000000000{number}", "imei": f"3569090100000{number}"})
    await deliver(api)
    await api.post("/v1/detections", {"imsi": "001010000000000", "imei": "35690901999999"})  # moves on
    await api.publish({**INTERNET, "name": "Other"})
    batches, after = [], None
    for _ in range(5):
        answer = await api.post("/v1/settings/internet/resend", {"limit": 2, "after": after})
        batches.append((answer.value["queued"], answer.value["left_out"]))
        after = answer.value["next"]
        if after is None:
            break
    assert [sum(column) for column in zip(*batches, strict=True)] == [4, 1]
    assert [cause for _, cause in await begun(api)].count("resend QUEUED settings_published") == 4
    repeated = await api.post("/v1/settings/internet/resend", {})
    assert (repeated.value["queued"], repeated.value["other"]) == (0, 4)
    assert (await api.post("/v1/settings/internet/resend", {"after": "x"})).fields == ["after"]
    assert (await api.post("/v1/settings/nowhere/resend", {})).status == 404
