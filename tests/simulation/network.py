"""A network between the nodes and the SMSC: octets arrive late, in other pieces than they were sent, or not at all."""

import asyncio
from collections.abc import Callable
from contextvars import Context, copy_context
from random import Random
from typing import Any

from tests.simulation.event_loop import PROCESS, Process, SimulatedLoop

Trace = Callable[[str], None]
SILENCE_NOTICED_S = 20.0
"""When the SMSC gives up a connection that has gone silent."""


class End(asyncio.Transport):
    """One end of a connection: the transport of the protocol that owns it."""

    def __init__(self, wire: "Wire", protocol: asyncio.Protocol, context: Context) -> None:
        super().__init__()
        self.wire = wire
        self.protocol = protocol
        self.context = context
        self.peer: End
        self.process: Process | None = context.get(PROCESS)
        self.last_arrival = 0.0
        """Of what this end has sent."""
        self.is_gone = False
        self._is_closing = False

    def write(self, data: Any) -> None:
        """Send octets."""
        if not self._is_closing and not self.is_gone:
            self.wire.carry(self, bytes(data))

    def is_closing(self) -> bool:
        """True after `close`."""
        return self._is_closing

    def close(self) -> None:
        """What was written arrives, then the end."""
        self._end(self.last_arrival)

    def abort(self) -> None:
        """The end, at once."""
        self._end(0.0)

    def _end(self, after: float) -> None:
        if self._is_closing:
            return
        self._is_closing = True
        self.wire.loop.call_soon(self.lose, None, context=self.context)
        self.wire.end(self.peer, after, None)

    def lose(self, error: Exception | None) -> None:
        """Tell the protocol that the connection is over."""
        if not self.is_gone:
            self.is_gone = self._is_closing = True
            self.protocol.connection_lost(error)


class Wire:
    """A connection. It can be reset, fall silent, or be cut in the middle of what it carries next."""

    def __init__(self, network: "Network", name: str) -> None:
        self.loop = network.loop
        self.name = name
        self.is_silent = False
        self.is_to_be_cut = False
        self._network = network
        self.ends: tuple[End, ...] = ()

    @property
    def is_over(self) -> bool:
        return all(end.is_gone for end in self.ends)

    def carry(self, sender: End, octets: bytes) -> None:
        """In one to three pieces, each later than the one before."""
        random = self._network.random
        cuts = sorted(random.randrange(len(octets) + 1) for _ in range(random.choice((0, 0, 1, 2))))
        for begin, end in zip([0, *cuts], [*cuts, len(octets)], strict=True):
            if begin < end:
                self._send(sender, octets[begin:end])
        if random.random() < self._network.full_ratio and not sender.is_gone:
            sender.protocol.pause_writing()
            self.loop.call_later(random.uniform(0.01, 1.0), self._resume, sender)

    def _resume(self, sender: End) -> None:
        if not sender.is_gone:
            sender.protocol.resume_writing()

    def _send(self, sender: End, piece: bytes) -> None:
        sender.last_arrival = max(sender.last_arrival + 1e-5, self.loop.now + self._network.latency_s())
        self.loop.call_at(sender.last_arrival, self._arrive, sender.peer, piece, context=sender.peer.context)

    def _arrive(self, receiver: End, piece: bytes) -> None:
        if self.is_silent or receiver.is_gone:
            return
        if self.is_to_be_cut:
            piece = piece[: self._network.random.randrange(len(piece) + 1)]
        if piece:
            receiver.protocol.data_received(piece)
        if self.is_to_be_cut:
            self.reset("in the middle of octets")

    def end(self, receiver: End, after: float, error: Exception | None) -> None:
        """Let this end learn that the connection is over, not before `after`."""
        if self.is_silent:
            return
        when = max(after + 1e-5, self.loop.now + self._network.latency_s())
        self.loop.call_at(when, receiver.lose, error, context=receiver.context)

    def reset(self, how: str) -> None:
        """Both ends lose it; what is under way is lost."""
        self._network.trace(f"{self.name} is reset {how}")
        for end in self.ends:
            self.end(end, 0.0, ConnectionResetError("reset by the network"))
        self.is_silent = True

    def fall_silent(self) -> None:
        """Nothing arrives any more, and nobody is told; the SMSC gives it up some time."""
        self._network.trace(f"{self.name} falls silent")
        self.is_silent = True
        _, far = self.ends
        self.loop.call_later(SILENCE_NOTICED_S, far.lose, TimeoutError("keepalive"), context=far.context)

    def lose_end_of(self, process: Process) -> None:
        """The process of one end has died: what it sent arrives, then the system closes."""
        for end in self.ends:
            if end.process is process and not end.is_gone:
                end.is_gone = True
                self.end(end.peer, end.last_arrival, None)


class Network:
    """Connects the nodes with listeners on ports."""

    def __init__(self, loop: SimulatedLoop, random: Random, trace: Trace) -> None:
        self.loop = loop
        self.random = random
        self.trace = trace
        self.slowest_s = 0.01
        self.full_ratio = 0.0
        """Share of writes after which the socket takes nothing more for a while."""
        self._listeners: dict[int, tuple[Callable[[], asyncio.Protocol], Context]] = {}
        self._wires: list[Wire] = []
        loop.connect = self.connect

    def latency_s(self) -> float:
        """How long a piece travels."""
        return self.random.uniform(0.0001, self.slowest_s)

    def listen(self, port: int, factory: Callable[[], asyncio.Protocol]) -> None:
        """Accept connections there."""
        self._listeners[port] = (factory, copy_context())

    def refuse(self, port: int) -> None:
        """Accept none any more."""
        self._listeners.pop(port, None)

    def wires(self) -> list[Wire]:
        """The connections that are not over."""
        self._wires = [wire for wire in self._wires if not wire.is_over]
        return self._wires

    def end_of(self, process: Process) -> None:
        """Close what a dead process has left open."""
        for wire in self.wires():
            wire.lose_end_of(process)

    async def connect(self, factory: Callable[[], asyncio.Protocol], _host: str, port: int) -> tuple[End, Any]:
        """As the event loop's `create_connection`."""
        await asyncio.sleep(self.latency_s())
        if port not in self._listeners:
            raise ConnectionRefusedError(111, "connection refused")
        listener, far_context = self._listeners[port]
        near_protocol, far_protocol = factory(), listener()
        wire = Wire(self, f"wire {len(self._wires)} of {PROCESS.get()}")
        near = End(wire, near_protocol, copy_context())
        far = End(wire, far_protocol, far_context.copy())
        near.peer, far.peer = far, near
        wire.ends = (near, far)
        self._wires.append(wire)
        far.context.run(far_protocol.connection_made, far)
        near_protocol.connection_made(near)
        return near, near_protocol
