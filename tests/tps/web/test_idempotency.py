"""The same request sent again."""

import asyncio

import pytest

from tests.tps.web.api import IMSI, INTERNET, Api
from tps.store import access
from tps.web import idempotency
from tps.web.answers import Answer
from tps.web.problems import ProblemError


async def test_the_same_request_gets_the_same_answer_and_does_nothing_twice(api: Api) -> None:
    body = {"settings": INTERNET}
    first = await api.call("PUT", "/v1/settings/internet", body, Idempotency_Key="publish-1")
    again = await api.call("PUT", "/v1/settings/internet", body, Idempotency_Key="publish-1")
    assert (again.status, again.value) == (first.status, first.value)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.headers["Location"] == first.headers["Location"]
    other = await api.call("PUT", "/v1/settings/internet", body, Idempotency_Key="publish-2")
    assert other.value["version"] == 2


async def test_another_request_under_the_same_key_is_refused(api: Api) -> None:
    await api.call("PUT", "/v1/settings/internet", {"settings": INTERNET}, Idempotency_Key="1")
    for path, body in (("internet", {"settings": INTERNET, "note": "x"}), ("other", {"settings": INTERNET})):
        answer = await api.call("PUT", f"/v1/settings/{path}", body, Idempotency_Key="1")
        assert (answer.status, answer.fields) == (422, ["Idempotency-Key"])


async def test_each_caller_has_keys_of_his_own(api: Api) -> None:
    other = (await api.post("/v1/keys", {"name": "other"})).value["key"]
    body = {"settings": INTERNET}
    first = await api.call("PUT", "/v1/settings/internet", body, Idempotency_Key="1")
    second = await api.call("PUT", "/v1/settings/internet", body, Idempotency_Key="1", key=other)
    assert (first.value["version"], second.value["version"]) == (1, 2)


async def test_a_refused_request_can_be_mended_and_sent_again_under_its_key(api: Api) -> None:
    await api.publish()
    refused = await api.post("/v1/pushes", {"imsi": IMSI}, Idempotency_Key="1")
    assert refused.status == 404
    await api.subscribe()
    assert (await api.post("/v1/pushes", {"imsi": IMSI}, Idempotency_Key="1")).status == 202


async def test_an_answer_with_a_secret_is_kept_sealed(api: Api) -> None:
    first = await api.post("/v1/keys", {"name": "crm"}, Idempotency_Key="1")
    again = await api.post("/v1/keys", {"name": "crm"}, Idempotency_Key="1")
    assert again.value == first.value
    (owner,) = [key["id"] for key in (await api.get("/v1/keys")).value["items"] if key["name"] == "test"]
    kept = await api.parts.database.write(lambda connection: access.remember(connection, f"{owner}:1", "", 1))
    assert kept is not None
    assert first.value["key"] not in str(kept)


async def test_while_the_first_request_is_at_work_the_second_has_to_wait(api: Api) -> None:
    parts, begun, go_on = api.parts, asyncio.Event(), asyncio.Event()
    request = idempotency.request_of("caller", "1", method="POST", target="/", media_type="x", octets=b"")

    async def slowly() -> Answer:
        begun.set()
        await go_on.wait()
        return Answer(200, b"done", "x", {})

    first = asyncio.create_task(idempotency.once(parts.database, parts.seal, request, slowly, parts.clock))
    await begun.wait()
    with pytest.raises(ProblemError) as caught:
        await idempotency.once(parts.database, parts.seal, request, slowly, parts.clock)
    assert caught.value.status == 409
    go_on.set()
    assert (await first).body == b"done"


async def test_a_request_whose_server_died_is_done_anew_after_a_while(api: Api) -> None:
    parts = api.parts
    request = idempotency.request_of("caller", "1", method="POST", target="/", media_type="x", octets=b"")
    now = parts.clock()
    await parts.database.write(lambda connection: access.remember(connection, request.key, request.digest, now))

    async def done() -> Answer:
        return Answer(200, b"done", "x", {})

    with pytest.raises(ProblemError):
        await idempotency.once(parts.database, parts.seal, request, done, lambda: now + idempotency.ABANDONED_MS)
    late = now + idempotency.ABANDONED_MS + 1
    assert (await idempotency.once(parts.database, parts.seal, request, done, lambda: late)).body == b"done"


async def test_an_answer_that_fails_is_not_kept(api: Api) -> None:
    parts = api.parts
    request = idempotency.request_of("caller", "1", method="POST", target="/", media_type="x", octets=b"")

    async def failing() -> Answer:
        raise ZeroDivisionError

    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            await idempotency.once(parts.database, parts.seal, request, failing, parts.clock)


@pytest.mark.parametrize("key", ["with space", "x" * 101, "é"])
async def test_a_key_of_the_wrong_form_is_named(api: Api, key: str) -> None:
    answer = await api.post("/v1/pushes", {"imsi": IMSI}, Idempotency_Key=key)
    assert (answer.status, answer.fields) == (400, ["Idempotency-Key"])
