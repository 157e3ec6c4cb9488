"""The simulated SMSC: an SMPP 3.4 listener on a port of its own."""

import asyncio
import ssl
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Self

from tps.sim.smsc_behaviour import Behaviour
from tps.sim.smsc_centre import Counters, MessageCentre, Recorded
from tps.sim.smsc_pdus import SubmitSm
from tps.sim.smsc_session import Session

DEFAULT_ACCOUNTS: Mapping[str, str] = {"tps": "tps"}
"""system_id and password of a simulation; a real centre has its own."""


class Smsc:
    """An SMSC that can be started, watched and stopped; `async with Smsc() as smsc` listens on `smsc.port`.

    `on_messages` gets each batch of accepted messages; `recording` keeps destination, octets and message id of all of
    them in `record` (without it, memory is bounded by what is due).
    """

    def __init__(
        self,
        *,
        accounts: Mapping[str, str] = DEFAULT_ACCOUNTS,
        behaviour: Behaviour | None = None,
        on_messages: Callable[[list[SubmitSm]], None] | None = None,
        recording: bool = False,
        host: str = "127.0.0.1",
        port: int = 0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.host = host
        self.port = port
        self._tls = tls
        self._centre = MessageCentre(
            accounts=accounts,
            behaviour=behaviour or Behaviour(),
            wake=self._wake,
            on_messages=on_messages,
            recording=recording,
        )
        self._sessions: set[Session] = set()
        self._server: asyncio.Server | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._waiting: list[tuple[Callable[[Counters], bool], asyncio.Future[None]]] = []

    async def start(self) -> None:
        """Listen; port 0 becomes the port that the system chose."""
        self._loop = asyncio.get_running_loop()
        self._server = await self._loop.create_server(self._session, self.host, self.port, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Stop listening, close all links and forget what was due."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self.drop_links()
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    @property
    def counters(self) -> Counters:
        """What it has seen and done so far."""
        return self._centre.snapshot()

    @property
    def record(self) -> list[Recorded]:
        """The accepted messages since the start; empty unless recording."""
        return self._centre.record or []

    def behave(self, behaviour: Behaviour) -> None:
        """Behave like this from the next PDU on."""
        self._centre.behave(behaviour)

    def send(
        self, source: str, destination: str, octets: bytes, *, system_id: str = "tps", data_coding: int = 0
    ) -> None:
        """A handset sends an SMS to a short code: deliver it on a receiving link of `system_id`."""
        self._centre.send(system_id, source, destination, octets, data_coding=data_coding)

    def drop_links(self) -> None:
        """Close every link at once, as a restart of a real centre does."""
        for session in tuple(self._sessions):
            session.close()
        self._sessions.clear()

    async def until(self, reached: Callable[[Counters], bool]) -> None:
        """Wait until the counters satisfy `reached`; looked at after each read of a link and each timer."""
        if reached(self.counters):
            return
        future: asyncio.Future[None] = self._loop.create_future()
        self._waiting.append((reached, future))
        await future

    def _session(self) -> Session:
        session = Session(self._centre, self._loop.time, self._changed, self._sessions.discard)
        self._sessions.add(session)
        return session

    def _wake(self, due: float) -> None:
        if self._timer is not None:
            if self._timer.when() <= due:
                return
            self._timer.cancel()
        self._timer = self._loop.call_at(due, self._tick)

    def _tick(self) -> None:
        self._timer = None
        self._centre.tick(self._loop.time())
        self._changed()

    def _changed(self) -> None:
        if not self._waiting:
            return
        counters = self.counters
        for waiting in tuple(self._waiting):
            reached, future = waiting
            if future.done():
                self._waiting.remove(waiting)
            elif reached(counters):
                self._waiting.remove(waiting)
                future.set_result(None)
