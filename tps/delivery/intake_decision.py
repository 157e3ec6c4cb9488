"""What intake decides about a batch of triggers, by what the store knows of them. It reads, and writes nothing.

who is it, what is known of the device -> decide -> the push that is to be, or the answer

The transaction of intake stores what comes of it (`tps.delivery.intake_transaction`); a dry run only tells it
(`tps.delivery.dry_run`).
"""

import hashlib
import hmac
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import msgspec

from bootstrap.mac import Method
from tps.decisions.device_changes import SeenDevice, is_newer
from tps.decisions.identities import DEVICE_UNKNOWN, bucket_of
from tps.decisions.policy import checked_pin, method_of
from tps.decisions.triggers import (
    SWITCHED,
    Answer,
    Cause,
    Outcome,
    Send,
    Sighting,
    Trigger,
    cause_of,
    decide,
    missing_values,
)
from tps.delivery.catalogue import Catalogue, Profile
from tps.delivery.device_knowledge import DeviceKnowledge, Devices
from tps.delivery.push_secrets import PushSecrets, pin_context, values_context
from tps.errors import RejectedError
from tps.store import subscribers
from tps.store.database import Connection
from tps.store.pair_keys import PairKey
from tps.store.sealing import Seal, UnsealError
from tps.store.subscribers import Known

_encode_json = msgspec.json.Encoder(order="sorted").encode
_REMINDED = Answer(Outcome.RECORDED, reason="told again")
_decode_values = msgspec.json.Decoder(dict[str, str]).decode


@dataclass(frozen=True, slots=True)
class IntakeRules:
    """The operator's rules for triggers."""

    default_settings: str | None
    """Settings of subscribers that have none of their own."""
    sighting_interval_ms: int
    """A pair seen again is written again only after this long: feeds repeat themselves all day."""
    switched_on: Collection[Cause] = SWITCHED
    """Of the causes that come by themselves those that lead to a push; the others are recorded."""


class Look(NamedTuple):
    """What the store knows of a batch."""

    profiles: Mapping[str, Profile]
    devices: DeviceKnowledge
    wanted: Sequence[tuple[int, int, str, str]]
    """(place, bucket, IMSI, device) of each trigger whose subscriber has a name."""
    known: dict[int, Known]
    """By place: as it was before the batch, reminders included, until `decide` puts the batch in the order of time."""
    answers: list[Answer | None]
    """One a trigger; None while there is none."""
    moved: dict[tuple[int, str], str]
    """(bucket, IMSI) of each SIM that the batch tells has moved -> the device it is in, which `decide` finds out:
    whether or not anything is sent there, it has left the other ones."""


class Intended(msgspec.Struct, frozen=True, gc=False):
    """A push that is to be, if the key of its pair is free."""

    place: int
    """Of its trigger."""
    bucket: int
    imsi: str
    send: Send
    profile: Profile
    fingerprint: int
    """Of the settings, and of the subscriber's values where they are filled in."""
    method: Method | None
    """How it is protected; None: no MAC."""
    secrets: PushSecrets | None

    @property
    def key(self) -> PairKey:
        """What at most one push may hold."""
        return PairKey(self.bucket, self.imsi, self.send.device, self.fingerprint)


class IntakeDecision:
    """Decides about batches."""

    def __init__(
        self, catalogue: Catalogue, seal: Seal, devices: Devices, *, pepper: bytes, rules: IntakeRules
    ) -> None:
        self.rules = rules
        self._catalogue = catalogue
        self._seal = seal
        self._devices = devices
        self._pepper = pepper

    def look(self, connection: Connection, triggers: Sequence[Trigger]) -> Look:
        """What the store knows of a batch; those whose number belongs to nobody are answered."""
        profiles, device_changes = self._catalogue.fresh(connection)
        devices = self._devices.refresh(connection, device_changes)
        answers: list[Answer | None] = [None] * len(triggers)
        wanted = [
            (place, bucket_of(imsi), imsi, DEVICE_UNKNOWN if trigger.device is None else trigger.device.number)
            for place, (imsi, trigger) in enumerate(zip(_imsis(connection, triggers, answers), triggers, strict=True))
            if imsi is not None
        ]
        known = {row.place: row for row in subscribers.known(connection, wanted)}
        _remind(known, triggers, wanted)
        return Look(profiles, devices, wanted, known, answers, {})

    def decide(self, look: Look, triggers: Sequence[Trigger]) -> list[Intended]:
        """The pushes that are to be, in the order of their triggers; all other triggers have their answers then."""
        _put_in_time_order(look.known, triggers, look.wanted)
        intended: list[Intended] = []
        for place, bucket, imsi, _ in look.wanted:
            if triggers[place].is_reminder:
                look.answers[place] = _REMINDED
                continue
            try:
                decided = self._decided(place, triggers[place], look, bucket, imsi)
            except RejectedError as error:
                decided = Answer(Outcome.REJECTED, field=error.field, reason=error.message, status=error.status)
            except (UnsealError, msgspec.DecodeError) as error:
                decided = Answer(Outcome.REJECTED, reason=f"this account cannot be read: {error}", status=500)
            if isinstance(decided, Intended):
                intended.append(decided)
            else:
                look.answers[place] = decided
        return intended

    def _decided(self, place: int, trigger: Trigger, look: Look, bucket: int, imsi: str) -> Intended | Answer:
        """The push that one trigger leads to, or the answer where it leads to none."""
        known = look.known[place]
        is_declined = known.declined_at is not None
        sighting = Sighting(known.msisdn, known.settings, known.device, known.device_seen_at, is_declined)
        cause = cause_of(trigger, sighting)
        if isinstance(cause, Answer):
            return cause
        if cause is Cause.DEVICE_CHANGED and trigger.device is not None:
            look.moved[bucket, imsi] = trigger.device.number
        decided = decide(cause, trigger, sighting, self.rules.default_settings, self.rules.switched_on)
        if isinstance(decided, Answer):
            return decided
        profile = look.profiles.get(decided.settings)
        if profile is None:
            return _refused(trigger, "settings", f"no settings are named {decided.settings!r}: publish them first")
        pin = trigger.pin
        if pin is None and known.sealed_pin is not None:
            pin = self._seal.open(known.sealed_pin, pin_context(imsi)).decode()
        plan = look.devices.plan(profile, decided.device, has_pin=pin is not None)
        if plan is not None and not plan.ways:
            return _refused(trigger, "device", f"the device takes no channel for these settings: {plan.said}")
        method = method_of(profile.policy.security) if plan is None else plan.method
        secrets, fingerprint = self._secrets(known, decided, profile, imsi, checked_pin(method, pin))
        return Intended(place, bucket, imsi, decided, profile, fingerprint, method, secrets)

    def _secrets(
        self, known: Known, send: Send, profile: Profile, imsi: str, pin: str | None
    ) -> tuple[PushSecrets | None, int]:
        """The PIN and values of a push, and its settings fingerprint, which covers the values."""
        if not profile.placeholders:
            return (None if pin is None else PushSecrets(pin)), profile.fingerprint
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
        return PushSecrets(pin, used), int.from_bytes(mixed[:8], "big", signed=True)


def _refused(trigger: Trigger, field: str, reason: str) -> Answer:
    """What is only recorded where the network said it, and refused where a person asked for it."""
    outcome = Outcome.RECORDED if trigger.is_detection else Outcome.REJECTED
    return Answer(outcome, field=field, reason=reason)


def _imsis(connection: Connection, triggers: Sequence[Trigger], answers: list[Answer | None]) -> list[str | None]:
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


def _remind(known: dict[int, Known], triggers: Sequence[Trigger], wanted: Sequence[tuple[int, int, str, str]]) -> None:
    """Let be known what would be if the sightings that reminders tell of had been written, where their pairs are yet.

    What is known at the place of a reminder itself stays: that says whether there is anything to write.
    """
    reminders = {imsi: place for place, _, imsi, _ in wanted if triggers[place].is_reminder}
    if not reminders:
        return
    for place, _, imsi, number in wanted:
        reminder = triggers[reminders.get(imsi, place)]
        if triggers[place].is_reminder or reminder.device is None or not reminder.is_reminder:
            continue
        if known[reminders[imsi]].pair_seen_at is None:
            continue
        seen, before = SeenDevice(reminder.seen_at, reminder.device.number), known[place]
        if is_newer(seen, SeenDevice(before.device_seen_at or 0, before.device or "")):
            before = before._replace(device=seen.number, device_seen_at=seen.seen_at)
        if number == seen.number:
            before = before._replace(pair_seen_at=max(before.pair_seen_at or 0, seen.seen_at))
        known[place] = before


def _put_in_time_order(
    known: dict[int, Known], triggers: Sequence[Trigger], wanted: Sequence[tuple[int, int, str, str]]
) -> None:
    """Let the newest device of each SIM be what it is after this batch, so that late reports in it are late.

    What is told of the newest device itself stays beside what was known before: that says whether it is new.
    """
    if len({imsi for _, _, imsi, _ in wanted}) == len(wanted):
        return
    newest: dict[str, SeenDevice] = {}
    places: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for place, _, imsi, number in wanted:
        trigger = triggers[place]
        device, seen = trigger.device, SeenDevice(trigger.seen_at, number)
        if device is not None and device.dirty is None and not trigger.is_reminder:
            newest[imsi] = seen if imsi not in newest or is_newer(seen, newest[imsi]) else newest[imsi]
            places[imsi].append((place, number))
    for imsi, its_places in places.items():
        after = newest[imsi]
        for place, number in its_places:
            before = known[place]
            known_newest = SeenDevice(before.device_seen_at or 0, before.device or "")
            if number != after.number and is_newer(after, known_newest):
                known[place] = before._replace(device=after.number, device_seen_at=after.seen_at)
