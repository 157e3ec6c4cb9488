"""Streams of lines (NDJSON): lines in, one answer a line out as the batches become durable. Any length, bounded memory.

    socket -> reader task -> queue of at most `BATCHES_WAITING` batches -> handler -> answers -> socket

The reader cuts lines while a batch is being committed, and where the order of the lines does not matter the next batch
is taken in meanwhile. Whoever is slow slows the others down: a full queue stops the reading, a caller who does not take
his answers stops the writing, and silence for `SILENCE_S` ends the stream.
"""

import asyncio
from collections import deque
from collections.abc import Sequence

import msgspec
import structlog
from aiohttp import ClientConnectionError, StreamReader, web

from tps.web.operations import NDJSON, Line, LinesTaker
from tps.web.problems import FieldError

log = structlog.get_logger(__name__)

BATCH_LINES = 500
BATCHES_WAITING = 4
SILENCE_S = 60.0
_encode_lines = msgspec.json.Encoder().encode_lines


class LineAnswer(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, gc=False):
    """What became of one line."""

    line: int
    """Number of the line, counted from 1; empty lines count and get no answer."""
    status: int
    """What a single request would have been answered."""
    outcome: str
    """What became of it; rejected, with the reason in `errors`, where nothing did."""
    id: str | None = None
    """The push."""
    reason: str | None = None
    errors: tuple[FieldError, ...] = ()


def rejected(number: int, status: int, errors: Sequence[FieldError], reason: str | None = None) -> LineAnswer:
    """The answer to a line that is wrong."""
    return LineAnswer(line=number, status=status, outcome="rejected", reason=reason, errors=tuple(errors))


class Lines:
    """Cuts octets into lines, whatever pieces they come in; keeps no more than one line of `max_octets`."""

    def __init__(self, max_octets: int) -> None:
        self._max_octets = max_octets
        self._begun = b""
        self._skipping = False
        self._number = 0

    @property
    def next_number(self) -> int:
        """Number of the line that is being read."""
        return self._number + 1

    def cut(self, octets: bytes) -> list[Line]:
        """The lines that these octets complete."""
        *complete, rest = octets.split(b"\n")
        if not complete:
            self._keep(self._begun + rest)
            return []
        complete[0] = self._begun + complete[0]
        was_skipping, self._skipping = self._skipping, False
        lines = self._numbered(complete)
        if was_skipping:
            lines = [Line(self._number - len(complete) + 1, None), *lines[bool(complete[0].strip()) :]]
        self._keep(rest)
        return lines

    def end(self) -> list[Line]:
        """The last line, where nothing ended it."""
        if self._skipping:
            return [Line(self.next_number, None)]
        return self._numbered([self._begun])

    def _numbered(self, complete: Sequence[bytes]) -> list[Line]:
        first = self._number + 1
        self._number += len(complete)
        most = self._max_octets
        return [
            Line(number, octets if len(octets) <= most else None)
            for number, octets in enumerate(complete, first)
            if octets and not octets.isspace()
        ]

    def _keep(self, begun: bytes) -> None:
        self._skipping = self._skipping or len(begun) > self._max_octets
        self._begun = b"" if self._skipping else begun


async def answer(
    request: web.BaseRequest, taker: LinesTaker, *, max_line_octets: int, at_once: int = 1
) -> web.StreamResponse:
    """Take the lines of the body batch by batch, `at_once` of them at a time, and answer them on the way, in order."""
    response = web.StreamResponse(headers={"Content-Type": NDJSON, "Cache-Control": "no-store"})
    await response.prepare(request)
    batches: asyncio.Queue[Sequence[Line] | None] = asyncio.Queue(BATCHES_WAITING)
    reader = asyncio.create_task(_read(request.content, Lines(max_line_octets), batches), name="ndjson-reader")
    taking: deque[asyncio.Task[Sequence[msgspec.Struct]]] = deque()
    getting: asyncio.Task[Sequence[Line] | None] | None = None
    is_at_end = False
    try:
        while taking or not is_at_end:
            if getting is None and not is_at_end and len(taking) < at_once:
                getting = asyncio.create_task(_next(batches), name="ndjson-next")
            # Whichever comes first: a batch that waits for its commit must not keep the next ones from beginning.
            first = [task for task in (getting, taking[0] if taking else None) if task is not None]
            await asyncio.wait(first, return_when=asyncio.FIRST_COMPLETED)
            if getting is not None and getting.done():
                batch, getting = getting.result(), None
                is_at_end = batch is None
                if batch is not None:
                    taking.append(asyncio.create_task(_take(taker, batch), name="ndjson-batch"))
            if taking and taking[0].done():
                await _write_answers(response, taking)
        await _end(response, taker, await reader)
    except (ConnectionError, ClientConnectionError, TimeoutError):
        log.info("ndjson.caller_gone", path=request.path)
        response.force_close()
        if request.transport is not None:
            request.transport.abort()
    finally:
        for task in (reader, getting, *taking):
            if task is not None:
                task.cancel()
    return response


async def _take(taker: LinesTaker, batch: Sequence[Line]) -> Sequence[msgspec.Struct]:
    return await taker.take(batch)


async def _next(batches: "asyncio.Queue[Sequence[Line] | None]") -> Sequence[Line] | None:
    """What has been read, up to a whole batch, put together from the pieces that wait; None at the end."""
    batch = await batches.get()
    if batch is None or len(batch) >= BATCH_LINES or batches.empty():
        return batch
    together = list(batch)
    while len(together) < BATCH_LINES and not batches.empty():
        more = batches.get_nowait()
        if more is None:
            batches.put_nowait(None)
            break
        together += more
    return together


async def _write_answers(response: web.StreamResponse, taking: "deque[asyncio.Task[Sequence[msgspec.Struct]]]") -> None:
    """The answers of the batch that was taken first."""
    if taking:
        answers = await taking.popleft()
        async with asyncio.timeout(SILENCE_S):
            await response.write(_encode_lines(answers))


async def _read(
    content: StreamReader, lines: Lines, batches: "asyncio.Queue[Sequence[Line] | None]"
) -> LineAnswer | None:
    """Cut the body into batches; returns the answer that ends a stream which did not come to its own end."""
    verdict: LineAnswer | None = None
    silence = f"nothing came for {SILENCE_S:.0f} seconds: send this line and those after it again"
    try:
        while True:
            async with asyncio.timeout(SILENCE_S):
                octets = await content.readany()
            if not octets:
                await _hand_over(lines.end(), batches)
                break
            await _hand_over(lines.cut(octets), batches)
    except TimeoutError:
        verdict = rejected(lines.next_number, 408, (FieldError("body", silence),))
    except Exception as error:  # noqa: BLE001 - whatever a body breaks off with, its stream ends here and not the server
        log.info("ndjson.broken_off", error=repr(error))
        broken = "the stream broke off: send this line and those after it again"
        verdict = rejected(lines.next_number, 400, (FieldError("body", broken),))
    await batches.put(None)
    return verdict


async def _hand_over(lines: Sequence[Line], batches: "asyncio.Queue[Sequence[Line] | None]") -> None:
    for start in range(0, len(lines), BATCH_LINES):
        await batches.put(lines[start : start + BATCH_LINES])


async def _end(response: web.StreamResponse, taker: LinesTaker, verdict: LineAnswer | None) -> None:
    last: Sequence[msgspec.Struct] = taker.end() if verdict is None else [verdict]
    if verdict is not None:
        response.force_close()
    async with asyncio.timeout(SILENCE_S):
        if last:
            await response.write(_encode_lines(last))
        await response.write_eof()
