"""The lean HTTP client: answers in pieces, pacing, connections that break."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from tps.bench.lone_requests import Answers, ConnectionLostError, request, send

ANSWER = b"HTTP/1.1 202 Accepted\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n\r\nokay"


@asynccontextmanager
async def answering(*pieces: bytes) -> AsyncIterator[str]:
    """The address of a server that answers each request, whatever it is, with these pieces; without any it hangs up."""

    at_work: set[asyncio.Task[None]] = set()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while await reader.read(65536) and pieces:
                for piece in pieces:
                    writer.write(piece)
                    await writer.drain()
        writer.close()

    def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        at_work.add(asyncio.create_task(answer(reader, writer)))

    server = await asyncio.start_server(begin, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        await asyncio.gather(*at_work)


async def ask(address: str, count: int, *, rate_per_s: float = 0.0) -> Answers:
    octets = request(address, "/v1/pushes", {"Content-Type": "application/json"}, b"{}")
    return await send(address, [octets] * count, connections=3, rate_per_s=rate_per_s)


def test_a_request_is_http_1_1_with_its_length() -> None:
    octets = request("http://127.0.0.1:8080", "/v1/pushes", {"A": "b"}, b"{}")
    assert octets == b"POST /v1/pushes HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nContent-Length: 2\r\nA: b\r\n\r\n{}"


async def test_answers_are_counted_whole_or_in_pieces() -> None:
    for pieces in ([ANSWER], [ANSWER[:30], ANSWER[30:-2], ANSWER[-2:]], [b"HTTP/1.1 204 No Content\r\n\r\n"]):
        async with answering(*pieces) as address:
            answers = await ask(address, 20)
        assert answers.statuses == {int(pieces[0][9:12]): 20}
        assert len(answers.times_ms) == 20


async def test_those_asked_to_come_back_later_are_counted_where_they_were_told_when() -> None:
    busy = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n"
    for answer, told_when in ((busy, 20), (busy.replace(b"Retry-After", b"X-Nothing"), 0), (ANSWER, 0)):
        async with answering(answer) as address:
            assert (await ask(address, 20)).told_when == told_when


async def test_requests_keep_their_rate() -> None:
    async with answering(ANSWER) as address:
        answers = await ask(address, 21, rate_per_s=200.0)
    assert answers.last_answer_ms - answers.first_sent_ms >= 20 / 200 * 1000 * 0.95


async def test_a_connection_that_is_closed_early_is_an_error() -> None:
    async with answering() as address:
        with pytest.raises(ConnectionLostError):
            await ask(address, 1)
