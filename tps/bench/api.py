"""The client of the server's HTTP API: prepares the store, sends streams, follows what is open, reads the pushes."""

import asyncio
import re
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import islice
from types import TracebackType
from typing import Self

import aiohttp
import msgspec

from tps.bench import lone_requests, workload
from tps.decisions.push_id import EPOCH_MS, text_of
from tps.sim.subscribers import Subscriber

BULK, SINGLE = "/v1/pushes/bulk", "/v1/pushes"
BATCH_LINES = 500
PATIENCE_S = 120.0
"""How long nothing may move before a load test is given up."""
LOOK_EVERY_S, LOOK_LATER_S, LOOK_LATEST_S = 0.1, 2e-5, 5.0
"""How often to look whether all is settled: later for each push that is still open, because counting them is work."""
PAGE = 1000
PAGES_MAX = 100
"""Pushes are read by so many pages; of more of them, so many pages at even distances."""
_TIME_SHIFT = 22
_OUTCOME = re.compile(rb'"outcome":"(\w+)"')
_COMMITS = re.compile(r"^tps_store_commits_total ([0-9.e+]+)$", re.MULTILINE)


class StalledError(Exception):
    """The server does not come to an end with what it was given."""


class RefusedError(Exception):
    """The server does not take what it was sent: its status, and the octets in which it says why."""

    def __init__(self, status: int, octets: bytes) -> None:
        super().__init__(f"HTTP status {status}")
        self.status = status
        self.octets = octets


class Push(msgspec.Struct, frozen=True):
    """What a load test reads of a push."""

    id: str
    state: str
    msisdn: str
    created_at: datetime
    changed_at: datetime

    @property
    def created_ms(self) -> float:
        """When it was accepted, in milliseconds since 1970-01-01 UTC."""
        return self.created_at.timestamp() * 1000

    @property
    def changed_ms(self) -> float:
        """When its last step was taken."""
        return self.changed_at.timestamp() * 1000


class _Page(msgspec.Struct, frozen=True):
    items: list[Push]
    next: str | None


class _Step(msgspec.Struct, frozen=True):
    at: datetime
    event: str


class _History(msgspec.Struct, frozen=True):
    history: list[_Step]


class _Status(msgspec.Struct, frozen=True):
    open_pushes: dict[str, int]
    feeds: dict[str, dict[str, int]] = {}


_read_page = msgspec.json.Decoder(_Page).decode
_read_status = msgspec.json.Decoder(_Status).decode
_read_history = msgspec.json.Decoder(_History).decode


class Api:
    """A client with a key."""

    def __init__(self, address: str, key: str) -> None:
        self.address = address
        self.key = key
        self._session = aiohttp.ClientSession(
            address,
            headers={"Authorization": f"Bearer {key}"},
            timeout=aiohttp.ClientTimeout(total=None, sock_read=PATIENCE_S),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()

    async def publish(self) -> int:
        """Publish the settings of the load tests; returns how many SMS a push takes."""
        headers = {"Content-Type": "application/json"}
        target = f"/v1/settings/{workload.SETTINGS_NAME}"
        async with self._session.post(target, data=workload.PUBLICATION, headers=headers) as reply:
            await _verify_taken(reply)
            segments: int = (await reply.json())["segments"]
            return segments

    async def create(self, people: Iterable[Subscriber]) -> None:
        """Create the accounts of these subscribers."""
        outcomes = await self.stream("/v1/subscribers/bulk", batches(map(workload.account, people)))
        if set(outcomes) - {"created", "changed"}:
            raise StalledError(f"accounts were not created: {dict(outcomes)}")

    async def stream(
        self,
        target: str,
        chunks: Iterable[bytes] | AsyncIterator[bytes],
        answered: list[tuple[float, int]] | None = None,
    ) -> Counter[str]:
        """Send lines and read their answers at the same time; what became of them.

        `answered` is filled with wall clock milliseconds and the number of lines answered until then.
        """
        outcomes: Counter[bytes] = Counter()
        rest = b""
        count = 0
        body = chunks if isinstance(chunks, AsyncIterator) else _sent(chunks)
        headers = {"Content-Type": "application/x-ndjson"}
        async with self._session.post(target, data=body, headers=headers) as reply:
            await _verify_taken(reply)
            async for octets in reply.content.iter_any():
                whole, _, rest = (rest + octets).rpartition(b"\n")
                found = _OUTCOME.findall(whole)
                outcomes.update(found)
                count += len(found)
                if answered is not None and found:
                    answered.append((time.time() * 1000, count))
        return Counter({outcome.decode(): number for outcome, number in outcomes.items()})

    def lone_push(self, subscriber: Subscriber) -> bytes:
        """The octets of a request for one push."""
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        return lone_requests.request(self.address, SINGLE, headers, workload.push(subscriber))

    async def open_pushes(self) -> int:
        """Pushes of which something can still come."""
        return sum((await self._status()).open_pushes.values())

    async def feeds(self) -> Mapping[str, Mapping[str, int]]:
        """What the network feeds have counted."""
        return (await self._status()).feeds

    async def commits(self) -> int:
        """Transactions of the server's writer since it started."""
        found = _COMMITS.search(await self.metrics())
        return int(float(found[1])) if found else 0

    async def metrics(self) -> str:
        """What Prometheus is told."""
        async with self._session.get("/metrics") as reply:
            await _verify_taken(reply)
            return await reply.text()

    async def counted(self, name: str) -> Counter[str]:
        """A metric that has one label, by its value."""
        found = re.findall(rf'^{name}_total{{\w+="(\w+)"}} ([0-9.e+]+)$', await self.metrics(), re.MULTILINE)
        return Counter({word: int(float(number)) for word, number in found})

    async def _status(self) -> _Status:
        async with self._session.get("/v1/status") as reply:
            await _verify_taken(reply)
            return _read_status(await reply.read())

    async def settled(self, patience_s: float = PATIENCE_S) -> float:
        """Wait until no push is open; returns the wall clock in milliseconds then.

        `StalledError` once nothing has moved for `patience_s`.
        """
        before, since = -1, time.monotonic()
        while still_open := await self.open_pushes():
            if still_open != before:
                before, since = still_open, time.monotonic()
            elif time.monotonic() - since > patience_s:
                raise StalledError(f"{still_open} pushes stay open: nothing has moved for {patience_s:.0f} seconds")
            await asyncio.sleep(min(LOOK_EVERY_S + still_open * LOOK_LATER_S, LOOK_LATEST_S))
        return time.time() * 1000

    async def until_ready(self) -> None:
        """Wait until pushes can be stored and sent."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            async with self._session.get("/health/ready") as reply:
                if reply.status == 200:
                    return
            await asyncio.sleep(0.05)
        raise StalledError("the server does not get ready: no route to an SMSC is up")

    async def pushes(self, since_ms: float, count: int) -> list[Push]:
        """The pushes that were accepted since: all `count` of them, or pages of them at even distances."""
        pages = -(-count // PAGE)
        if pages <= PAGES_MAX:
            return [push async for push in self.all_pushes(since_ms)]
        found = {push.id: push for push in (await self._page(since_ms, None)).items}
        newest_ms = max((push.created_ms for push in found.values()), default=since_ms)
        step = (newest_ms - since_ms) / PAGES_MAX
        for place in range(1, PAGES_MAX):
            below = text_of((int(since_ms + step * place) - EPOCH_MS) << _TIME_SHIFT)
            found |= {push.id: push for push in (await self._page(since_ms, below)).items}
        return list(found.values())

    async def claimed(self, pushes: Iterable[Push]) -> list[float]:
        """Milliseconds from accepted to claimed for sending, by the histories of these pushes."""
        times: list[float] = []
        for push in pushes:
            async with self._session.get(f"/v1/pushes/{push.id}") as reply:
                steps = _read_history(await reply.read()).history
            first = steps[0].at
            times += [(step.at - first).total_seconds() * 1000 for step in steps if step.event == "claim"][:1]
        return times

    async def all_pushes(self, since_ms: float) -> AsyncIterator[Push]:
        """Every push that was accepted since, the newest first."""
        after: str | None = None
        while True:
            page = await self._page(since_ms, after)
            for push in page.items:
                yield push
            after = page.next
            if after is None:
                return

    async def _page(self, since_ms: float, after: str | None) -> _Page:
        since = datetime.fromtimestamp(since_ms / 1000, UTC).isoformat()
        query = {"since": since, "limit": str(PAGE), "settings": workload.SETTINGS_NAME}
        if after is not None:
            query["after"] = after
        async with self._session.get("/v1/pushes", params=query) as reply:
            await _verify_taken(reply)
            return _read_page(await reply.read())


async def _verify_taken(reply: aiohttp.ClientResponse) -> None:
    if not reply.ok:
        raise RefusedError(reply.status, await reply.read())


def batches(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Lines by `BATCH_LINES`."""
    waiting = iter(lines)
    while batch := list(islice(waiting, BATCH_LINES)):
        yield b"".join(batch)


async def paced(lines: Iterable[bytes], rate_per_s: float) -> AsyncIterator[bytes]:
    """Lines at an even rate, those that are due every few milliseconds."""
    waiting = iter(lines)
    started, sent = time.monotonic(), 0
    while True:
        due = int((time.monotonic() - started) * rate_per_s) + 1 - sent
        batch = list(islice(waiting, due)) if due > 0 else []
        if due > 0 and not batch:
            return
        sent += len(batch)
        if batch:
            yield b"".join(batch)
        await asyncio.sleep(0.002)


async def _sent(chunks: Iterable[bytes]) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk
