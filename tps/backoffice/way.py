"""The way of a push as the rooms of the back office see it: here, or in another process."""

from collections.abc import Sequence
from typing import Protocol

from tps.backoffice import dead_letters, pairs
from tps.backoffice.dead_letters import Requeued, Search
from tps.decisions.identities import Device
from tps.decisions.triggers import Answer, Trigger
from tps.parts import Parts
from tps.watch.metrics import Standing


class Way(Protocol):
    """The way of a push: what only the process that owns it can do."""

    async def accept(self, triggers: Sequence[Trigger]) -> Sequence[Answer]:
        """One answer a trigger, in order, once all of them are durable; `RetryLaterError` where they cannot be."""

    async def declare_set(self, imsi: str, device: Device | None, settings: str | None) -> int:
        """See `tps.backoffice.pairs.declare_set`."""

    async def requeue(self, search: Search, limit: int, reason: str) -> Requeued:
        """See `tps.backoffice.dead_letters.requeue_batch`; `RetryLaterError` while the store takes no more."""

    async def standing(self) -> Standing:
        """What stands at this moment."""


class WayHere:
    """The way in this process."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def accept(self, triggers: Sequence[Trigger]) -> Sequence[Answer]:
        """See `tps.delivery.intake`."""
        return await self._parts.intake.accept(triggers)

    async def declare_set(self, imsi: str, device: Device | None, settings: str | None) -> int:
        """See `tps.backoffice.pairs.declare_set`."""
        parts = self._parts
        return await pairs.declare_set(parts.database, parts.intake, imsi, device, settings, now_ms=parts.clock())

    async def requeue(self, search: Search, limit: int, reason: str) -> Requeued:
        """Let a batch of dead letters begin again, as far as the store takes more."""
        parts = self._parts
        parts.backlog.admit(limit)
        try:
            done = await dead_letters.requeue_batch(
                parts.database, parts.catalogue, search, limit=limit, reason=reason, now_ms=parts.clock()
            )
        finally:
            parts.backlog.end(limit)
        parts.backlog.note_stored(done.number)
        return done

    async def standing(self) -> Standing:
        """What stands at this moment."""
        parts = self._parts
        return Standing(
            routes=parts.routes.status(),
            flights=len(parts.flights),
            receipts_unmatched=parts.settle.unmatched,
            receipts_parked=parts.settle.parked,
            commits=parts.database.commits,
            writes_waiting=parts.database.backlog,
            moves=parts.database.moves,
            causes=parts.intake.causes,
            inbox=dict(parts.inbox.counts),
            inbox_triggers=[(*kind, number) for kind, number in parts.inbox.triggers.items()],
            texts=dict(parts.texts.counts),
            written=dict(parts.identities.counted.written),
            doubts=dict(parts.identities.counted.doubts),
        )
