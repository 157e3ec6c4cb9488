"""Lone requests over kept connections, octets made by hand: so lean that the client is not what is measured."""

import asyncio
import time
from array import array
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import cast
from urllib.parse import urlsplit

_HTTP_PORT = 80
_END = b"\r\n\r\n"
_LENGTH, _RETRY_AFTER = b"content-length:", b"\nretry-after:"
_LATER = 503
_STATUS = slice(9, 12)
"""Where the status stands in `HTTP/1.1 202 Accepted` (RFC 9112 clause 4)."""


class ConnectionLostError(ConnectionError):
    """The server closed a connection before it answered."""


@dataclass(slots=True)
class Answers:
    """What came back."""

    statuses: Counter[int] = field(default_factory=Counter)
    times_ms: "array[float]" = field(default_factory=lambda: array("d"))
    """From the moment a request was due until its answer was there."""
    told_when: int = 0
    """How many of those asked to come back later were told when."""
    first_sent_ms: float = 0.0
    last_answer_ms: float = 0.0
    """Wall clock, milliseconds since 1970-01-01 UTC."""


def request(address: str, target: str, headers: Mapping[str, str], body: bytes) -> bytes:
    """The octets of a POST."""
    lines = [f"POST {target} HTTP/1.1", f"Host: {urlsplit(address).netloc}", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + _END + body


async def send(address: str, requests: Iterable[bytes], *, connections: int, rate_per_s: float = 0.0) -> Answers:
    """Send all requests, one at a time on each connection; at `rate_per_s`, or as soon as a connection is free."""
    host, port = urlsplit(address).hostname or "", urlsplit(address).port or _HTTP_PORT
    loop = asyncio.get_running_loop()
    load = _Load(iter(requests), rate_per_s, loop)
    links = [(await loop.create_connection(lambda: _Connection(load), host, port))[0] for _ in range(connections)]
    load.answers.first_sent_ms = time.time() * 1000
    try:
        load.start(connections)
        await load.ended
    finally:
        for link in links:
            link.abort()
    return load.answers


class _Load:
    """The requests that are left, and who is free to send one."""

    def __init__(self, requests: Iterator[bytes], rate_per_s: float, loop: asyncio.AbstractEventLoop) -> None:
        self.answers = Answers()
        self.ended: asyncio.Future[None] = loop.create_future()
        self._requests = requests
        self._interval_s = 1 / rate_per_s if rate_per_s else 0.0
        self._loop = loop
        self._due_s = 0.0
        self._idle: deque[_Connection] = deque()
        self._busy = 0
        self._timer_set = False

    def start(self, connections: int) -> None:
        """Everybody is connected: begin."""
        self._due_s = time.perf_counter()
        self._busy = connections
        for connection in tuple(self._idle):
            self._idle.remove(connection)
            self.next(connection)

    def attach(self, connection: "_Connection") -> None:
        """One more is connected."""
        self._idle.append(connection)

    def next(self, connection: "_Connection") -> None:
        """This connection is free: give it a request as soon as one is due."""
        now = time.perf_counter()
        if self._interval_s and self._due_s > now:
            self._idle.append(connection)
            self._set_timer(self._due_s - now)
            return
        request = next(self._requests, None)
        if request is None:
            self._leave()
            return
        due = self._due_s if self._interval_s else now
        self._due_s += self._interval_s
        connection.send(request, due)

    def failed(self, error: Exception) -> None:
        """A connection was lost."""
        if not self.ended.done():
            self.ended.set_exception(error)

    def _set_timer(self, delay_s: float) -> None:
        if not self._timer_set:
            self._timer_set = True
            self._loop.call_later(delay_s, self._wake)

    def _wake(self) -> None:
        self._timer_set = False
        while self._idle:
            before = len(self._idle)
            self.next(self._idle.popleft())
            if len(self._idle) == before:  # it came back: nothing is due yet
                return

    def _leave(self) -> None:
        self._busy -= 1
        if not self._busy and not self.ended.done():
            self.answers.last_answer_ms = time.time() * 1000
            self.ended.set_result(None)


class _Connection(asyncio.Protocol):
    """One kept connection with at most one request under way."""

    def __init__(self, load: _Load) -> None:
        self._load = load
        self._transport: asyncio.Transport | None = None
        self._due = 0.0
        self._begun = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ready to send."""
        self._transport = cast("asyncio.Transport", transport)
        self._load.attach(self)

    def send(self, octets: bytes, due: float) -> None:
        """Write a request that was due at `due`."""
        self._due = due
        assert self._transport is not None
        self._transport.write(octets)

    def data_received(self, data: bytes) -> None:
        """Take the answer, whatever pieces it comes in; then the next request."""
        octets = self._begun + data
        end = octets.find(_END)
        if end < 0 or len(octets) < end + len(_END) + _content_length(octets[:end]):
            self._begun = octets
            return
        self._begun = b""
        answers = self._load.answers
        status = int(octets[_STATUS])
        answers.statuses[status] += 1
        answers.told_when += status == _LATER and _RETRY_AFTER in octets[:end].lower()
        answers.times_ms.append((time.perf_counter() - self._due) * 1000)
        self._load.next(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Too early, unless everything was answered."""
        self._load.failed(ConnectionLostError(f"the server closed a connection: {exc or 'no reason given'}"))


def _content_length(head: bytes) -> int:
    """Octets of the body (RFC 9112 clause 6.2); an answer without the field has none here."""
    lowered = head.lower()
    start = lowered.find(_LENGTH)
    if start < 0:
        return 0
    end = lowered.find(b"\r\n", start)
    return int(lowered[start + len(_LENGTH) : end if end >= 0 else None])
