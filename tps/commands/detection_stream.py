"""Detections on their way to a running server, and its answers on their way back, at the same time.

A stream that breaks off is begun anew with the first line that has no answer: nothing happens twice by that.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterator
from itertools import islice
from typing import NamedTuple

import aiohttp
import msgspec

from tps.commands import running_server
from tps.errors import RejectedError, RetryLaterError
from tps.files.detection_record import Record, Row
from tps.web.dry_run import DryRunLine
from tps.web.ndjson import rejected
from tps.web.operations import NDJSON
from tps.web.problems import FieldError

BULK, DRY_RUN = "/v1/detections/bulk", "/v1/detections/dry-run"
BATCH_LINES = 500
BEGINNINGS_MAX = 10
"""How often a stream is begun anew without one more answer before it is given up."""
PAUSE_S = 2.0
SILENCE_S = 120.0
_BROKEN = frozenset({400, 408})
"""What a server answers at the end of a stream that did not come to its own end."""

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(DryRunLine).decode


class Told(NamedTuple):
    """What became of one line of the file; of a dry run the last one, of no line, holds the totals."""

    line: int
    answer: DryRunLine


class _BrokenOffError(Exception):
    """The stream ended before its end."""


class DetectionStream:
    """The rows of a file, sent to a server until each has its answer."""

    def __init__(self, session: aiohttp.ClientSession, rows: Iterator[Row], *, dry_run: bool) -> None:
        self._session = session
        self._rows = rows
        self._dry_run = dry_run
        self._unanswered: deque[tuple[int, bytes]] = deque()
        self._refused: deque[Told] = deque()
        """Rows that could not be read: nobody needs to ask the server for them."""

    async def answers(self) -> AsyncIterator[Told]:
        """What became of every row. `RetryLaterError` where the server does not come back.

        A dry run is not begun anew: the server has forgotten what came before.
        """
        beginnings = 0
        while True:
            try:
                async for told in self._sent():
                    beginnings = 0
                    yield told
            except (aiohttp.ClientError, TimeoutError, _BrokenOffError, RetryLaterError) as error:
                beginnings += 1
                if self._dry_run or beginnings > BEGINNINGS_MAX:
                    raise RetryLaterError(f"the server went away: {error}; {self._place()}") from error
                await asyncio.sleep(PAUSE_S)
            else:
                return

    async def _sent(self) -> AsyncIterator[Told]:
        target = DRY_RUN if self._dry_run else BULK
        async with self._session.post(target, data=self._body(), headers={"Content-Type": NDJSON}) as reply:
            if reply.status != 200:
                raise running_server.refusal(reply.status, await reply.read())
            async for line in reply.content:
                answer = _decode(line)
                if answer.status in _BROKEN and answer.errors[:1] and answer.errors[0].field == "body":
                    raise _BrokenOffError(answer.errors[0].message)
                yield Told(0, answer) if answer.totals else Told(self._unanswered.popleft()[0], answer)
                while self._refused:
                    yield self._refused.popleft()
        if self._unanswered:
            raise _BrokenOffError("not every line was answered")
        while self._refused:
            yield self._refused.popleft()

    async def _body(self) -> AsyncIterator[bytes]:
        if self._unanswered:
            yield b"".join(octets for _, octets in self._unanswered)
        while batch := list(islice(self._rows, BATCH_LINES)):
            lines: list[bytes] = []
            for number, read in batch:
                if isinstance(read, RejectedError):
                    self._refused.append(_told(number, read))
                else:
                    lines.append(_line(read))
                    self._unanswered.append((number, lines[-1]))
            if lines:
                yield b"".join(lines)

    def _place(self) -> str:
        if self._dry_run or not self._unanswered:
            return "run the command again"
        return f"the lines before {self._unanswered[0][0]} are answered; running the command again does nothing twice"


def _line(record: Record) -> bytes:
    return _encode({name: text for name, text in record._asdict().items() if text is not None}) + b"\n"


def _told(number: int, error: RejectedError) -> Told:
    wrong = rejected(number, 422, (FieldError(error.field or "line", error.message),))
    return Told(number, DryRunLine(line=number, status=422, outcome=wrong.outcome, errors=wrong.errors))
