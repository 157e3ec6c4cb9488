"""Intake: triggers in, answers out, each after its push is durable.

A batch is one transaction (`tps.delivery.intake_transaction`). Triggers that come alone or by a few are gathered: those
that arrive until the store's writer gets to them share a transaction, so that a lone trigger waits for nothing and a
crowd shares a commit.
"""

import asyncio
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Any, NamedTuple

from tps.decisions.triggers import Answer, Trigger
from tps.delivery.backlog import Backlog
from tps.delivery.handover import Handover
from tps.delivery.intake_transaction import NOTHING_TAKEN_IN, IntakeTransaction, TakenIn
from tps.errors import RetryLaterError
from tps.store.database import Connection, Database

BATCH_MAX = 1000
"""Triggers in one transaction."""
BULK_FROM = 100
"""Batches of this size have a transaction of their own, and wait for the routes to have room, as `Handover` says."""
WAITING_MAX = 2 * BATCH_MAX
"""Lone triggers that may wait for their commit before callers are asked to come back later: two transactions of them,
so that nobody waits longer than the disk takes for these."""
GATHERED_EXPECTED = 32
"""Lone triggers that the first gathering takes room for; the next ones for twice what the last one held."""


class Lone(NamedTuple):
    """A few triggers of one caller, and where the caller waits."""

    triggers: Sequence[Trigger]
    answers: "asyncio.Future[Sequence[Answer]]"


class Gathering:
    """Lone triggers that will share a transaction: filled on the event loop, closed by the store's writer."""

    def __init__(self) -> None:
        self.callers: list[Lone] = []
        self._lock = threading.Lock()
        self._is_closed = False
        self._triggers: list[Trigger] = []

    def __len__(self) -> int:
        return len(self._triggers)

    def add(self, lone: Lone) -> bool:
        """False when it is closed or full: they belong to the next one."""
        with self._lock:
            if self._is_closed or len(self._triggers) + len(lone.triggers) > BATCH_MAX:
                return False
            self._triggers += lone.triggers
            self.callers.append(lone)
        return True

    def close(self) -> Sequence[Trigger]:
        """What was gathered; nothing is added any more."""
        with self._lock:
            self._is_closed = True
        return self._triggers


class Intake:
    """The door to the way of a push."""

    def __init__(
        self,
        database: Database,
        transaction: IntakeTransaction,
        handover: Handover,
        backlog: Backlog,
        *,
        wake: asyncio.Event,
    ) -> None:
        self.transaction = transaction
        self._database = database
        self._handover = handover
        self._backlog = backlog
        self._wake = wake
        self._gathering = Gathering()
        self._gathering.close()
        self._expected = GATHERED_EXPECTED
        self._waiting = 0
        self.causes: Counter[str] = Counter()
        """Pushes stored since the start, by their cause."""
        self._storing: set[asyncio.Future[Any]] = set()

    async def accept(self, triggers: Sequence[Trigger]) -> Sequence[Answer]:
        """One answer a trigger, in order, once all of them are durable. Any length; stored `BATCH_MAX` at a time.

        `RetryLaterError` where the store cannot be used, or takes no more: of a longer list the first may be stored.
        """
        answers: list[Answer] = []
        for start in range(0, len(triggers), BATCH_MAX):
            answers += await self._accept_batch(triggers[start : start + BATCH_MAX])
        return answers

    async def _accept_batch(self, triggers: Sequence[Trigger]) -> Sequence[Answer]:
        if len(triggers) < BULK_FROM:
            return await self._gathered(triggers)
        self._backlog.admit(len(triggers))
        batch = asyncio.ensure_future(self._take_in_bulk(triggers))
        # What is stored as claimed must reach dispatch, even when the caller has gone meanwhile.
        self._keep(batch)
        return (await asyncio.shield(batch)).answers

    async def _gathered(self, triggers: Sequence[Trigger]) -> Sequence[Answer]:
        """The answers to a few triggers, which share their commit with their neighbours."""
        if self._waiting + len(triggers) > WAITING_MAX:
            raise RetryLaterError(
                "more requests than the disk takes are waiting; nothing was stored, send it again", delay_s=1.0
            )
        self._backlog.admit(len(triggers))
        lone = Lone(triggers, asyncio.get_running_loop().create_future())
        if not self._gathering.add(lone):
            self._gathering = Gathering()
            self._gathering.add(lone)
            self._keep(asyncio.ensure_future(self._take_in_gathered(self._gathering)))
        self._waiting += len(triggers)
        return await lone.answers

    def hurry(self) -> None:
        """The server stops: what still comes waits for no room any more."""
        self._handover.hurry()

    async def finish(self) -> None:
        """Until every batch that is being stored is on the disk and with dispatch."""
        self.hurry()
        while self._storing:
            await asyncio.wait(self._storing)

    def _keep(self, batch: asyncio.Future[Any]) -> None:
        self._storing.add(batch)
        batch.add_done_callback(self._storing.discard)

    async def _take_in_bulk(self, triggers: Sequence[Trigger]) -> TakenIn:
        await self._handover.wait_for_room(len(triggers))
        try:
            return await self._take_in(lambda: triggers, len(triggers))
        finally:
            self._backlog.end(len(triggers))

    async def _take_in_gathered(self, gathering: Gathering) -> None:
        try:
            taken = await self._take_in(gathering.close, self._expected)
        except Exception as error:  # noqa: BLE001 - it belongs to those who wait for these answers
            gathering.close()
            for lone in gathering.callers:
                if not lone.answers.done():
                    lone.answers.set_exception(error)
        else:
            answers = iter(taken.answers)
            for lone in gathering.callers:
                own = list(islice(answers, len(lone.triggers)))
                if not lone.answers.done():
                    lone.answers.set_result(own)
        self._waiting -= len(gathering)
        self._backlog.end(len(gathering))
        self._expected = max(GATHERED_EXPECTED, 2 * len(gathering))

    async def _take_in(self, triggers: Callable[[], Sequence[Trigger]], expected: int) -> TakenIn:
        """Store what `triggers` gives when the store's writer gets to it: about as many as expected."""
        granted = self._handover.take_room(expected)
        taken = NOTHING_TAKEN_IN

        def take_in(connection: Connection) -> TakenIn:
            return self.transaction.take_in(connection, triggers(), may_depart=granted)

        try:
            taken = await self._database.write(take_in, alone=True)
        finally:
            self._handover.hand_over(granted, taken.departing)
        self._handover.waiting_on_disk |= taken.waiting > 0
        self._backlog.note_stored(taken.waiting + len(taken.departing))
        self.causes.update(taken.causes)
        # Those who wait for answers go first: dispatch composes and sends for longer than they take.
        asyncio.get_running_loop().call_soon(self._wake.set)
        return taken
