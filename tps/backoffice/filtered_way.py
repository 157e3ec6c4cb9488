"""The way of a push behind a filter: what changes nothing is answered from memory, where detections arrive.

Everything that this process hands to the way goes through here, so that nobody is answered from memory past a
transaction of his own. It makes no difference whether the way is in this process or in another.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import NamedTuple

from tps.backoffice.dead_letters import Requeued, Search
from tps.backoffice.way import Way
from tps.decisions.identities import Device
from tps.decisions.triggers import Answer, Outcome, Trigger
from tps.delivery.foresight import Foresight
from tps.delivery.set_filter import SetFilter, Told
from tps.watch.metrics import Standing


class FilteredWay:
    """A `Way` that asks another one only what memory cannot answer."""

    def __init__(self, way: Way, set_filter: SetFilter, foresight: Foresight | None = None) -> None:
        """Without `foresight` all that memory cannot answer goes to the way."""
        self._way = way
        self._filter = set_filter
        self._foresight = foresight

    async def accept(self, triggers: Sequence[Trigger]) -> Sequence[Answer]:
        """One answer a trigger, in order, once all of them are durable; `RetryLaterError` where they cannot be."""
        return await self.take([_told(trigger) for trigger in triggers], lambda _: True, triggers.__getitem__)

    async def take(
        self, told: Sequence[Told], judge: Callable[[int], bool], trigger_at: Callable[[int], Trigger]
    ) -> Sequence[Answer]:
        """Like `accept`; only those that need their transaction are asked of `trigger_at`, by their places.

        `judge` as `SetFilter.pushes_of` says.
        """
        pushes = await self._filter.pushes_of(told, judge)
        places = [place for place, push_id in enumerate(pushes) if push_id is None]
        if len(places) == len(told):
            return await self._taken_in([trigger_at(place) for place in places])
        answers = [Answer(Outcome.ALREADY_SET, push_id) for push_id in pushes]
        if places:
            taken_in = await self._taken_in([trigger_at(place) for place in places])
            for place, answer in zip(places, taken_in, strict=True):
                answers[place] = answer
        return answers

    async def _taken_in(self, triggers: Sequence[Trigger]) -> Sequence[Answer]:
        """The answers of the way itself, which teach the filter.

        A caller who goes away meanwhile is owed no order any more: his subscribers are not waited for.
        """
        foresight = self._foresight
        is_foreseeable = foresight is not None and foresight.is_worth_it(triggers)
        apart = self._filter.apart(triggers) if is_foreseeable else frozenset()
        # Nothing may come between the look into memory and this: who comes next must find these under way.
        batch = self._filter.begin(triggers)
        answers: Sequence[Answer] = ()
        try:
            if foresight is None:
                answers = await self._asked(triggers)
            elif is_foreseeable:
                answers = await self._foreseen(foresight, triggers, apart)
            else:
                answers = await self._asked(triggers)
                foresight.heed(answers)
        finally:
            self._filter.end(batch, triggers, answers)
        return answers

    async def _foreseen(
        self, foresight: Foresight, triggers: Sequence[Trigger], apart: Collection[str | None]
    ) -> Sequence[Answer]:
        """The answers to a batch most of which changes nothing, probably; those `apart` go to their transaction."""
        if None in apart:
            return await self._asked(triggers)
        foreseen = await foresight.answers(triggers)
        foresight.heed(foreseen)
        # As with what memory knows: sightings of one subscriber stay together, behind those that came before them.
        left = {trigger.imsi for trigger, answer in zip(triggers, foreseen, strict=True) if answer is None} | {*apart}
        if None in left:
            return await self._asked(triggers)
        asked: Iterator[Answer] = iter(())
        if left:
            asked = iter(await self._asked([trigger for trigger in triggers if trigger.imsi in left]))
        return [
            next(asked) if answer is None or trigger.imsi in left else answer
            for trigger, answer in zip(triggers, foreseen, strict=True)
        ]

    def reminders_for(self, triggers: Sequence[Trigger]) -> list[Trigger]:
        """What memory knows of their subscribers and the disk does not: it is to be told before them."""
        return [found for trigger in triggers if (found := self._filter.reminder_for(trigger)) is not None]

    async def _asked(self, triggers: Sequence[Trigger]) -> Sequence[Answer]:
        """The answers of the way, which hears what memory knows of the same subscribers first."""
        reminders = self.reminders_for(triggers)
        if not reminders:
            return await self._way.accept(triggers)
        return (await self._way.accept([*reminders, *triggers]))[len(reminders) :]

    async def declare_set(self, imsi: str, device: Device | None, settings: str | None) -> int:
        """See `tps.backoffice.pairs.declare_set`."""
        return await self._way.declare_set(imsi, device, settings)

    async def requeue(self, search: Search, limit: int, reason: str) -> Requeued:
        """See `tps.backoffice.dead_letters.requeue_batch`; `RetryLaterError` while the store takes no more."""
        return await self._way.requeue(search, limit, reason)

    async def standing(self) -> Standing:
        """What stands at this moment."""
        return await self._way.standing()


class _Told(NamedTuple):
    imsi: str | None
    imei: str | None
    seen_at: int


def _told(trigger: Trigger) -> _Told:
    device = trigger.device
    if device is None or device.dirty is not None or not trigger.is_plain:
        return _Told(trigger.imsi, None, trigger.seen_at)
    return _Told(trigger.imsi, device.number + (device.software_version or ""), trigger.seen_at)
