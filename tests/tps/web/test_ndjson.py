"""Streams of lines."""

import asyncio
import json
from collections.abc import AsyncIterator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from tests.tps.web.api import IMSI, NDJSON, Api, running
from tps.config import HttpConfig
from tps.errors import RetryLaterError
from tps.web import ndjson, triggers
from tps.web.ndjson import Lines
from tps.web.operations import Line

LONGEST = 20


@given(
    octets=st.binary(max_size=200) | st.text("ab \n", max_size=200).map(str.encode), cuts=st.lists(st.integers(0, 200))
)
def test_lines_are_the_same_however_the_stream_is_cut(octets: bytes, cuts: list[int]) -> None:
    places = [0, *sorted(cut for cut in cuts if cut < len(octets)), len(octets)]
    lines = Lines(LONGEST)
    cut = [line for start, end in pairwise(places) for line in lines.cut(octets[start:end])]
    cut += lines.end()
    expected = [
        Line(number, line if len(line) <= LONGEST else None)
        for number, line in enumerate(octets.split(b"\n"), 1)
        if line and not line.isspace()
    ]
    # Of a long blank line only a part was looked at before it was let go: it may be answered as too long.
    blank = {number for number, line in enumerate(octets.split(b"\n"), 1) if line.isspace() and len(line) > LONGEST}
    assert [line for line in cut if line.number not in blank] == expected


def test_a_line_too_long_is_not_kept() -> None:
    lines = Lines(LONGEST)
    for _ in range(1000):
        assert lines.cut(b"x" * LONGEST) == []
        assert len(lines._begun) <= LONGEST
    assert lines.cut(b"x\nshort\n") == [Line(1, None), Line(2, b"short")]


async def test_a_long_stream_is_answered_in_order_in_batches(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ndjson, "BATCH_LINES", 7)
    await api.publish()
    octets = b"".join(b'{"imsi":"001010%09d","msisdn":"4917%06d"}\n' % (n, n) for n in range(100))
    answers = await api.lines("/v1/subscribers/bulk", octets)
    assert [(answer["line"], answer["outcome"]) for answer in answers] == [(n, "created") for n in range(1, 101)]


async def test_answers_come_while_the_stream_goes_on(api: Api) -> None:
    answered = asyncio.Event()

    async def stream() -> AsyncIterator[bytes]:
        yield b'{"imsi":"001010000000001","msisdn":"4917000001"}\n'
        await answered.wait()
        yield b'{"imsi":"001010000000002","msisdn":"4917000002"}\n'

    headers = {"Authorization": f"Bearer {api.key}", "Content-Type": NDJSON}
    async with api.session.post(f"{api.url}/v1/subscribers/bulk", data=stream(), headers=headers) as response:
        first = await response.content.readline()
        answered.set()
        rest = await response.content.read()
    assert [json.loads(first)["line"], json.loads(rest)["line"]] == [1, 2]


async def test_a_line_too_long_gets_its_own_answer(sqlite_url: str) -> None:
    async with running(sqlite_url, http=HttpConfig(port=0, max_line_octets=100)) as api:
        good = b'{"imsi":"001010000000001","msisdn":"4917000001"}'
        for path in ("/v1/subscribers/bulk", "/v1/detections/bulk"):
            answers = await api.lines(path, b"x" * 101 + b"\n" + good + b"\n" + b"x" * 300_000)
            assert [(answer["line"], answer["status"]) for answer in answers][::2] == [(1, 413), (3, 413)]
            assert answers[1]["line"] == 2
            assert answers[0]["errors"] == [{"field": "line", "message": "at most 100 octets a line expected"}]


async def begun(api: Api) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection with a stream whose first line was answered."""
    _, host, port = api.url.replace("//", "").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    line = b'{"imsi":"001010000000001","msisdn":"4917000001"}\n'
    writer.write(
        b"POST /v1/subscribers/bulk HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %b\r\n"
        b"Content-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"%x\r\n%b\r\n" % ((api.key or "").encode(), len(line), line)
    )
    assert (await reader.readuntil(b'"created"}\n')).startswith(b"HTTP/1.1 200")
    return reader, writer


async def test_a_caller_who_goes_away_leaves_what_was_answered_and_no_half_line(api: Api) -> None:
    with capture_logs() as logs:
        _, writer = await begun(api)
        rest = b'{"imsi":"001010000000002","msisdn":"4917000002"}'
        writer.write(b"%x\r\n%b\r\n" % (len(rest), rest))
        await writer.drain()
        writer.transport.abort()
        async with asyncio.timeout(30):
            while not any(entry["event"] == "ndjson.broken_off" for entry in logs):  # noqa: ASYNC110 - nobody else tells
                await asyncio.sleep(0.005)
    assert (await api.get("/v1/subscribers/001010000000001")).status == 200
    assert (await api.get("/v1/subscribers/001010000000002")).status == 404


async def test_a_silent_stream_is_ended_with_an_answer(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ndjson, "SILENCE_S", 0.05)
    goes_on = asyncio.Event()

    async def stream() -> AsyncIterator[bytes]:
        yield b'{"imsi":"001010000000001","msisdn":"4917000001"}\n'
        await goes_on.wait()

    headers = {"Authorization": f"Bearer {api.key}", "Content-Type": NDJSON}
    async with api.session.post(f"{api.url}/v1/subscribers/bulk", data=stream(), headers=headers) as response:
        lines = [json.loads(line) for line in (await response.read()).splitlines()]
    assert [(line["line"], line["status"]) for line in lines] == [(1, 201), (2, 408)]


async def test_while_the_store_is_away_the_stream_waits_and_then_every_line_is_told(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = 0

    async def later() -> list[int]:
        nonlocal calls
        calls += 1
        if calls < 3:
            raise RetryLaterError("away", delay_s=0.0)
        return [1]

    assert await triggers.patiently(later) == [1]
    monkeypatch.setattr(triggers, "PATIENCE_S", 0.0)
    await api.get("/v1/keys")  # the doorkeeper knows the keys for a while now
    api.parts.database.close()
    for path, line in (
        ("/v1/pushes/bulk", f'{{"imsi":"{IMSI}"}}'),
        ("/v1/subscribers/bulk", f'{{"imsi":"{IMSI}","msisdn":"4917012345"}}'),
    ):
        answers = await api.lines(path, f"{line}\n{{\n{line}\n".encode())
        assert [answer["status"] for answer in answers] == [503, 400, 503]


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", ""])
async def test_only_lines_are_taken_for_lines(api: Api, content_type: str) -> None:
    answer = await api.post("/v1/pushes/bulk", b"{}", Content_Type=content_type)
    assert (answer.status, answer.fields) == (415, ["Content-Type"])


async def test_a_caller_of_old_is_answered_until_the_connection_closes(api: Api) -> None:
    _, host, port = api.url.replace("//", "").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(
        b"POST /v1/detections/bulk HTTP/1.0\r\nAuthorization: Bearer %b\r\n"
        b"Content-Type: application/x-ndjson\r\nContent-Length: 3\r\n\r\n{}\n" % (api.key or "").encode()
    )
    head, _, lines = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    assert head.startswith(b"HTTP/1.0 200")
    assert json.loads(lines)["line"] == 1


async def test_a_stream_without_lines_has_no_answers(api: Api) -> None:
    assert await api.lines("/v1/pushes/bulk", b"") == []
    assert await api.lines("/v1/pushes/bulk", b"\n \n\r\n") == []
