"""Detections that are streamed to a server: whatever breaks off, each line gets its answer."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import aiohttp
import msgspec
import pytest
from aiohttp import web

from tps.commands import detection_stream
from tps.commands.detection_stream import DetectionStream
from tps.commands.terminal import BadInputError
from tps.errors import RejectedError, RetryLaterError
from tps.files.detection_record import Record, Row

ROWS = [Row(number, Record(f"00101{number:010}", "356909010000018", None, None)) for number in range(2, 1502)]
UNREADABLE = Row(1502, RejectedError("imei", "empty"))


class Server:
    """Answers lines; each of the first streams breaks off after so many of them."""

    def __init__(self, *breaks: int, verdict: int | None = None) -> None:
        self._breaks = list(breaks)
        self._verdict = verdict
        self.seen: list[str] = []
        """The IMSIs that were answered."""

    async def take(self, request: web.BaseRequest) -> web.StreamResponse:
        answered, most = 0, self._breaks.pop(0) if self._breaks else None
        response = web.StreamResponse()
        await response.prepare(request)
        async for line in request.content:
            if answered == most:
                await self._break_off(request, response, answered + 1)
                return response
            answered += 1
            self.seen.append(msgspec.json.decode(line)["imsi"])
            await response.write(msgspec.json.encode({"line": answered, "status": 202, "outcome": "queued"}) + b"\n")
        return response

    async def _break_off(self, request: web.BaseRequest, response: web.StreamResponse, line: int) -> None:
        if self._verdict is not None:
            errors = [{"field": "body", "message": "nothing came"}]
            told = {"line": line, "status": self._verdict, "outcome": "rejected", "errors": errors}
            await response.write(msgspec.json.encode(told) + b"\n")
        elif request.transport is not None:
            request.transport.abort()


Take = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def connected(take: Take) -> AsyncIterator[aiohttp.ClientSession]:
    """A client of a server that answers every request so."""
    server = web.Server(take)
    listener = await asyncio.get_running_loop().create_server(server, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    try:
        async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:
            yield session
    finally:
        listener.close()
        await server.shutdown()


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(detection_stream, "PAUSE_S", 0.0)


@pytest.mark.parametrize("verdict", [None, 400, 408])
async def test_a_stream_that_breaks_off_goes_on_with_the_first_line_without_an_answer(verdict: int | None) -> None:
    server = Server(0, 700, 3, verdict=verdict)
    async with connected(server.take) as session:
        stream = DetectionStream(session, iter([*ROWS, UNREADABLE]), dry_run=False)
        told = [(each.line, each.answer.outcome) async for each in stream.answers()]
    assert sorted(told) == [*((row.line, "queued") for row in ROWS), (1502, "rejected")]
    assert set(server.seen) == {row.read.imsi for row in ROWS if isinstance(row.read, Record)}


async def test_a_server_that_does_not_come_back_ends_the_stream_with_the_line_to_go_on_with() -> None:
    server = Server(5, *[0] * 100)
    async with connected(server.take) as session:
        stream = DetectionStream(session, iter(ROWS), dry_run=False)
        with pytest.raises(RetryLaterError, match=r"the server went away: .*; the lines before [0-9]+ are answered"):
            async for _ in stream.answers():
                pass


async def test_a_dry_run_that_breaks_off_is_not_begun_anew() -> None:
    server = Server(5)
    async with connected(server.take) as session:
        stream = DetectionStream(session, iter(ROWS), dry_run=True)
        with pytest.raises(RetryLaterError, match="run the command again"):
            async for _ in stream.answers():
                pass
    assert len(server.seen) == 5


@pytest.mark.parametrize(
    ("status", "body", "error", "reason"),
    [
        (401, '{"type":"t","title":"t","status":401,"detail":"no such key"}', BadInputError, "no such key"),
        (404, "<html>", BadInputError, "HTTP status 404; is this the address of a provisioning server"),
        (503, '{"type":"t","title":"t","status":503,"detail":"full"}', RetryLaterError, "went away: full"),
    ],
)
async def test_a_server_that_takes_no_stream_says_why(
    status: int, body: str, error: type[Exception], reason: str
) -> None:
    async def refuse(_: web.BaseRequest) -> web.StreamResponse:
        return web.Response(status=status, text=body)

    async with connected(refuse) as session:
        with pytest.raises(error, match=reason):
            async for _ in DetectionStream(session, iter(ROWS[:2]), dry_run=False).answers():
                pass
