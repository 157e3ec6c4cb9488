"""Detections that change nothing, found by reading: pairs that are SET and that memory has not learned yet.

After a start, and wherever memory has no room for all pairs, most detections are of pairs that are SET and unknown
here. A transaction of the writer for each batch of them would write nothing. Readers come to the same answers beside
each other and beside the writer, by the same look and the same decisions. What has to be written, or is to be sent, is
left to its transaction.
"""

from collections.abc import Sequence

import msgspec

from tps.decisions.push_life import State
from tps.decisions.triggers import Answer, Outcome, Trigger
from tps.delivery.intake_decision import IntakeDecision
from tps.delivery.intake_transaction import held_answer, is_sighting_due
from tps.delivery.set_filter import known_pair
from tps.store import pair_keys
from tps.store.database import Connection, Database

BATCH_MIN = 100
"""Smaller batches share a transaction with their neighbours: that costs less than a look of their own."""
MOSTLY = 0.5
"""So much of the last batch must have changed nothing, or else a look before the transaction is a look too many."""


class Foresight:
    """Looks ahead while that pays: as the last batch went, so will the next one."""

    def __init__(self, database: Database, decision: IntakeDecision, *, batch_min: int = BATCH_MIN) -> None:
        self._database = database
        self._decision = decision
        self._batch_min = batch_min
        self._pays = False

    def is_worth_it(self, triggers: Sequence[Trigger]) -> bool:
        """Whether to ask for `answers` before the transaction of this batch."""
        return self._pays and len(triggers) >= self._batch_min

    def heed(self, answers: Sequence[Answer | None]) -> None:
        """How a batch went: by its transaction, or by `answers`."""
        if len(answers) >= self._batch_min:
            unchanged = sum(answer is not None and is_unchanged(answer) for answer in answers)
            self._pays = unchanged >= MOSTLY * len(answers)

    async def answers(self, triggers: Sequence[Trigger]) -> list[Answer | None]:
        """The answer of each trigger that changes nothing, None for the others; `RetryLaterError` without the store."""
        return await self._database.read(lambda connection: self._foreseen(connection, triggers))

    def _foreseen(self, connection: Connection, triggers: Sequence[Trigger]) -> list[Answer | None]:
        decision = self._decision
        interval_ms = decision.rules.sighting_interval_ms
        look = decision.look(connection, triggers)
        before = dict(look.known)
        intended = decision.decide(look, triggers)
        keys = [each.key for each in intended]
        holders = {holder.place: holder for holder in pair_keys.holders(connection, keys)}
        foreseen: list[Answer | None] = [None] * len(triggers)
        for order, each in enumerate(intended):
            place, holder = each.place, holders.get(order)
            trigger, row = triggers[place], before[place]
            if holder is None or holder.state != State.DELIVERED:
                continue
            if row.device == each.send.device and not is_sighting_due(trigger, row, interval_ms):
                answer = held_answer(holder.id, holder.state)
                known = known_pair(trigger, answer, look.known[place], interval_ms)
                if known is not None:
                    foreseen[place] = msgspec.structs.replace(answer, pair=known)
        return foreseen


def is_unchanged(answer: Answer) -> bool:
    """True for what was answered "already set" of a pair that is known now."""
    return answer.outcome is Outcome.ALREADY_SET and answer.pair is not None
