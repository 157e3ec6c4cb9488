"""The Diameter feed on real sockets: octets in, octets out, one timer a connection. The rules are in the session."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import cast

import structlog

from tps.feeds.address_book import AddressBook
from tps.feeds.detection_queue import DetectionQueue
from tps.feeds.diameter_config import DiameterFeed
from tps.feeds.diameter_session import DiameterCounters, Session, StatusOf
from tps.feeds.diameter_states import State
from tps.feeds.sparse_log import SparseLog

_log = structlog.get_logger(__name__)


class DiameterListener:
    """The connections of all peers."""

    def __init__(
        self, feed: DiameterFeed, queue: DetectionQueue, *, status_of: StatusOf, clock: Callable[[], int]
    ) -> None:
        """`status_of` answers from memory; `clock` gives milliseconds since 1970-01-01 UTC."""
        self.counters = DiameterCounters()
        self.port = 0
        """The TCP port it listens on."""
        self.feed = feed
        self.queue = queue
        self.status_of = status_of
        self.clock = clock
        self.sparse_log = SparseLog(_log)
        self._hosts = AddressBook((prefix, peer.origin_host) for peer in feed.peers for prefix in peer.prefixes)
        self._by_peer: dict[str, _Connection] = {}
        self._connections: set[_Connection] = set()
        self._all_gone = asyncio.Event()
        self._all_gone.set()

    @property
    def peers(self) -> tuple[str, ...]:
        """Origin-Hosts of the peers that are connected now."""
        return tuple(sorted(self._by_peer))

    def connection(self) -> asyncio.Protocol:
        """The protocol of a new connection."""
        return _Connection(self)

    async def stop(self) -> None:
        """Ask every peer to let us go, and wait until all have, or have had their time."""
        for each in tuple(self._connections):
            each.stop()
        await self._all_gone.wait()

    # For the connections

    def admit(self, connection: "_Connection", address: str) -> tuple[str, ...]:
        """The peers that may speak from this address; none where the connection is to be refused."""
        allowed = self._hosts.find(address)
        if allowed and len(self._connections) >= self.feed.max_connections:
            self.sparse_log.tell("diameter.too_many_connections", address=address, connections=len(self._connections))
            allowed = ()
        elif not allowed:
            self.sparse_log.tell("diameter.unknown_address", address=address)
        if not allowed:
            self.counters.refused_peer += 1
            return ()
        self._connections.add(connection)
        self._all_gone.clear()
        return allowed

    def claim(self, connection: "_Connection", peer: str) -> bool:
        """Give a peer its connection; False where it has one.

        That one is probed at once: where the peer has lost it without a word, it can come back the sooner.
        """
        holder = self._by_peer.setdefault(peer, connection)
        if holder is not connection:
            holder.probe()
        return holder is connection

    def forget(self, connection: "_Connection", peer: str) -> None:
        """A connection has ended."""
        if self._by_peer.get(peer) is connection:
            del self._by_peer[peer]
        self._connections.discard(connection)
        if not self._connections:
            self._all_gone.set()


class _Connection(asyncio.Protocol):
    """One connection on its socket."""

    def __init__(self, listener: DiameterListener) -> None:
        self._listener = listener
        self._loop = asyncio.get_running_loop()
        self._session: Session | None = None
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = 0.0
        self._address = ""
        self._was_open = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin a session with one who may speak from there; hang up on others."""
        self._transport = cast("asyncio.Transport", transport)
        listener = self._listener
        peer_name, own_name = transport.get_extra_info("peername"), transport.get_extra_info("sockname")
        if peer_name is None or own_name is None:  # reset at once: with uvloop nobody is left to ask for
            listener.counters.refused_peer += 1
            self._transport.abort()
            return
        self._address = peer_name[0]
        allowed = listener.admit(self, self._address)
        if not allowed:
            self._transport.abort()
            return
        self._session = Session(
            listener.feed,
            self._loop.time(),
            local_address=own_name[0],
            allowed=allowed,
            claim=lambda peer: listener.claim(self, peer),
            status_of=listener.status_of,
            offer=listener.queue.offer,
            clock=listener.clock,
            counters=listener.counters,
            log=listener.sparse_log,
        )
        self._flush()

    def data_received(self, data: bytes) -> None:
        """Feed the session."""
        if self._session is not None:
            self._session.receive(data, self._loop.time())
            self._flush()

    def pause_writing(self) -> None:
        """The peer reads no answers: it is asked for no more requests, so that they do not pile up here."""
        if self._transport is not None:
            self._transport.pause_reading()

    def resume_writing(self) -> None:
        """The peer reads again."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        """End the session."""
        if self._timer is not None:
            self._timer.cancel()
        if self._session is not None:
            session, self._session = self._session, None
            session.lost(f"connection lost: {exc}" if exc else "the peer closed the connection")
            _log.info("diameter.closed", address=self._address, peer=session.peer, reason=session.reason)
            self._listener.forget(self, session.peer)

    def probe(self) -> None:
        """Ask whether the peer is still there."""
        if self._session is not None:
            self._session.probe(self._loop.time())
            self._flush()

    def stop(self) -> None:
        """Ask the peer to let us go."""
        if self._session is not None:
            self._session.stop(self._loop.time())
            self._flush()

    def _flush(self) -> None:
        """Whatever happened, the same follows: write, close when it is over, set the timer."""
        session, transport = self._session, self._transport
        if session is None or transport is None:
            return
        octets = session.octets_to_send()
        if octets:
            transport.write(octets)
        if session.state is State.OPEN and not self._was_open:
            self._was_open = True
            _log.info("diameter.open", address=self._address, peer=session.peer)
        if session.state is State.CLOSED:
            transport.close()
            # A peer that reads no more would keep our last octets, and with them the socket, for ever.
            self._replace_timer(self._loop.time() + self._listener.feed.handshake_timeout_s, transport.abort)
        else:
            self._set_timer(session.next_timer())

    def _set_timer(self, when: float | None) -> None:
        """Be woken no later than the session wants; earlier is harmless, so a timer that comes first is left alone."""
        if when is not None and (self._timer is None or when < self._timer_at):
            self._replace_timer(when, self._tick)

    def _replace_timer(self, when: float, action: Callable[[], None]) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(when, action)
        self._timer_at = when  # uvloop's handle of a time that is past already does not tell it

    def _tick(self) -> None:
        self._timer = None
        if self._session is not None:
            self._session.tick(self._loop.time())
            self._flush()


@asynccontextmanager
async def listening(
    feed: DiameterFeed, queue: DetectionQueue, *, status_of: StatusOf, clock: Callable[[], int]
) -> AsyncIterator[DiameterListener]:
    """The feed at work; on leaving it takes leave of its peers. `OSError` where it cannot listen."""
    listener = DiameterListener(feed, queue, status_of=status_of, clock=clock)
    server = await asyncio.get_running_loop().create_server(listener.connection, feed.host, feed.port)
    listener.port = server.sockets[0].getsockname()[1]
    _log.info("diameter.listening", host=feed.host, port=listener.port, origin_host=feed.origin_host)
    try:
        yield listener
    finally:
        server.close()
        await listener.stop()
