"""The transaction of intake: what one batch of triggers becomes, decided and stored in one go.

look, decide (`tps.delivery.intake_decision`) -> is the pair's key held? -> store, QUEUED or claimed here
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from tps.decisions.push_id import PushIds
from tps.decisions.push_life import State
from tps.decisions.triggers import Answer, Cause, Outcome, Trigger
from tps.delivery.beginnings import Beginnings
from tps.delivery.handover import Departing
from tps.delivery.intake_decision import IntakeDecision, Intended, Look
from tps.delivery.push_secrets import close_secrets
from tps.delivery.set_filter import known_pair
from tps.delivery.taking_back import pointless_beside, take_back
from tps.store import pair_keys, pairs, pushes
from tps.store.database import Connection
from tps.store.pair_keys import Holder, PairKey
from tps.store.pairs import Pair
from tps.store.pushes import DuePush, NewPush, make_new_push
from tps.store.sealing import Seal
from tps.store.subscribers import Known


class TakenIn(NamedTuple):
    """What became of a batch."""

    answers: Sequence[Answer]
    departing: Sequence[Departing]
    """Pushes stored as claimed by this node."""
    waiting: int
    """How many pushes were stored as QUEUED."""
    causes: Mapping[str, int]
    """How many pushes were stored for each cause."""


_CHANGING = (Cause.DEVICE_CHANGED, Cause.SETTINGS_CHANGED)
"""What makes other content pointless even where nothing has to be sent for it."""
_RENEWING = (Cause.NOT_SET, Cause.SETTINGS_PUBLISHED)
"""What may come while an older version is on its way. What is asked for stands for itself: it costs no look."""
NOTHING_TAKEN_IN = TakenIn((), (), waiting=0, causes={})


class IntakeTransaction:
    """Takes batches in. It has no effect but on the store, so it may be run again."""

    def __init__(
        self,
        decision: IntakeDecision,
        seal: Seal,
        *,
        push_ids: PushIds,
        node: str,
        clock: Callable[[], int],
    ) -> None:
        self.decision = decision
        self._seal = seal
        self._push_ids = push_ids
        self._node = node
        self._clock = clock

    def take_in(self, connection: Connection, triggers: Sequence[Trigger], *, may_depart: int = 0) -> TakenIn:
        """What became of one batch, in the caller's transaction; `may_depart` of its pushes are stored as claimed."""
        now = self._clock()
        look = self.decision.look(connection, triggers)
        self._note_sightings(connection, triggers, look)
        intended = self.decision.decide(look, triggers)
        beginnings = Beginnings(now, self._node)
        sends = [
            (each.place, self._push(each, triggers[each.place], now, beginnings, departs=order < may_depart))
            for order, each in enumerate(intended)
        ]
        changing = [each for each in intended if each.send.cause in _CHANGING]
        pointless = pointless_beside(connection, changing, look.moved)
        stored = self._store(connection, triggers, sends, look, now)
        pointless += pointless_beside(connection, _renewing(intended, look.answers))
        take_back(connection, pointless, now)
        departing = [
            Departing(_due(push, now), look.profiles[push.settings]) for push in stored if push.owner is not None
        ]
        return TakenIn(
            self._with_pairs(triggers, look),
            departing,
            len(stored) - len(departing),
            _causes(intended, look.answers),
        )

    def _with_pairs(self, triggers: Sequence[Trigger], look: Look) -> list[Answer]:
        """All answers, each with what is known of its pair, for the filter."""
        interval_ms = self.decision.rules.sighting_interval_ms
        answers = [answer for answer in look.answers if answer is not None]
        for place, row in look.known.items():
            known = known_pair(triggers[place], answers[place], row, interval_ms)
            if known is not None:
                answers[place] = msgspec.structs.replace(answers[place], pair=known)
        return answers

    def _note_sightings(self, connection: Connection, triggers: Sequence[Trigger], look: Look) -> None:
        """Write the pairs that are new, were not seen for long, or are not where the SIM was seen last.

        Of a SIM that this very batch names in several devices all of them: the last of them is where it is. A reminder
        is written where its pair is known: one that was forgotten meanwhile stays so.
        """
        seen: list[Pair] = []
        devices: dict[str, str] = {}
        moving = {imsi for _, _, imsi, number in look.wanted if devices.setdefault(imsi, number) != number}
        for place, bucket, imsi, number in look.wanted:
            trigger, before = triggers[place], look.known[place]
            device = trigger.device
            if device is None or (trigger.is_reminder and before.pair_seen_at is None):
                continue
            if is_sighting_due(trigger, before, self.decision.rules.sighting_interval_ms, is_moving=imsi in moving):
                at, software = trigger.seen_at, device.software_version
                seen.append(Pair(bucket, imsi, number, software, device.dirty, trigger.source, at, at))
        pairs.note(connection, seen)

    def _push(
        self, intended: Intended, trigger: Trigger, now: int, beginnings: Beginnings, *, departs: bool
    ) -> NewPush:
        """The push as it is stored."""
        bucket, profile, secrets, send = intended.bucket, intended.profile, intended.secrets, intended.send
        push_id = self._push_ids.next(now, bucket)
        sealed_secrets = None if secrets is None else close_secrets(self._seal, secrets, push_id)
        state, attention_at, owner, history = beginnings.of(trigger, send.cause, departs=departs)
        expires_at = now + profile.policy.validity_s * 1000
        return make_new_push((
            bucket, push_id, intended.imsi, send.msisdn, send.device, profile.name, profile.version,
            intended.fingerprint, intended.method, sealed_secrets, trigger.source, state, attention_at, owner,
            expires_at, history,
        ))  # fmt: skip

    def _store(
        self,
        connection: Connection,
        triggers: Sequence[Trigger],
        sends: Sequence[tuple[int, NewPush]],
        look: Look,
        now: int,
    ) -> list[NewPush]:
        """Store those whose pair's key is free, and answer all; returns those that were stored.

        The unique index decides. A look before it is worth its price only where keys are held: of pairs that the
        network has told before, which are SET mostly; wishes of the back office and new pairs are new.
        """
        if not sends:
            return []
        new, answers = list(sends), look.answers
        if any(_may_be_held(triggers[place], look.known[place]) for place, _ in sends):
            new = self._free(connection, triggers, sends, answers)
        queued = Outcome.QUEUED
        for place, push in new:
            answers[place] = Answer(queued, push.id)
        missing = new
        overtaken: set[int] = set()
        while missing and pushes.add(connection, [push for _, push in missing], now) < len(missing):
            held = _holders(connection, missing)
            overtaken |= _answer_overtaken(missing, held, answers)
            # Whose key was let go of between the two statements, by another transaction, is neither stored nor held.
            missing = [sending for order, sending in enumerate(missing) if order not in held]
        return [push for _, push in new if push.id not in overtaken]

    def _free(
        self,
        connection: Connection,
        triggers: Sequence[Trigger],
        sends: Sequence[tuple[int, NewPush]],
        answers: list[Answer | None],
    ) -> list[tuple[int, NewPush]]:
        """The pushes whose key nobody holds, as far as a look tells; answers the others."""
        held = _holders(connection, sends)
        if not held:
            return list(sends)
        free: list[tuple[int, NewPush]] = []
        for order, (place, push) in enumerate(sends):
            holder = held.get(order)
            if (
                holder is not None
                and holder.state == State.DELIVERED
                and _sends_again(connection, triggers[place], push, holder.id)
            ):
                pair_keys.release(connection, push.bucket, push.imsi, push.device, push.fingerprint)
                holder = None
            if holder is None:
                free.append((place, push))
            else:
                answers[place] = held_answer(holder.id, holder.state)
        return free


def _holders(connection: Connection, sends: Sequence[tuple[int, NewPush]]) -> dict[int, Holder]:
    """Who holds the keys of these pushes, by their order."""
    return {holder.place: holder for holder in pair_keys.holders(connection, _keys_of(sends))}


def _answer_overtaken(
    sends: Sequence[tuple[int, NewPush]], held: Mapping[int, Holder], answers: list[Answer | None]
) -> set[int]:
    """Answer those whose key was taken meanwhile: by another node, or by a neighbour in the same batch."""
    overtaken: set[int] = set()
    for order, (place, push) in enumerate(sends):
        holder = held.get(order)
        if holder is not None and holder.id != push.id:
            answers[place] = held_answer(holder.id, holder.state)
            overtaken.add(push.id)
    return overtaken


def _may_be_held(trigger: Trigger, known: Known) -> bool:
    """Whether another push probably holds the key of a pair, and what then becomes of it has to be looked at."""
    is_new = known.pair_seen_at is None and trigger.cause is None
    return trigger.force or (trigger.is_detection and not is_new)


def _sends_again(connection: Connection, trigger: Trigger, push: NewPush, delivered: int) -> bool:
    """Whether a delivered push is no reason not to send.

    An account that gets settings or values back which it had before: what its device was given in between has
    replaced them.
    """
    if trigger.force:
        return True
    settings = None if trigger.has_switched_settings else push.settings
    return trigger.cause is Cause.SETTINGS_CHANGED and pair_keys.is_replaced(
        connection, push.bucket, push.imsi, push.device, settings, delivered
    )


def _renewing(intended: Sequence[Intended], answers: Sequence[Answer | None]) -> list[Intended]:
    """Of what a device may have been about to get in an older version, those that were stored."""
    return [each for each in intended if each.send.cause in _RENEWING and _is_queued(answers[each.place])]


def _is_queued(answer: Answer | None) -> bool:
    return answer is not None and answer.outcome is Outcome.QUEUED


def _keys_of(sends: Sequence[tuple[int, NewPush]]) -> list[PairKey]:
    return [PairKey(push.bucket, push.imsi, push.device, push.fingerprint) for _, push in sends]


def _causes(intended: Sequence[Intended], answers: Sequence[Answer | None]) -> Mapping[str, int]:
    """How many pushes were stored for each cause."""
    return Counter(each.send.cause for each in intended if _is_queued(answers[each.place]))


def _due(push: NewPush, now: int) -> DuePush:
    """A push just stored, as dispatch takes it."""
    return DuePush(
        bucket=push.bucket,
        id=push.id,
        imsi=push.imsi,
        msisdn=push.msisdn,
        settings=push.settings,
        version=push.version,
        security=push.security,
        sealed_secrets=push.sealed_secrets,
        attempts=0,
        expires_at=push.expires_at,
        key_released=0,
        created_at=now,
        device=push.device,
    )


def is_sighting_due(trigger: Trigger, before: Known, sighting_interval_ms: int, *, is_moving: bool = False) -> bool:
    """Whether the pair is to be written; `is_moving`: a SIM that its batch names in several devices."""
    device = trigger.device
    if device is None:
        return False
    software = device.software_version
    if before.pair_seen_at is None or (software is not None and software != before.software_version):
        return True
    since = trigger.seen_at - before.pair_seen_at
    has_moved = before.device != device.number or is_moving
    return since >= sighting_interval_ms or (since > 0 and device.dirty is None and has_moved)


def held_answer(push_id: int, state: int) -> Answer:
    """What a trigger is answered where this push holds the key of its pair."""
    return Answer(Outcome.ALREADY_SET if state == State.DELIVERED else Outcome.ALREADY_OPEN, push_id)
