"""Back-pressure as callers see it: lone requests come back later, streams are read no further and then told so."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import update

from tests.tps.web.api import IMSI, NDJSON, Api, running
from tps.decisions.push_life import State
from tps.delivery import backlog, intake
from tps.store.schema import push
from tps.web import ndjson, server, triggers

BOUND = 5


def imsi(number: int) -> str:
    return f"00101{number:010}"


@pytest.fixture
async def bounded(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Api]:
    """A server that lets few pushes wait, with subscribers for many."""
    monkeypatch.setattr(backlog, "PAUSE_MIN_S", 0.001)
    monkeypatch.setattr(backlog, "DELAY_S", 0.005)
    monkeypatch.setattr(ndjson, "BATCH_LINES", BOUND)
    monkeypatch.setattr(server, "STOP_S", 0.1)
    async with running(sqlite_url, max_open_pushes=BOUND) as api:
        await api.publish()
        for number in range(6 * BOUND):
            await api.subscribe(imsi(number), f"49170{number:06}")
        yield api


def let_all_leave(api: Api) -> int:
    """Every push that waits is at the SMSC now; returns how many those were."""
    gone = update(push).where(push.c.state == int(State.QUEUED)).values(state=int(State.SENT))
    return api.parts.database.write_now(lambda connection: connection.execute(gone).rowcount)


def wishes(first: int, count: int) -> bytes:
    return b"".join(b'{"imsi":"%b"}\n' % imsi(number).encode() for number in range(first, first + count))


async def test_a_lone_request_to_a_full_store_is_told_when_to_come_again(bounded: Api) -> None:
    await bounded.lines("/v1/pushes/bulk", wishes(0, BOUND))
    for path, body in (
        ("/v1/pushes", {"imsi": imsi(BOUND)}),
        ("/v1/detections", {"imsi": imsi(BOUND), "imei": "356909010000018"}),
    ):
        answer = await bounded.post(path, body)
        assert (answer.status, answer.headers["Retry-After"]) == (503, "1")
        assert answer.value["type"] == "urn:tps:problem:retry-later"
        assert "store.max_open_pushes" in answer.value["detail"]
    assert (await bounded.get(f"/v1/pushes?imsi={imsi(BOUND)}")).value["items"] == []


async def test_a_request_that_was_refused_may_be_sent_again_under_its_key(bounded: Api) -> None:
    await bounded.lines("/v1/pushes/bulk", wishes(0, BOUND))
    wish = {"imsi": imsi(BOUND)}
    assert (await bounded.post("/v1/pushes", wish, Idempotency_Key="one")).status == 503
    let_all_leave(bounded)
    async with asyncio.timeout(30):
        while (answer := await bounded.post("/v1/pushes", wish, Idempotency_Key="one")).status == 503:
            pass
    assert answer.status == 202


async def test_a_stream_goes_on_as_fast_as_pushes_leave_and_each_line_is_taken(bounded: Api) -> None:
    stream = asyncio.create_task(bounded.lines("/v1/pushes/bulk", wishes(0, 6 * BOUND)))
    left = 0
    async with asyncio.timeout(30):
        while not stream.done():
            left += let_all_leave(bounded)
            await asyncio.wait([stream], timeout=0.01)
    assert [answer["status"] for answer in await stream] == [202] * 6 * BOUND
    assert left + let_all_leave(bounded) == 6 * BOUND


async def test_a_stream_that_waited_in_vain_is_told_line_by_line_what_was_not_taken(
    bounded: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(triggers, "PATIENCE_S", 0.05)
    answers = await bounded.lines("/v1/pushes/bulk", wishes(0, 3 * BOUND))
    assert [answer["status"] for answer in answers] == [202] * BOUND + [503] * 2 * BOUND
    assert "store.max_open_pushes" in answers[-1]["reason"]
    assert let_all_leave(bounded) == BOUND


async def test_a_stream_that_waits_is_read_no_further(bounded: Api) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 1
            yield wishes(0, BOUND) + b"\n" * 8_000

    await bounded.lines("/v1/pushes/bulk", wishes(BOUND, BOUND))
    headers = {"Authorization": f"Bearer {bounded.key}", "Content-Type": NDJSON}
    async with bounded.session.post(f"{bounded.url}/v1/pushes/bulk", data=endless(), headers=headers) as response:
        at_rest = -1
        async with asyncio.timeout(30):
            while at_rest != sent:  # until the sockets are full, and nobody takes anything out of them
                at_rest = sent
                await asyncio.sleep(0.2)
        let_all_leave(bounded)
        async with asyncio.timeout(30):
            assert json.loads(await response.content.readline())["status"] == 202
    assert at_rest < 10_000


async def test_more_lone_requests_than_two_transactions_hold_are_told_to_come_again(
    bounded: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "WAITING_MAX", 2)
    held = asyncio.Event()
    loop = asyncio.get_running_loop()

    def slow_disk(_: object) -> None:
        loop.call_soon_threadsafe(held.set)
        asyncio.run_coroutine_threadsafe(goes_on.wait(), loop).result()

    goes_on = asyncio.Event()
    disk = asyncio.create_task(bounded.parts.database.write(slow_disk))
    await held.wait()
    waiting = [asyncio.create_task(bounded.post("/v1/pushes", {"imsi": imsi(number)})) for number in range(2)]
    async with asyncio.timeout(30):
        while bounded.parts.intake._waiting < 2:  # noqa: ASYNC110 - nobody is told that somebody waits
            await asyncio.sleep(0)
    answer = await bounded.post("/v1/pushes", {"imsi": IMSI})
    assert (answer.status, answer.headers["Retry-After"]) == (503, "1")
    goes_on.set()
    await disk
    assert [(await answered).status for answered in waiting] == [202, 202]
