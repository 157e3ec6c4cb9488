"""The simulated SMSC: an SMPP 3.4 listener on a port of its own."""

import asyncio
import ssl
from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random
from types import TracebackType
from typing import NamedTuple, Self

from tps.sim.smsc_behaviour import Behaviour
from tps.sim.smsc_centre import Counters, MessageCentre
from tps.sim.smsc_pdus import ESM_CLASS_UDHI, SubmitSm, inbound_body
from tps.sim.smsc_record import Accepted, RecordFile
from tps.sim.smsc_session import Session

DEFAULT_ACCOUNTS: Mapping[str, str] = {"tps": "tps"}
"""system_id and password of a simulation; a real centre has its own."""


_LISTEN_AGAIN_S = 0.1


class Recorded(NamedTuple):
    """One accepted message, kept for later counting."""

    destination: str
    octets: bytes
    message_id: str


class Smsc:
    """An SMSC that can be started, watched and stopped; `async with Smsc() as smsc` listens on `smsc.port`.

    `on_messages` gets each batch of accepted messages; `recording` keeps destination, octets and message id of all of
    them in `record` (without it, memory is bounded by what is due); `record_file` gets a line for each and is continued
    by the next SMSC with the same file, whose message numbers go on where it ended.
    """

    def __init__(
        self,
        *,
        accounts: Mapping[str, str] = DEFAULT_ACCOUNTS,
        behaviour: Behaviour | None = None,
        on_messages: Callable[[list[SubmitSm]], None] | None = None,
        recording: bool = False,
        record_file: Path | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.host = host
        self.port = port
        self.record: list[Recorded] = []
        """The accepted messages since the start; empty unless recording."""
        self._recording = recording
        self._file = RecordFile(record_file) if record_file is not None else None
        self._tls = tls
        last_number = self._file.last_number if self._file is not None else None
        self._centre = MessageCentre(
            accounts=accounts,
            behaviour=behaviour or Behaviour(),
            wake=self._wake,
            on_messages=on_messages,
            on_accepted=self._keep if recording or self._file is not None else None,
            first_number=None if last_number is None else last_number + 1,
        )
        self._random = Random(self._centre.behaviour.seed)  # noqa: S311 a simulation is repeatable, not secret
        self._sessions: set[Session] = set()
        self._server: asyncio.Server | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = 0.0
        self._outages: asyncio.Task[None] | None = None
        self._waiting: list[tuple[Callable[[Counters], bool], asyncio.Future[None]]] = []

    async def start(self) -> None:
        """Listen; port 0 becomes the port that the system chose."""
        self._loop = asyncio.get_running_loop()
        await self._listen()
        self._outages = asyncio.create_task(self._go_down_and_up(), name="sim-smsc-outages")

    async def stop(self) -> None:
        """Stop listening, close all links and forget what was due."""
        if self._outages is not None:
            self._outages.cancel()
            await asyncio.wait((self._outages,))
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self.drop_links()
        await self._close_port()
        if self._file is not None:
            self._file.close()

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

    def behave(self, behaviour: Behaviour) -> None:
        """Behave like this from the next PDU on."""
        self._centre.behave(behaviour)

    def send(
        self,
        source: str,
        destination: str,
        octets: bytes,
        *,
        system_id: str = "tps",
        source_ton: int = 1,
        data_coding: int = 0,
        has_header: bool = False,
        protocol_id: int = 0,
    ) -> None:
        """A handset sends an SMS to a short code: deliver it on a receiving link of `system_id`.

        `source_ton`: how the sender is written. `has_header`: the octets begin with a user data header.
        """
        esm_class = ESM_CLASS_UDHI if has_header else 0
        body = inbound_body(
            source,
            destination,
            octets,
            source_ton=source_ton,
            esm_class=esm_class,
            data_coding=data_coding,
            protocol_id=protocol_id,
        )
        self._centre.send(system_id, body)

    def drop_links(self) -> None:
        """Close every link at once, as a restart of a real centre does."""
        for session in tuple(self._sessions):
            session.close()
        self._sessions.clear()

    async def go_down(self) -> None:
        """Break every link and refuse new ones until `come_up`; what is due stays due."""
        for session in tuple(self._sessions):
            session.abort()
        await self._close_port()
        self._centre.counters.outages += 1
        self._changed()

    async def come_up(self) -> None:
        """Listen again, at the same port."""
        while True:
            try:
                await self._listen()
            except OSError:  # a client of another server got the port meanwhile: it lets go of it, too
                await asyncio.sleep(_LISTEN_AGAIN_S)
            else:
                return

    async def until(self, reached: Callable[[Counters], bool]) -> None:
        """Wait until the counters satisfy `reached`; looked at after each read of a link and each timer."""
        if reached(self.counters):
            return
        future: asyncio.Future[None] = self._loop.create_future()
        self._waiting.append((reached, future))
        await future

    async def _listen(self) -> None:
        self._server = await self._loop.create_server(self._session, self.host, self.port, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _close_port(self) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
            self._server = None

    async def _go_down_and_up(self) -> None:
        while (up_s := self._centre.behaviour.up_s) is not None:
            await asyncio.sleep(up_s + self._centre.behaviour.up_jitter_s * self._random.random())
            await self.go_down()
            await asyncio.sleep(self._centre.behaviour.down_s)
            await self.come_up()

    def _keep(self, accepted: list[Accepted]) -> None:
        if self._recording:
            self.record += [
                Recorded(each.submitted.destination, each.submitted.octets, each.message_id.decode())
                for each in accepted
            ]
        if self._file is not None:
            self._file.write(accepted)

    def _session(self) -> Session:
        session = Session(self._centre, self._loop.time, self._changed, self._sessions.discard)
        self._sessions.add(session)
        return session

    def _wake(self, due: float) -> None:
        if self._timer is not None:
            if self._timer_at <= due:
                return
            self._timer.cancel()
        self._timer = self._loop.call_at(due, self._tick)
        self._timer_at = due  # the handle does not tell: uvloop's has no `when()` where that is past already

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
