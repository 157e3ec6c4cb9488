"""The lease of this process on its name and number among the nodes, on which all hangs that it holds.

A push that a process has in flight and a bind of an account are held by its *instance*: one process from its start to
its end, so that what a process learns after others have given it up changes nothing.

    renewed in time            it claims pushes, its links are up
    not renewed for LEASE_MS   it claims nothing more, its limited binds go down; it may renew when the store is back
    found dead by another      its row is removed, its pushes become UNCERTAIN, its binds are free; it must end

A node finds others dead only while it has renewed its own lease for LEASE_MS without a gap: when the database was away,
or its clock was set, everybody's seems to have run out and nobody is dead.
"""

import asyncio
from collections.abc import Callable
from typing import NamedTuple

import structlog

from tps.delivery.processes import Place, has_ended
from tps.errors import RetryLaterError
from tps.store import nodes
from tps.store.database import Connection, Database
from tps.store.nodes import NodeRow

log = structlog.get_logger(__name__)

LEASE_MS = 15_000
BELIEVED_MS = 2 * LEASE_MS
"""A lease that lasts longer than this was renewed by a clock that has been set back since."""
RENEW_S = 3.0
LOOK_AGAIN_S = 0.5
"""How often a new process looks whether its predecessor's lease has run out."""


class NameTakenError(Exception):
    """Another node holds this name or this number: the text names the keys to mend."""


class LeaseLostError(Exception):
    """The other nodes have given this process up and taken its work over: it must end."""


class _Renewal(NamedTuple):
    time_ms: int
    had_run_out: bool


def _has_run_out(until: int, now: int) -> bool:
    return not now < until <= now + BELIEVED_MS


class NodeLease:
    """Taken with `join`, renewed by `run`, given back with `leave`."""

    def __init__(
        self,
        database: Database,
        *,
        name: str,
        number: int,
        place: Place,
        token: str,
        clock: Callable[[], int],
        monotonic: Callable[[], float],
    ) -> None:
        """`token` is made by chance at each start."""
        self.name = name
        self.instance = f"{name}:{token}"
        self._number = number
        self._place = place
        self._database = database
        self._clock = clock
        self._monotonic = monotonic
        self._held_until = float("-inf")
        self._renewed_ms = 0
        self._steady_since = 0

    @property
    def held(self) -> bool:
        """True while no other node can have taken over what this one holds."""
        return self._monotonic() < self._held_until

    # Taking it

    async def join(self) -> None:
        """Become a node. Waits for the end of the lease of a predecessor that died; `NameTakenError` while it lives."""
        first: NodeRow | None = None
        while True:
            began = self._monotonic()
            holder = await self._database.write(self._enter)
            if isinstance(holder, int):
                self._note(began, _Renewal(holder, had_run_out=True))
                return
            if holder is None:
                continue
            if first is None:
                first = holder
                log.warning("node.waits_for_its_predecessor", node=self.name, host=holder.host, pid=holder.pid)
            self._verify_predecessor(holder, first)
            await asyncio.sleep(LOOK_AGAIN_S)

    def _enter(self, connection: Connection) -> int | NodeRow | None:
        """Store this process among the nodes: the time of it; or who else holds a name of it; None: look again."""
        now = nodes.time_ms(connection, self._clock)
        before = nodes.namesakes(connection, self.name, self._number)
        for row in before:
            if row.instance == self.instance:  # the commit of an earlier try went through after all
                return now
            if not _has_run_out(row.lease_until, now) and not has_ended(Place(row.host, row.machine, row.pid)):
                return row
        nodes.remove(connection, [row.instance for row in before])
        host, machine, pid = self._place
        row = NodeRow(self.instance, self.name, self._number, host, machine, pid, self._clock(), now + LEASE_MS)
        return now if nodes.add(connection, row) else None

    def _verify_predecessor(self, holder: NodeRow, first: NodeRow) -> None:
        """Whoever holds another of the two names, or has renewed its lease meanwhile, is no process that died."""
        where = f"a server on {holder.host}, process {holder.pid}"
        if holder.name != self.name:
            raise NameTakenError(f"node.number: {self._number} belongs to node {holder.name!r}, {where}; take another")
        if holder.number != self._number:
            raise NameTakenError(
                f"node.name: {self.name!r} belongs to {where}, with node.number {holder.number}; take another"
            )
        if (holder.instance, holder.lease_until) != (first.instance, first.lease_until):
            raise NameTakenError(
                f"node.name: {self.name!r} belongs to {where}, which is running; "
                "each node on a store needs a node.name and a node.number of its own"
            )

    # Keeping it

    async def run(self, on_lapse: Callable[[], None]) -> None:
        """Renew the lease until cancelled; `LeaseLostError` when others have taken over meanwhile.

        `on_lapse` is called when the lease could not be renewed in time, before others may act on that.
        """
        has_lapsed = False
        while True:
            await asyncio.sleep(RENEW_S)
            try:
                async with asyncio.timeout(max(RENEW_S, self._held_until - self._monotonic())):
                    await self._renew_once()
            except (TimeoutError, RetryLaterError):
                if not self.held and not has_lapsed:
                    log.warning("node.lease_has_run_out", node=self.name)
                    on_lapse()
                    has_lapsed = True
                continue
            has_lapsed = False

    async def _renew_once(self) -> None:
        began = self._monotonic()
        renewal = await self._database.write(self._renew)
        if renewal is None:
            self._held_until = float("-inf")
            raise LeaseLostError(
                f"node {self.name!r} could not renew its lease for {LEASE_MS // 1000} s, "
                "and other nodes have taken its work over"
            )
        self._note(began, renewal)

    def _renew(self, connection: Connection) -> _Renewal | None:
        """None where this process is no node any more."""
        until = nodes.lease_until(connection, self.instance)
        if until is None:
            return None
        now = nodes.time_ms(connection, self._clock)
        nodes.renew(connection, self.instance, now + LEASE_MS)
        return _Renewal(now, had_run_out=_has_run_out(until, now))

    def _note(self, began: float, renewal: _Renewal) -> None:
        """It lasts from before the write was asked for, so that it ends here before it ends for others."""
        self._held_until = began + LEASE_MS / 1000
        if renewal.had_run_out or renewal.time_ms < self._renewed_ms:
            self._steady_since = renewal.time_ms
        self._renewed_ms = renewal.time_ms

    # What becomes of others

    def remove_dead(self, connection: Connection) -> list[str]:
        """Remove the nodes that are dead, as far as this one can tell; returns their names."""
        now = nodes.time_ms(connection, self._clock)
        if not self.held or not self._renewed_ms <= now < self._renewed_ms + LEASE_MS:
            return []
        if now - self._steady_since < LEASE_MS:
            return []
        return nodes.remove_dead(connection, now, now + BELIEVED_MS, but=self.instance)

    def leave(self, connection: Connection) -> None:
        """Be a node no more, and hold nothing."""
        nodes.remove(connection, [self.instance])
