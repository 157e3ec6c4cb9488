"""Who may come in."""

import pytest

from tests.tps.web.api import Api, running
from tps.store import access as stored_keys
from tps.web import access
from tps.web.access import Doorkeeper, Failures
from tps.web.operations import Operation
from tps.web.problems import ProblemError
from tps.web.routes import OPERATIONS


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
async def test_every_operation_but_the_probes_asks_for_a_key(api: Api, operation: Operation) -> None:
    method, path = operation.method, operation.path.replace("{", "").replace("}", "")
    api.key = None
    answer = await api.call(method, path, b"", Content_Type="application/json")
    if operation.needs_key:
        assert answer.status == 401
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    else:
        assert answer.status in (200, 503)


@pytest.mark.parametrize(
    "authorization", ["Basic abc", "Bearer", "Bearer ", "Bearer " + "x" * 500, "bearer nobody.knows"]
)
async def test_what_is_no_key_does_not_open_the_door(api: Api, authorization: str) -> None:
    assert (await api.get("/v1/status", Authorization=authorization)).status == 401


async def test_the_set_up_token_makes_the_first_key_and_nothing_else(sqlite_url: str) -> None:
    async with running(sqlite_url, makes_key=False) as api:
        token = api.set_up_token
        assert token is not None
        assert (await api.get("/v1/status", Authorization=f"Bearer {token}")).status == 403
        refused = await api.post("/v1/keys", {"name": ""}, key=token)
        assert refused.status == 422
        made = await api.post("/v1/keys", {"name": "first"}, key=token)
        assert made.status == 201
        assert (await api.post("/v1/keys", {"name": "second"}, key=token)).status == 401
        assert (await api.post("/v1/keys", {"name": "second"}, key=made.value["key"])).status == 201


async def test_keys_are_listed_without_their_secrets(api: Api) -> None:
    made = await api.post("/v1/keys", {"name": "crm"})
    listed = await api.get("/v1/keys")
    assert [key["name"] for key in listed.value["items"]] == ["test", "crm"]
    assert made.value["key"] not in str(listed.value)
    assert made.value["key"].partition(".")[2] not in str(listed.value)


async def test_a_revoked_key_stops_to_work_at_once(api: Api) -> None:
    made = await api.post("/v1/keys", {"name": "crm"})
    assert (await api.get("/v1/status", key=made.value["key"])).status == 200
    assert (await api.call("DELETE", f"/v1/keys/{made.value['id']}")).status == 204
    assert (await api.get("/v1/status", key=made.value["key"])).status == 401
    assert (await api.call("DELETE", f"/v1/keys/{made.value['id']}")).status == 404


async def test_a_key_revoked_elsewhere_stops_to_work_when_the_keys_are_read_again(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await api.post("/v1/keys", {"name": "crm"})
    await api.get("/v1/status", key=made.value["key"])
    await api.parts.database.write(lambda connection: stored_keys.use_up(connection, made.value["id"], 1))
    monkeypatch.setattr(access, "FRESH_S", 0.0)
    assert (await api.get("/v1/status", key=made.value["key"])).status == 401


async def test_of_many_ways_to_write_a_key_only_so_many_are_kept_and_all_open_the_door(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access, "_RECOGNISED_MAX", 1)
    doorkeeper = Doorkeeper(api.parts.database, lambda: 0.0)
    for spelling in (f"Bearer {api.key}", f"bearer {api.key}", f"BEARER {api.key}"):
        assert doorkeeper.recognised(spelling) is None
        await doorkeeper.admit(spelling, None)
    assert doorkeeper.recognised(f"Bearer {api.key}") is not None
    assert doorkeeper.recognised(f"bearer {api.key}") is None
    assert doorkeeper.recognised(None) is None


async def test_who_was_recognised_is_looked_at_again_when_the_keys_are_old_or_change(api: Api) -> None:
    now = 0.0
    doorkeeper = Doorkeeper(api.parts.database, lambda: now)
    authorization = f"Bearer {api.key}"
    caller = await doorkeeper.admit(authorization, None)
    assert doorkeeper.recognised(authorization) == caller
    now = access.FRESH_S
    assert doorkeeper.recognised(authorization) is None
    assert await doorkeeper.admit(authorization, None) == caller
    doorkeeper.look_again()
    assert doorkeeper.recognised(authorization) is None


async def test_the_last_key_stays(api: Api) -> None:
    (only,) = (await api.get("/v1/keys")).value["items"]
    assert (await api.call("DELETE", f"/v1/keys/{only['id']}")).status == 409
    assert (await api.get("/v1/keys")).status == 200


async def test_an_address_that_shows_too_many_wrong_keys_has_to_wait_but_right_ones_pass(api: Api) -> None:
    statuses = [(await api.get("/v1/status", key=f"nobody.{n}")).status for n in range(access.FAILURES_MAX + 1)]
    assert statuses == [401] * access.FAILURES_MAX + [429]
    assert (await api.get("/v1/status")).status == 200


def test_wrong_keys_are_forgotten_after_the_window() -> None:
    failures = Failures()
    for _ in range(access.FAILURES_MAX):
        failures.note("192.0.2.1", 0.0)
    with pytest.raises(ProblemError) as caught:
        failures.verify_room("192.0.2.1", 1.0)
    assert caught.value.headers["Retry-After"] == "60"
    failures.verify_room("192.0.2.2", 1.0)
    failures.verify_room("192.0.2.1", access.FAILURE_WINDOW_S)
    failures.note("192.0.2.1", access.FAILURE_WINDOW_S)
    failures.verify_room("192.0.2.1", access.FAILURE_WINDOW_S)


def test_no_more_addresses_are_kept_than_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "ADDRESSES_MAX", 3)
    failures = Failures()
    for number in range(100):
        failures.note(f"192.0.2.{number}", 0.0)
    assert len(failures._counts) == 3
