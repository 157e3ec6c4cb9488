"""How a push begins: waiting, or under this node's lease from its first moment; and why, as its history tells."""

from typing import NamedTuple

from tps.decisions.push_life import Event, State, move
from tps.decisions.triggers import Cause, Trigger
from tps.delivery.attend import LEASE_MS
from tps.store.pushes import history_line

_CAUSES = {cause.value: cause for cause in Cause}


class Beginning(NamedTuple):
    """What a push begins with."""

    state: State
    attention_at: int
    owner: str | None
    history: str


class Beginnings:
    """The beginnings of one batch, each made once."""

    def __init__(self, now: int, node: str) -> None:
        self._now = now
        self._node = node
        self._made: dict[tuple[str, Cause, bool, bool], Beginning] = {}

    def of(self, trigger: Trigger, cause: Cause, *, departs: bool) -> Beginning:
        """How the push of this trigger begins; `departs` is under the node's lease."""
        key = (trigger.source, cause, trigger.force, departs)
        made = self._made.get(key)
        if made is None:
            made = self._made[key] = self._make(*key)
        return made

    def _make(self, source: str, cause: Cause, force: bool, departs: bool) -> Beginning:
        why = "" if cause is Cause.ASKED else cause.value
        history = history_line(self._now, source, State.QUEUED, " ".join(filter(None, (why, "forced" * force))))
        if not departs:
            return Beginning(State.QUEUED, self._now, None, history)
        state = move(State.QUEUED, Event.CLAIM)
        history += history_line(self._now, Event.CLAIM, state)
        return Beginning(state, self._now + LEASE_MS, self._node, history)


def cause_told_by(history: str) -> Cause:
    """Why a push was made, by the first line of its history."""
    _time, _source, _state, *why = history.partition("\n")[0].split(" ")
    return next((_CAUSES[word] for word in why if word in _CAUSES), Cause.ASKED)
