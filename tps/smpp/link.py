"""One connection to an SMSC: an asyncio protocol around a session. No rule of SMPP: bytes in, bytes out, one timer."""

import asyncio
import ssl
from collections.abc import Callable
from typing import TYPE_CHECKING, cast

import structlog

from tps.smpp.counters import Counters
from tps.smpp.outcomes import Outcomes
from tps.smpp.pace import Pace
from tps.smpp.pdus import ESME_ROK, Bind, ProtocolError
from tps.smpp.permit import Permit
from tps.smpp.route_config import RouteConfig
from tps.smpp.session import Session
from tps.smpp.session_states import State
from tps.smpp.submit_sm import Coding, Message

if TYPE_CHECKING:
    from collections.abc import Iterable

_log = structlog.get_logger()

PERMIT_PAUSE_S = 1.0
"""How often a link without a permit asks for one again."""
_DOUBLINGS_MAX = 30
"""Any pause has reached its maximum by then, and the power stays a small number."""


def reconnect_pause_s(config: RouteConfig, failures: int, chance: float) -> float:
    """Seconds to wait before connecting again after so many failed attempts in a row; `chance` is 0 to 1.

    Between half and all of a pause that doubles: the links of many nodes shall not come back in step.
    """
    doublings = min(failures, _DOUBLINGS_MAX)
    return min(config.reconnect_min_s * 2.0**doublings, config.reconnect_max_s) * (0.5 + chance / 2)


def _tls_context(config: RouteConfig) -> ssl.SSLContext | None:
    if not config.tls:
        return None
    try:
        return ssl.create_default_context(cafile=config.ca_file)
    except OSError as error:  # ssl.SSLError is one, too
        reason = error.strerror or error
        raise ValueError(
            f"routes[{config.name}].ca_file: {config.ca_file}: certificates as PEM expected: {reason}"
        ) from error


class Link(asyncio.Protocol):
    """Keeps one bind of a route up from `run` until `stop`; outcomes go into the route's collection."""

    def __init__(
        self,
        config: RouteConfig,
        *,
        name: str,
        bind: Bind,
        outcomes: Outcomes,
        outcome_ready: asyncio.Event,
        chance: Callable[[], float],
        next_number: Callable[[], int],
        permit: Permit | None = None,
    ) -> None:
        """`chance` gives a number from 0 to 1; `next_number` numbers the sessions of the route.

        With a `permit` it connects only while it has that.

        `ValueError` for a `ca_file` that holds no certificates.
        """
        self.name = name
        self.bind = bind
        self.counters = Counters()
        self.pace = Pace(config.rate_per_s, asyncio.get_running_loop().time())
        self.session: Session | None = None
        self.reason = "not connected yet"
        self._config = config
        self._tls = _tls_context(config)
        self._outcomes = outcomes
        self._outcome_ready = outcome_ready
        self._chance = chance
        self._next_number = next_number
        self._permit = permit
        self._loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        self._closed = asyncio.Event()
        self._transport: asyncio.Transport | None = None
        self._writable = True
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = 0.0
        self._state = State.CLOSED
        self._was_bound = False

    @property
    def up(self) -> bool:
        """True while bound for traffic."""
        return self.session is not None and self.session.state is State.BOUND

    def room(self) -> int:
        """PDUs that `submit` takes now."""
        return self.session.room() if self.session is not None else 0

    def submit(self, messages: "Iterable[Message]", coding: Coding | None = None) -> None:
        """Hand messages to the session of a link that is up, and send what its window allows."""
        if self.session is not None:
            self.session.submit(messages, coding)
            self._flush()

    def acknowledge(self, sequences: "Iterable[int]", status: int = ESME_ROK) -> None:
        """Answer deliver_sm of the present session."""
        if self.session is not None:
            self.session.acknowledge(sequences, status)
            self._flush()

    # The life of the link

    async def run(self) -> None:
        """Connect, serve, and connect again after each loss, until `stop`."""
        failures = 0
        while not self._stopping.is_set():
            if self._permit is not None and not await self._permit.take():
                self.reason = "other links hold all binds that the account may have"
                await self._pause(PERMIT_PAUSE_S * (0.5 + self._chance() / 2))
                continue
            was_bound = await self._connect_and_serve()
            if self._permit is not None:
                await self._permit.give_back()
            failures = 0 if was_bound else failures + 1
            await self._pause(reconnect_pause_s(self._config, failures, self._chance()))

    def give_back(self) -> None:
        """Give back what is not in the window yet."""
        if self.session is not None:
            self.session.give_back()
            self._flush()

    def stop(self) -> None:
        """Drain the window, unbind, and let `run` end."""
        self._stopping.set()
        if self.session is not None:
            self.session.unbind(self._loop.time())
            self._flush()

    def drop_limited(self) -> None:
        """Break the connection of a link that needs a permit, because others may have been given its place."""
        if self._permit is not None and self._transport is not None:
            self._transport.abort()

    async def _connect_and_serve(self) -> bool:
        """One connection from beginning to end; True when it was bound, and not in vain."""
        self._closed.clear()
        try:
            async with asyncio.timeout(self._config.response_timeout_s):
                await self._loop.create_connection(lambda: self, self._config.host, self._config.port, ssl=self._tls)
        except OSError as error:  # TimeoutError and ssl.SSLError are OSErrors
            self._note_loss(f"cannot connect: {error or 'no answer'}")
            return False
        if self._stopping.is_set():
            self.stop()
        elif self._permit is not None and not self._permit.lasts:
            self.drop_limited()
        try:
            await self._closed.wait()
        finally:
            if self._transport is not None:  # cancelled: nobody will wait for it
                self._transport.abort()
        return self._was_bound

    async def _pause(self, pause_s: float) -> None:
        try:
            async with asyncio.timeout(pause_s):
                await self._stopping.wait()
        except TimeoutError:
            return

    # The socket

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin a session; its bind goes out at once."""
        self._transport = cast("asyncio.Transport", transport)
        self._writable = True
        self._was_bound = False
        self._state = State.OPEN
        self.session = Session(
            self._config,
            self._loop.time(),
            bind=self.bind,
            number=self._next_number(),
            outcomes=self._outcomes,
            counters=self.counters,
            pace=self.pace,
        )
        self._flush()

    def data_received(self, data: bytes) -> None:
        """Feed the session."""
        if self.session is not None:
            try:
                self.session.receive(data, self._loop.time())
            except ProtocolError as error:
                _log.warning("smpp_protocol_error", link=self.name, error=str(error))
            self._flush()

    def pause_writing(self) -> None:
        """The socket is full: the rest waits in the session."""
        self._writable = False

    def resume_writing(self) -> None:
        """The socket takes more."""
        self._writable = True
        self._flush()

    def connection_lost(self, exc: Exception | None) -> None:
        """End the session; what was in it is given back."""
        if self.session is not None:
            self.session.lost(f"connection lost: {exc}" if exc else "the SMSC closed the connection")
            self._was_bound = self._was_bound and not self.session.futile
            self._note_loss(self.session.reason)
            self.session = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._transport = None
        self._closed.set()

    # Whatever happened, the same follows

    def _flush(self) -> None:
        """Write what there is to write, follow the session's state, wake the server, set the timer."""
        session, transport = self.session, self._transport
        if session is None or transport is None:
            return
        if self._writable:
            octets = session.octets_to_send(self._loop.time())
            if octets:
                transport.write(octets)
        if session.state is not self._state:
            self._follow(session, transport)
        if self._outcomes:
            self._outcome_ready.set()
        self._set_timer(session)

    def _follow(self, session: Session, transport: asyncio.Transport) -> None:
        """The session has moved: say so, and close the socket after the last octets of a closed one."""
        self._state = session.state
        self._outcome_ready.set()
        if session.state is State.BOUND:
            self._was_bound = True
            self.reason = ""
            _log.info("smpp_bound", link=self.name, host=self._config.host, port=self._config.port)
        elif session.state is State.CLOSED:
            self.reason = session.reason
            transport.close()
            # A peer that reads no more would keep our last octets, and with them the socket, for ever.
            self._replace_timer(self._loop.time() + self._config.response_timeout_s, transport.abort)

    def _note_loss(self, reason: str) -> None:
        self._outcome_ready.set()
        level = _log.info if self._stopping.is_set() else _log.warning
        level("smpp_down", link=self.name, host=self._config.host, port=self._config.port, reason=reason)
        self.reason = reason

    def _set_timer(self, session: Session) -> None:
        """Be woken no later than the session wants; earlier is harmless, so a timer that comes first is left alone."""
        when = session.next_timer()
        if when is None:
            return
        if self._timer is None or when < self._timer_at:
            self._replace_timer(when, self._tick)

    def _replace_timer(self, when: float, action: Callable[[], None]) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(when, action)
        self._timer_at = when

    def _tick(self) -> None:
        self._timer = None
        if self.session is not None:
            self.session.tick(self._loop.time())
            self._flush()
