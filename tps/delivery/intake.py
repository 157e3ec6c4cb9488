"""Intake: triggers in, answers out, each after its push is durable.

A batch is one transaction (`tps.delivery.intake_transaction`). Concurrent single triggers are gathered: while one batch
is being committed the next one fills, so that a lone trigger waits for nothing and a crowd shares a commit.
"""

import asyncio
from collections.abc import Sequence
from functools import partial

from tps.decisions.triggers import Answer, Trigger
from tps.delivery.handover import Departing, Handover
from tps.delivery.intake_transaction import IntakeTransaction, TakenIn
from tps.errors import RetryLaterError
from tps.store.database import Database

BATCH_MAX = 1000
"""Triggers in one transaction."""
BULK_FROM, BULK_PATIENCE_S = 100, 0.1
"""Batches of this size wait a little for the routes to have room, so that a stream is as fast as the way and not faster
at the price of a detour over the disk. With slow routes the patience ends, and the batch is stored to wait."""
WAITING_MAX = 20_000
"""Single triggers that may wait for their commit before callers are asked to come back later."""


class Intake:
    """The door to the way of a push."""

    def __init__(
        self, database: Database, transaction: IntakeTransaction, handover: Handover, *, wake: asyncio.Event
    ) -> None:
        self.transaction = transaction
        self._database = database
        self._handover = handover
        self._wake = wake
        self._waiting: list[tuple[Trigger, asyncio.Future[Answer]]] = []
        self._arrived = asyncio.Event()
        self._storing: set[asyncio.Future[TakenIn]] = set()

    async def accept(self, triggers: Sequence[Trigger]) -> list[Answer]:
        """One answer a trigger, in order, once all of them are durable. Any length; stored `BATCH_MAX` at a time."""
        answers: list[Answer] = []
        for start in range(0, len(triggers), BATCH_MAX):
            batch = asyncio.ensure_future(self._take_in(triggers[start : start + BATCH_MAX]))
            # What is stored as claimed must reach dispatch, even when the caller has gone meanwhile.
            self._storing.add(batch)
            batch.add_done_callback(self._storing.discard)
            answers += (await asyncio.shield(batch)).answers
        return answers

    async def _take_in(self, triggers: Sequence[Trigger]) -> TakenIn:
        if len(triggers) >= BULK_FROM:
            await self._handover.wait_for_room(len(triggers), BULK_PATIENCE_S)
        granted = self._handover.take_room(len(triggers))
        departing: list[Departing] = []
        try:
            taken = await self._database.write(partial(self.transaction.take_in, triggers=triggers, may_depart=granted))
            departing = taken.departing
        finally:
            self._handover.hand_over(granted, departing)
        self._handover.waiting_on_disk |= taken.waiting
        self._wake.set()
        return taken

    async def accept_one(self, trigger: Trigger) -> Answer:
        """The answer to a lone trigger, which shares its commit with its neighbours."""
        if len(self._waiting) >= WAITING_MAX:
            raise RetryLaterError(
                "more requests than the disk takes are waiting; nothing was stored, send it again", delay_s=1.0
            )
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((trigger, answer))
        self._arrived.set()
        return await answer

    async def finish(self) -> None:
        """Until every batch that is being stored is on the disk and with dispatch."""
        while self._storing:
            await asyncio.wait(self._storing)

    async def run(self) -> None:
        """Gather single triggers into batches until cancelled; nobody is left waiting then."""
        gathered: Sequence[tuple[Trigger, asyncio.Future[Answer]]] = ()
        try:
            while True:
                await self._arrived.wait()
                gathered, self._waiting = self._waiting[:BATCH_MAX], self._waiting[BATCH_MAX:]
                if not self._waiting:
                    self._arrived.clear()
                await self._answer(gathered)
        finally:
            for _, waiting in (*gathered, *self._waiting):
                if not waiting.done():
                    waiting.set_exception(RetryLaterError("the server is stopping; send the request again"))

    async def _answer(self, gathered: Sequence[tuple[Trigger, "asyncio.Future[Answer]"]]) -> None:
        try:
            answers = await self.accept([trigger for trigger, _ in gathered])
        except Exception as error:  # noqa: BLE001 - it belongs to those who wait for these answers
            for _, waiting in gathered:
                if not waiting.done():
                    waiting.set_exception(error)
            return
        for (_, waiting), answer in zip(gathered, answers, strict=True):
            if not waiting.done():
                waiting.set_result(answer)
