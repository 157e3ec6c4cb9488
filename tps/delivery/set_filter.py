"""A filter before intake: detections that change nothing are answered from memory.

A detection that was answered "already set" and made nothing be written will be answered so again, and again make
nothing be written, until something is written of its subscriber. So the filter learns what transactions answered, never
its own conclusions, and forgets every subscriber that the disk says was changed (`tps.store.changes`): by this node or
another, by the back office or a command. It asks the disk once a batch, after the batch has come, so that an answer
from memory is as true as that of a transaction which began at that moment.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence

from tps.decisions.identities import BUCKETS, bucket_of
from tps.decisions.set_pairs import SetPair, SetPairs
from tps.decisions.triggers import Answer, Outcome, Trigger
from tps.store import changes
from tps.store.changes import Bucket
from tps.store.database import Connection, Database
from tps.store.subscribers import Known


class TakingIn:
    """A batch in its transaction: whom it names, and who was changed since it began."""

    def __init__(self, triggers: Sequence[Trigger]) -> None:
        self.imsis = {trigger.imsi for trigger in triggers}
        """None stands for subscribers named by their number: anybody."""
        self.changed: set[str] = set()
        self.changed_buckets: set[int] = set()


class SetFilter:
    """What this node has learned of pairs that are SET; lives on the event loop."""

    def __init__(self, database: Database, capacity: int) -> None:
        self._database = database
        self._pairs = SetPairs(capacity)
        self._has_learned = False
        self._seen: Sequence[int] = (0,) * BUCKETS
        self._look: asyncio.Task[None] | None = None
        self._next_look: asyncio.Task[None] | None = None
        self._taking_in: list[TakingIn] = []

    async def answers(self, triggers: Sequence[Trigger]) -> list[Answer | None]:
        """The answer of each trigger that would change nothing, None for those that need their transaction.

        Batches are answered in the order they came, so one that goes to `begin` at once is not overtaken.
        `RetryLaterError` where the store cannot be asked.
        """
        if not self._has_learned or not any(trigger.is_detection for trigger in triggers):
            return [None] * len(triggers)
        await self._look_at_the_disk()
        # Those who are in a transaction now come first, as they would without a filter.
        apart: set[str | None] = set().union(*(batch.imsis for batch in self._taking_in))
        if None in apart:
            return [None] * len(triggers)
        answers = [None if trigger.imsi in apart else self._answer(trigger) for trigger in triggers]
        apart = {trigger.imsi for trigger, answer in zip(triggers, answers, strict=True) if answer is None}
        if None in apart:
            return [None] * len(triggers)
        # Triggers of one subscriber stay together: the others of a batch must see what one of them changes.
        return [None if trigger.imsi in apart else answer for trigger, answer in zip(triggers, answers, strict=True)]

    def begin(self, triggers: Sequence[Trigger]) -> TakingIn:
        """A batch goes into its transaction; `end` must follow, whatever comes of it."""
        batch = TakingIn(triggers)
        self._taking_in.append(batch)
        return batch

    def end(self, batch: TakingIn, found_set: Iterable[SetPair]) -> None:
        """The transaction is over; learn what it found SET, except of those who were changed meanwhile."""
        self._taking_in.remove(batch)
        if not self._pairs.capacity:
            return
        for pair in found_set:
            if pair.imsi not in batch.changed and bucket_of(pair.imsi) not in batch.changed_buckets:
                self._pairs.learn(pair)
                self._has_learned = True

    def _answer(self, trigger: Trigger) -> Answer | None:
        imsi, device = trigger.imsi, trigger.device
        if imsi is None or device is None or not _is_plain(trigger):
            return None
        push_id = self._pairs.find(imsi, device.number, device.software_version, trigger.seen_at)
        return None if push_id is None else Answer(Outcome.ALREADY_SET, push_id)

    async def _look_at_the_disk(self) -> None:
        """Know what was changed until now at least. Those who come while one look is under way share the next."""
        if self._next_look is None:
            self._next_look = asyncio.create_task(self._take_next_look(self._look), name="set-filter")
        await asyncio.shield(self._next_look)

    async def _take_next_look(self, before: "asyncio.Task[None] | None") -> None:
        if before is not None:
            await asyncio.wait([before])
        self._look, self._next_look = self._next_look, None
        self._forget_changed(await self._database.read(self._changed))

    def _changed(self, connection: Connection) -> list[Bucket]:
        return changes.since(connection, self._seen)

    def _forget_changed(self, buckets: Iterable[Bucket]) -> None:
        """Forget whom the disk says was changed, and let no batch that began before teach it."""
        seen = list(self._seen)
        for bucket in buckets:
            names = bucket.named(bucket.changes - seen[bucket.bucket])
            seen[bucket.bucket] = bucket.changes
            if names is None:
                self._pairs.forget_bucket(bucket.bucket)
            for imsi in names or ():
                self._pairs.forget(imsi)
            for batch in self._taking_in:
                if names is None:
                    batch.changed_buckets.add(bucket.bucket)
                batch.changed.update(names or ())
        self._seen = seen


def found_set(
    triggers: Sequence[Trigger], answers: Sequence[Answer | None], known: Mapping[int, Known], sighting_interval_ms: int
) -> list[SetPair]:
    """What a transaction found SET, by the places of its triggers.

    Where it wrote something as well, the disk says that the subscriber was changed, and the filter forgets him again.
    """
    found: list[SetPair] = []
    for place, row in known.items():
        trigger, answer = triggers[place], answers[place]
        if answer is None or answer.outcome is not Outcome.ALREADY_SET or row.pair_seen_at is None:
            continue
        imsi, device, push_id = trigger.imsi, trigger.device, answer.push_id
        if imsi is None or device is None or push_id is None or not _is_plain(trigger):
            continue
        if row.device == device.number:  # a later sighting of a device that is not the newest will be written
            until = row.pair_seen_at + sighting_interval_ms
            found.append(SetPair(imsi, device.number, row.software_version, push_id, until))
    return found


def _is_plain(trigger: Trigger) -> bool:
    """True for a detection that asks for nothing besides: only those are filtered."""
    return trigger.is_detection and trigger.settings is None and trigger.pin is None and not trigger.force
