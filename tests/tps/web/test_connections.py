"""Octets that are no request: answered with a problem, counted, and repeated neither in the answer nor in the log."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web
from structlog.testing import capture_logs

from tests.tps.web.api import Api
from tps.web.connections import Connections

SECRET = b"SECRETKEY123"
UNREADABLE = {
    "an octet 0 in a header": b"Authorization: Bearer %b\x00x\r\n" % SECRET,
    "an octet 1 in a header": b"Authorization: Bearer %b\x01\r\n" % SECRET,
    "a blank before the colon": b"Authorization : Bearer %b\r\n" % SECRET,
    "a line without a colon": b"Bearer %b\r\n" % SECRET,
    "two Content-Types": b"Content-Type: %b\r\nContent-Type: text/plain\r\n" % SECRET,
    "a header beyond all measure": b"Authorization: Bearer %b\r\n" % (SECRET * 1000),
    "a length that is none": b"Content-Length: %b\r\n" % SECRET,
}


async def sent(url: str, octets: bytes) -> tuple[bytes, bytes]:
    """Head and body of what the server answers before it closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
    writer.write(octets)
    async with asyncio.timeout(10):
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    await writer.wait_closed()
    return head, body


@pytest.mark.parametrize("header", UNREADABLE.values(), ids=UNREADABLE)
async def test_octets_that_are_no_request_are_counted_and_nothing_of_them_is_repeated(
    api: Api, caplog: pytest.LogCaptureFixture, header: bytes
) -> None:
    with capture_logs() as logs:
        head, body = await sent(api.url, b"GET /v1/status?%b HTTP/1.1\r\nHost: tps\r\n%b\r\n" % (SECRET, header))
    assert head.split()[1] == b"400"
    assert b"Content-Type: application/problem+json" in head
    problem = json.loads(body)
    assert problem["type"] == "urn:tps:problem:malformed"
    assert "each header is sent once" in problem["detail"]
    assert SECRET not in head + body
    assert (logs, caplog.records) == ([], [])
    assert 'tps_http_requests_total{method="?",path="?",status="400"} 1.0' in (await api.get("/metrics")).value


async def test_a_first_line_that_is_none_is_answered_alike(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    head, body = await sent(api.url, b"\x16\x03\x01 %b\r\n\r\n" % SECRET)
    assert b"Content-Type: application/problem+json" in head
    assert SECRET not in head + body
    assert caplog.records == []


@asynccontextmanager
async def answering(
    answer: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]], counted: list[int]
) -> AsyncIterator[str]:
    """The URL of a server that answers this way."""
    runner = web.ServerRunner(Connections(answer, lambda _, __, status: counted.append(status), access_log=None))
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    finally:
        await runner.cleanup()


async def test_a_caller_who_has_gone_is_nothing_to_log(caplog: pytest.LogCaptureFixture) -> None:
    async def answer(_: web.BaseRequest) -> web.StreamResponse:
        raise ConnectionResetError

    counted: list[int] = []
    async with answering(answer, counted) as url, aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.ServerDisconnectedError):
            await session.get(url)
    assert (caplog.records, counted) == ([], [])


async def test_a_defect_of_a_connection_is_logged_and_not_told(caplog: pytest.LogCaptureFixture) -> None:
    async def answer(_: web.BaseRequest) -> web.StreamResponse:
        raise ZeroDivisionError(SECRET)

    async with answering(answer, []) as url, aiohttp.ClientSession() as session, session.get(url) as response:
        assert response.status == 500
        assert SECRET not in await response.read()
    assert [record.name for record in caplog.records] == ["aiohttp.server"]
