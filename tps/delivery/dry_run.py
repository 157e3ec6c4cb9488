"""A dry run of detections: what intake would make of them, told and not done.

The look at the store and the decisions are those of intake (`tps.delivery.intake_decision`). What intake would have
stored meanwhile, the newest device of a SIM and who holds the key of a pair, is remembered here, so that a device that
is named a thousand times is counted as one push.
"""

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any, NamedTuple

from tps.decisions.push_life import CANCELLABLE_STATES
from tps.decisions.triggers import Answer, Outcome, Trigger
from tps.delivery.intake_decision import IntakeDecision, Intended, Look
from tps.delivery.intake_transaction import held_answer
from tps.store import pair_keys
from tps.store.database import Connection
from tps.store.pair_keys import Holder, PairKey

REMEMBERED = 1_000_000
"""SIMs and pairs of one dry run that are kept in mind, each; beyond them the oldest are forgotten."""


class Rehearsed(NamedTuple):
    """What one trigger would lead to."""

    answer: Answer
    intended: Intended | None
    """What would be sent, or is held by another push; None where it does not come to that."""


class DryRun:
    """One row of detections in their order, batch by batch."""

    def __init__(self, decision: IntakeDecision, remembered: int = REMEMBERED) -> None:
        self._decision = decision
        self._remembered = remembered
        self._newest: OrderedDict[str, tuple[int, str]] = OrderedDict()
        """IMSI -> when and in which device it would have been seen last."""
        self._held: OrderedDict[str, set[PairKey]] = OrderedDict()
        """IMSI -> keys that pushes of this dry run would hold."""
        self._moved: OrderedDict[str, str | None] = OrderedDict()
        """IMSI -> the only device to which stored pushes would still go after this SIM had moved on; None: to none."""

    def rehearse(self, connection: Connection, triggers: Sequence[Trigger]) -> list[Rehearsed]:
        """What each of these detections would lead to, after those before them. Reads the store, writes nothing.

        As with intake, reminders of what was seen and not written come first.
        """
        look = self._decision.look(connection, triggers)
        self._put_in_mind(look)
        intended = self._decision.decide(look, triggers)
        holders = {holder.place: holder for holder in pair_keys.holders(connection, [each.key for each in intended])}
        self._keep_in_mind(look, triggers)
        for (_, imsi), device in look.moved.items():
            self._leave_behind(imsi, device)
        for place, each in enumerate(intended):
            look.answers[each.place] = self._answer(each, holders.get(place))
        _bound(self._held, self._remembered)
        _bound(self._moved, self._remembered)
        wanted = {each.place: each for each in intended}
        return [Rehearsed(answer, wanted.get(place)) for place, answer in enumerate(look.answers) if answer is not None]

    def _answer(self, intended: Intended, holder: Holder | None) -> Answer:
        """What a trigger is answered by which a push is to be, after those before it."""
        imsi, device = intended.imsi, intended.send.device
        held = self._held.setdefault(imsi, set())
        is_taken_back = self._moved.get(imsi, device) != device
        if holder is not None and not (is_taken_back and holder.state in CANCELLABLE_STATES):
            return held_answer(holder.id, holder.state)
        if intended.key in held:
            return Answer(Outcome.ALREADY_OPEN)
        held.add(intended.key)
        return Answer(Outcome.QUEUED)

    def _leave_behind(self, imsi: str, device: str) -> None:
        """What has not left yet to any other device would be taken back (`tps.delivery.taking_back`)."""
        if imsi in self._held:
            self._held[imsi] -= {key for key in self._held[imsi] if key.device != device}
        self._moved[imsi] = device if self._moved.get(imsi, device) == device else None

    def _put_in_mind(self, look: Look) -> None:
        """Let the newest devices be what the batches before this one would have made them."""
        for place, _, imsi, _ in look.wanted:
            known, newest = look.known[place], self._newest.get(imsi)
            if newest is not None and newest > (known.device_seen_at or 0, known.device or ""):
                look.known[place] = known._replace(device=newest[1], device_seen_at=newest[0])

    def _keep_in_mind(self, look: Look, triggers: Sequence[Trigger]) -> None:
        for place, _, imsi, number in look.wanted:
            device, seen_at = triggers[place].device, triggers[place].seen_at
            if device is not None and device.dirty is None and not triggers[place].is_reminder:
                self._newest[imsi] = max(self._newest.get(imsi, (0, "")), (seen_at, number))
                self._newest.move_to_end(imsi)
        _bound(self._newest, self._remembered)


def _bound(mapping: OrderedDict[str, Any], most: int) -> None:
    while len(mapping) > most:
        mapping.popitem(last=False)
