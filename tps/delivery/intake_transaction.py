"""The transaction of intake: what one batch of triggers becomes, decided and stored in one go.

who is it, what is known of the device -> decide -> is the pair's key held? -> store, QUEUED or claimed here
"""

import hashlib
import hmac
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import msgspec

from tps.decisions.identities import DEVICE_UNKNOWN, bucket_of
from tps.decisions.policy import checked_pin, method_of
from tps.decisions.push_id import PushIds
from tps.decisions.push_life import Event, State, move
from tps.decisions.set_pairs import SetPair
from tps.decisions.triggers import Answer, Outcome, Send, Sighting, Trigger, decide, missing_values
from tps.delivery.attend import LEASE_MS
from tps.delivery.catalogue import Catalogue, Profile
from tps.delivery.handover import Departing
from tps.delivery.push_secrets import PushSecrets, close_secrets, pin_context, values_context
from tps.delivery.set_filter import found_set
from tps.errors import RejectedError
from tps.store import pair_keys, pairs, pushes, subscribers
from tps.store.database import Connection
from tps.store.pair_keys import PairKey
from tps.store.pairs import Pair
from tps.store.pushes import DuePush, NewPush, history_line
from tps.store.sealing import Seal, UnsealError
from tps.store.subscribers import Known

_encode_json = msgspec.json.Encoder(order="sorted").encode
_decode_values = msgspec.json.Decoder(dict[str, str]).decode


@dataclass(frozen=True, slots=True)
class IntakeRules:
    """The operator's rules for triggers."""

    default_settings: str | None
    """Settings of subscribers that have none of their own."""
    sighting_interval_ms: int
    """A pair seen again is written again only after this long: feeds repeat themselves all day."""


class TakenIn(NamedTuple):
    """What became of a batch."""

    answers: Sequence[Answer]
    departing: Sequence[Departing]
    """Pushes stored as claimed by this node."""
    waiting: int
    """How many pushes were stored as QUEUED."""
    found_set: Sequence[SetPair]
    """For `tps.delivery.set_filter`."""


NOTHING_TAKEN_IN = TakenIn((), (), waiting=0, found_set=())


class IntakeTransaction:
    """Takes batches in. It has no effect but on the store, so it may be run again."""

    def __init__(
        self,
        catalogue: Catalogue,
        seal: Seal,
        *,
        push_ids: PushIds,
        pepper: bytes,
        rules: IntakeRules,
        node: str,
        clock: Callable[[], int],
    ) -> None:
        self._catalogue = catalogue
        self._seal = seal
        self._push_ids = push_ids
        self._pepper = pepper
        self._rules = rules
        self._node = node
        self._clock = clock

    def take_in(self, connection: Connection, triggers: Sequence[Trigger], *, may_depart: int = 0) -> TakenIn:
        """What became of one batch, in the caller's transaction; `may_depart` of its pushes are stored as claimed."""
        now = self._clock()
        profiles = self._catalogue.refresh(connection)
        beginnings = _Beginnings(now, self._node)
        answers: list[Answer | None] = [None] * len(triggers)
        wanted = self._wanted(connection, triggers, answers)
        known = {row.place: row for row in subscribers.known(connection, wanted)}
        self._note_sightings(connection, triggers, wanted, known)
        known = _in_time_order(known, triggers, wanted)
        sends: list[tuple[int, NewPush]] = []
        for place, bucket, imsi, _ in wanted:
            trigger = triggers[place]
            beginning = beginnings.of(trigger, departs=len(sends) < may_depart)
            try:
                decided = self._decided(trigger, known[place], profiles, bucket, imsi, now, beginning)
            except RejectedError as error:
                decided = Answer(Outcome.REJECTED, field=error.field, reason=error.message, status=error.status)
            except (UnsealError, msgspec.DecodeError) as error:
                decided = Answer(Outcome.REJECTED, reason=f"this account cannot be read: {error}", status=500)
            if isinstance(decided, NewPush):
                sends.append((place, decided))
            else:
                answers[place] = decided
        stored = self._store(connection, triggers, sends, answers, now)
        departing = [Departing(_due(push, now), profiles[push.settings]) for push in stored if push.owner is not None]
        return TakenIn(
            [answer for answer in answers if answer is not None],
            departing,
            len(stored) - len(departing),
            found_set(triggers, answers, known, self._rules.sighting_interval_ms),
        )

    def _wanted(
        self, connection: Connection, triggers: Sequence[Trigger], answers: list[Answer | None]
    ) -> list[tuple[int, int, str, str]]:
        """(place, bucket, IMSI, device) of each trigger whose subscriber has a name; the others are answered."""
        return [
            (place, bucket_of(imsi), imsi, DEVICE_UNKNOWN if trigger.device is None else trigger.device.number)
            for place, (imsi, trigger) in enumerate(
                zip(self._imsis(connection, triggers, answers), triggers, strict=True)
            )
            if imsi is not None
        ]

    def _imsis(
        self, connection: Connection, triggers: Sequence[Trigger], answers: list[Answer | None]
    ) -> list[str | None]:
        """The IMSI of each trigger; answers those whose number belongs to nobody."""
        imsis = [trigger.imsi for trigger in triggers]
        by_number = [place for place, trigger in enumerate(triggers) if trigger.imsi is None]
        if not by_number:
            return imsis
        owners = subscribers.imsis_of(connection, [triggers[place].msisdn or "" for place in by_number])
        for place in by_number:
            trigger = triggers[place]
            imsis[place] = owners.get(trigger.msisdn or "")
            if imsis[place] is None:
                reason = "no subscriber has this number"
                answers[place] = (
                    Answer(Outcome.RECORDED, reason=reason)
                    if trigger.is_detection
                    else Answer(
                        Outcome.REJECTED, field="msisdn", reason=f"{reason}: create the subscriber first", status=404
                    )
                )
        return imsis

    def _note_sightings(
        self,
        connection: Connection,
        triggers: Sequence[Trigger],
        wanted: Sequence[tuple[int, int, str, str]],
        known: Mapping[int, Known],
    ) -> None:
        """Write the pairs that are new, were not seen for long, or are not where the SIM was seen last.

        Of a SIM that this very batch names in several devices all of them: the last of them is where it is.
        """
        seen: list[Pair] = []
        devices: dict[str, str] = {}
        moving = {imsi for _, _, imsi, number in wanted if devices.setdefault(imsi, number) != number}
        for place, bucket, imsi, number in wanted:
            trigger, before = triggers[place], known[place]
            device = trigger.device
            if device is None:
                continue
            software = device.software_version
            since = None if before.pair_seen_at is None else trigger.seen_at - before.pair_seen_at
            is_due = (
                since is None
                or since >= self._rules.sighting_interval_ms
                or (since > 0 and device.dirty is None and (before.device != number or imsi in moving))
            )
            if is_due or (software is not None and software != before.software_version):
                seen.append(
                    Pair(bucket, imsi, number, software, device.dirty, trigger.source, trigger.seen_at, trigger.seen_at)
                )
        pairs.note(connection, seen)

    def _decided(
        self,
        trigger: Trigger,
        known: Known,
        profiles: Mapping[str, Profile],
        bucket: int,
        imsi: str,
        now: int,
        beginning: "_Beginning",
    ) -> NewPush | Answer:
        """The push that one trigger leads to, or the answer where it leads to none."""
        sighting = Sighting(known.msisdn, known.settings, known.device, known.device_seen_at)
        decided = decide(trigger, sighting, self._rules.default_settings)
        if isinstance(decided, Answer):
            return decided
        profile = profiles.get(decided.settings)
        if profile is None:
            reason = f"no settings are named {decided.settings!r}: publish them first"
            if trigger.is_detection:
                return Answer(Outcome.RECORDED, field="settings", reason=reason)
            return Answer(Outcome.REJECTED, field="settings", reason=reason)
        push_id = self._push_ids.next(now, bucket)
        sealed, fingerprint = self._secrets(trigger, known, decided, profile, imsi, push_id)
        method = method_of(profile.policy.security)
        return NewPush(
            bucket=bucket,
            id=push_id,
            imsi=imsi,
            msisdn=decided.msisdn,
            device=decided.device,
            settings=profile.name,
            version=profile.version,
            fingerprint=fingerprint,
            security=None if method is None else int(method),
            sealed_secrets=sealed,
            source=trigger.source,
            state=beginning.state,
            attention_at=beginning.attention_at,
            owner=beginning.owner,
            expires_at=now + profile.policy.validity_s * 1000,
            history=beginning.history,
        )

    def _secrets(
        self, trigger: Trigger, known: Known, send: Send, profile: Profile, imsi: str, push_id: int
    ) -> tuple[str | None, int]:
        """The sealed PIN and values of a push, and its settings fingerprint, which covers the values."""
        method = method_of(profile.policy.security)
        pin = trigger.pin
        if pin is None and known.sealed_pin is not None:
            pin = self._seal.open(known.sealed_pin, pin_context(imsi)).decode()
        pin = checked_pin(method, pin)
        if not profile.placeholders:
            return (None if pin is None else close_secrets(self._seal, PushSecrets(pin), push_id)), profile.fingerprint
        values = {"imsi": imsi, "msisdn": send.msisdn}
        if known.sealed_values is not None:
            values = _decode_values(self._seal.open(known.sealed_values, values_context(imsi))) | values
        missing = missing_values(profile.placeholders, values)
        if missing:
            raise RejectedError(
                "values",
                f"settings {profile.name!r} need {', '.join(missing)}: store them with the subscriber",
            )
        used = {name: values[name] for name in profile.placeholders}
        mixed = hmac.digest(
            self._pepper, profile.fingerprint.to_bytes(8, "big", signed=True) + _encode_json(used), hashlib.sha256
        )
        return close_secrets(self._seal, PushSecrets(pin, used), push_id), int.from_bytes(mixed[:8], "big", signed=True)

    def _store(
        self,
        connection: Connection,
        triggers: Sequence[Trigger],
        sends: Sequence[tuple[int, NewPush]],
        answers: list[Answer | None],
        now: int,
    ) -> list[NewPush]:
        """Store those whose pair's key is free, and answer all; returns those that were stored.

        The unique index decides. A look before it is worth its price only where many keys are held: devices that
        the network detects are SET already, wishes of the back office are new.
        """
        if not sends:
            return []
        new = list(sends)
        if any(triggers[place].is_detection or triggers[place].force for place, _ in sends):
            new = self._free(connection, triggers, sends, answers)
        for place, push in new:
            answers[place] = Answer(Outcome.QUEUED, push.id)
        overtaken: set[int] = set()
        if new and pushes.add(connection, [push for _, push in new], now) < len(new):
            overtaken = self._answer_overtaken(connection, sends, answers)
        return [push for _, push in new if push.id not in overtaken]

    def _free(
        self,
        connection: Connection,
        triggers: Sequence[Trigger],
        sends: Sequence[tuple[int, NewPush]],
        answers: list[Answer | None],
    ) -> list[tuple[int, NewPush]]:
        """The pushes whose key nobody holds, as far as a look tells; answers the others."""
        held = {holder.place: holder for holder in pair_keys.holders(connection, _keys_of(sends))}
        if not held:
            return list(sends)
        free: list[tuple[int, NewPush]] = []
        for order, (place, push) in enumerate(sends):
            holder = held.get(order)
            if holder is not None and triggers[place].force and holder.state == State.DELIVERED:
                pair_keys.release(connection, push.bucket, push.imsi, push.device, push.fingerprint)
                holder = None
            if holder is None:
                free.append((place, push))
            else:
                answers[place] = _held_answer(holder.id, holder.state)
        return free

    def _answer_overtaken(
        self,
        connection: Connection,
        sends: Sequence[tuple[int, NewPush]],
        answers: list[Answer | None],
    ) -> set[int]:
        """Answer those whose key was taken meanwhile: by another node, or by a neighbour in the same batch."""
        overtaken: set[int] = set()
        held = {holder.place: holder for holder in pair_keys.holders(connection, _keys_of(sends))}
        for order, (place, push) in enumerate(sends):
            holder = held.get(order)
            if holder is not None and holder.id != push.id:
                answers[place] = _held_answer(holder.id, holder.state)
                overtaken.add(push.id)
        return overtaken


def _keys_of(sends: Sequence[tuple[int, NewPush]]) -> list[PairKey]:
    return [PairKey(push.bucket, push.imsi, push.device, push.fingerprint) for _, push in sends]


class _Beginning(NamedTuple):
    """How a push begins: waiting, or under this node's lease from its first moment."""

    state: State
    attention_at: int
    owner: str | None
    history: str


class _Beginnings:
    """The beginnings of one batch, each made once."""

    def __init__(self, now: int, node: str) -> None:
        self._now = now
        self._node = node
        self._made: dict[tuple[str, bool, bool], _Beginning] = {}

    def of(self, trigger: Trigger, *, departs: bool) -> _Beginning:
        """How the push of this trigger begins."""
        key = (trigger.source, trigger.force, departs)
        if key not in self._made:
            self._made[key] = self._make(*key)
        return self._made[key]

    def _make(self, source: str, force: bool, departs: bool) -> _Beginning:
        history = history_line(self._now, source, State.QUEUED, "forced" if force else "")
        if not departs:
            return _Beginning(State.QUEUED, self._now, None, history)
        state = move(State.QUEUED, Event.CLAIM)
        history += history_line(self._now, Event.CLAIM, state)
        return _Beginning(state, self._now + LEASE_MS, self._node, history)


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
    )


def _in_time_order(
    known: dict[int, Known], triggers: Sequence[Trigger], wanted: Sequence[tuple[int, int, str, str]]
) -> dict[int, Known]:
    """`known` with the newest device of each SIM as it is after this batch, so that late reports in it are late."""
    if len({imsi for _, _, imsi, _ in wanted}) == len(wanted):
        return known
    newest: dict[str, tuple[int, str]] = {}
    places: dict[str, list[int]] = defaultdict(list)
    for place, _, imsi, number in wanted:
        device, seen_at = triggers[place].device, triggers[place].seen_at
        if device is not None and device.dirty is None:
            newest[imsi] = max(newest.get(imsi, (0, "")), (seen_at, number))
            places[imsi].append(place)
    for imsi, its_places in places.items():
        if len(its_places) > 1:
            seen_at, number = newest[imsi]
            for place in its_places:
                if seen_at > (known[place].device_seen_at or 0):
                    known[place] = known[place]._replace(device=number, device_seen_at=seen_at)
    return known


def _held_answer(push_id: int, state: int) -> Answer:
    return Answer(Outcome.ALREADY_SET if state == State.DELIVERED else Outcome.ALREADY_OPEN, push_id)
