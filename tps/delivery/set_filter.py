"""A filter before intake: detections that change nothing are answered from memory, where they arrive.

A detection that was answered "already set" and made nothing be written will be answered so again, and again make
nothing be written, until something is written of its subscriber. So the filter learns what transactions answered, never
its own conclusions, and forgets every subscriber that the disk says was changed (`tps.store.changes`): by this process
or another, by the back office or a command. It asks the disk once a batch, after the batch has come, so that an answer
from memory is as true as that of a transaction which began at that moment.

Where the transaction runs makes no difference: here, or in the process that owns the way of a push. It runs between
`begin` and `end`; whoever was changed by what the disk told meanwhile is not learned, and what it has not told yet it
tells before anything is answered from memory again.

Nor is it judged, where its device raises no doubt by its digits and was seen in no other SIM
(`tps.decisions.set_pairs`).

What is answered from memory is not written, so when a pair was seen last is known here only. A late sighting of another
device would look newer than the newest on the disk; so it takes a reminder of that sighting along into its transaction.
"""

import asyncio
from collections.abc import Callable, Collection, Iterable, Sequence
from operator import attrgetter
from typing import Protocol

from tps.decisions.device_changes import SeenDevice, is_newer
from tps.decisions.identities import BUCKETS, Device, bucket_of
from tps.decisions.set_pairs import IN_DOUBT, SetPair, SetPairs
from tps.decisions.triggers import Answer, KnownPair, Outcome, Trigger
from tps.delivery.device_identities import DeviceIdentities
from tps.store import changes
from tps.store.changes import Bucket
from tps.store.database import Connection, Database
from tps.store.subscribers import Known

REMINDER = "reminder"
"""The source of a sighting that is written because a late one of another device came."""
_CHANGED_MAX = 10_000
"""Names of those who were changed lately that are kept before those nobody asks for are dropped."""


class Told(Protocol):
    """What a sighting tells."""

    @property
    def imsi(self) -> str | None:
        """Without it anybody may be meant."""

    @property
    def imei(self) -> str | None:
        """14 to 16 digits; without them it needs its transaction."""

    @property
    def seen_at(self) -> int:
        """Milliseconds since 1970-01-01 UTC."""


_seen_at = attrgetter("seen_at")


class SetFilter:
    """What this process has learned of pairs; lives on the event loop."""

    def __init__(self, database: Database, capacity: int, watch: DeviceIdentities | None = None) -> None:
        """Pairs beyond doubt are those of which `watch` says so; without it none are."""
        self._database = database
        self._watch = watch
        self._pairs = SetPairs(capacity) if watch is None else watch.pairs_beyond_doubt(capacity)
        self._judged_by = None if watch is None else watch.tacs
        self._has_learned = False
        self._latest = 0
        """No sighting in memory is later."""
        self._seen: Sequence[int] = (0,) * BUCKETS
        self._look: asyncio.Task[None] | None = None
        self._next_look: asyncio.Task[None] | None = None
        self._looks = 0
        self._begun: dict[int, int] = {}
        """Number of each batch that is in its transaction -> looks at the disk when it began."""
        self._batches = 0
        self._under_way: dict[str | None, int] = {}
        """Triggers in a transaction by IMSI. None stands for subscribers named by their number: anybody."""
        self._changed: dict[str, int] = {}
        """The look that told of a change, by IMSI and by bucket: as far back as the oldest batch needs."""
        self._changed_buckets = [0] * BUCKETS

    async def pushes_of(self, told: Sequence[Told], judge: Callable[[int], bool]) -> list[int | None]:
        """The push that set each pair up, where the sighting changes nothing; None for what needs its transaction.

        `judge` is called with the place of each sighting that is not beyond doubt, in their order, and tells whether it
        may be answered from memory.

        Batches are answered in the order they came, so one that goes to `begin` at once is not overtaken.
        `RetryLaterError` where the store cannot be asked; then none was judged.
        """
        if not self._has_learned or not any(each.imei is not None for each in told):
            return _all_judged(told, judge)
        await self._look_at_the_disk()
        self._latest = max(self._latest, *map(_seen_at, told))
        if self._watch is not None and self._watch.tacs is not self._judged_by:
            self._judged_by = self._watch.tacs
            self._pairs.doubt_all()
        # Those who are in a transaction now come first, as they would without a filter.
        if None in self._under_way:
            return _all_judged(told, judge)
        found = self._found(told, judge)
        apart = {each.imsi for each, push_id in zip(told, found, strict=True) if push_id is None}
        if None in apart:
            return [None] * len(told)
        if not apart:
            return found
        # Sightings of one subscriber stay together: the others of a batch must see what one of them changes.
        return [None if each.imsi in apart else push_id for each, push_id in zip(told, found, strict=True)]

    def _found(self, told: Sequence[Told], judge: Callable[[int], bool]) -> list[int | None]:
        under_way, find = self._under_way, self._pairs.find
        found: list[int | None] = []
        for place, each in enumerate(told):
            imsi, imei, push_id = each.imsi, each.imei, None
            if imsi is None or imei is None or imsi in under_way:
                judge(place)
            else:
                push_id = find(imsi, imei, each.seen_at)
                if push_id is None:
                    judge(place)
                elif push_id == IN_DOUBT:
                    push_id = self._found_judged(imsi, imei, each.seen_at) if judge(place) else None
            found.append(push_id)
        return found

    def _found_judged(self, imsi: str, imei: str, seen_at: int) -> int | None:
        """Like `SetPairs.find`, of a sighting that was judged; the next one of its pair needs it no more, mostly."""
        push_id, number = self._pairs.find(imsi, imei, seen_at, is_judged=True), imei[:14]
        if push_id is not None and self._watch is not None and self._watch.is_beyond_doubt(number, imsi):
            self._pairs.trust(imsi, number)
        return push_id

    async def _look_at_the_disk(self) -> None:
        """Know what was changed until now at least. Those who come while one look is under way share the next."""
        if self._next_look is None:
            self._next_look = asyncio.create_task(self._take_next_look(self._look), name="set-filter")
        await asyncio.shield(self._next_look)

    def reminder_for(self, trigger: Trigger) -> Trigger | None:
        """The sighting to be told before this one: of another device, not written, and newer."""
        imsi, device = trigger.imsi, trigger.device
        if imsi is None or device is None or device.dirty is not None or not trigger.is_detection:
            return None
        if trigger.seen_at > self._latest:  # nearly always: it has just happened
            return None
        known = self._pairs.newest(imsi)
        if known is None or known.number == device.number:
            return None
        if is_newer(SeenDevice(trigger.seen_at, device.number), known):
            return None
        return Trigger(imsi, None, Device(known.number), known.seen_at, REMINDER, is_detection=True, is_reminder=True)

    def apart(self, triggers: Iterable[Trigger]) -> Collection[str | None]:
        """Those of their subscribers of whom the disk does not tell all: in a transaction now, or to be reminded of.

        None among them: it may be anybody.
        """
        under_way = self._under_way
        if None in under_way:
            return (None,)
        return {
            trigger.imsi for trigger in triggers if trigger.imsi in under_way or self.reminder_for(trigger) is not None
        }

    def begin(self, triggers: Iterable[Trigger]) -> int:
        """A batch goes into its transaction; `end` with the number returned must follow, whatever comes of it."""
        under_way = self._under_way
        for trigger in triggers:
            under_way[trigger.imsi] = under_way.get(trigger.imsi, 0) + 1
        self._batches += 1
        self._begun[self._batches] = self._looks
        return self._batches

    def end(self, batch: int, triggers: Collection[Trigger], answers: Sequence[Answer] = ()) -> None:
        """The transaction is over; learn what it found, except claims of those who were changed meanwhile.

        Without answers nothing is learned: it failed.
        """
        under_way = self._under_way
        for trigger in triggers:
            left = under_way[trigger.imsi] - 1
            if left:
                under_way[trigger.imsi] = left
            else:
                del under_way[trigger.imsi]
        began = self._begun.pop(batch)
        if self._pairs.capacity:
            for trigger, answer in zip(triggers, answers, strict=False):
                if answer.pair is not None:
                    self._learn(trigger, answer, answer.pair, began)
        self._let_go_of_changes()

    def _learn(self, trigger: Trigger, answer: Answer, known: KnownPair, began: int) -> None:
        imsi, device, push_id, until = trigger.imsi, trigger.device, answer.push_id, known.until
        if imsi is None or device is None:
            return
        if until is None or self._changed.get(imsi, 0) > began or self._changed_buckets[bucket_of(imsi)] > began:
            push_id, until = None, 0
        self._latest = max(self._latest, known.seen_at)
        sure = self._watch is not None and self._watch.is_beyond_doubt(device.number, imsi)
        self._pairs.learn(SetPair(imsi, device.number, known.software_version, push_id, until, known.seen_at, sure))
        self._has_learned = True

    async def _take_next_look(self, before: "asyncio.Task[None] | None") -> None:
        if before is not None:
            await asyncio.wait([before])
        self._look, self._next_look = self._next_look, None
        self._forget_changed(await self._database.read(self._changes))

    def _changes(self, connection: Connection) -> list[Bucket]:
        return changes.since(connection, self._seen)

    def _forget_changed(self, buckets: Iterable[Bucket]) -> None:
        """Forget whom the disk says was changed, and let no batch that began before teach that he is SET."""
        self._looks += 1
        seen = list(self._seen)
        for bucket in buckets:
            names = bucket.named(bucket.changes - seen[bucket.bucket])
            seen[bucket.bucket] = bucket.changes
            if names is None:
                self._pairs.forget_bucket(bucket.bucket)
                self._changed_buckets[bucket.bucket] = self._looks
            for imsi, is_forgotten in names or ():
                if is_forgotten:
                    self._pairs.drop(imsi)
                else:
                    self._pairs.forget(imsi)
                if self._begun:
                    self._changed[imsi] = self._looks
        self._seen = seen

    def _let_go_of_changes(self) -> None:
        """Keep no name that no batch under way can ask for."""
        if not self._begun:
            self._changed.clear()
        elif len(self._changed) > _CHANGED_MAX:
            oldest = next(iter(self._begun.values()))
            self._changed = {imsi: look for imsi, look in self._changed.items() if look > oldest}


def _all_judged(told: Sequence[Told], judge: Callable[[int], bool]) -> list[int | None]:
    """Nothing is answered from memory."""
    for place in range(len(told)):
        judge(place)
    return [None] * len(told)


def known_pair(trigger: Trigger, answer: Answer, row: Known, sighting_interval_ms: int) -> KnownPair | None:
    """What a transaction knew of a trigger's pair, from which the filter learns.

    Where it wrote something as well, the disk says that the subscriber was changed, and the filter forgets him again.
    """
    device, seen_before = trigger.device, row.pair_seen_at
    if not trigger.is_plain or device is None or device.dirty is not None or trigger.is_reminder:
        return None
    if seen_before is None or row.device != device.number:
        return None  # a later sighting of a device that is not the newest will be written
    until = seen_before + sighting_interval_ms if answer.outcome is Outcome.ALREADY_SET else None
    return KnownPair(row.software_version, max(seen_before, trigger.seen_at), until)
