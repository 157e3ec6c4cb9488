"""What a trigger leads to: a push, a record, or a refusal. Whether a pair is SET, the unique index says."""

from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Final

import msgspec

from tps.decisions.device_changes import DeviceChange, SeenDevice, device_change
from tps.decisions.identities import DEVICE_UNKNOWN, Device


class Outcome(StrEnum):
    """What became of a trigger."""

    QUEUED = "queued"
    """A push is stored and will be sent."""
    ALREADY_SET = "already_set"
    """The device holds these settings: nothing is sent."""
    ALREADY_OPEN = "already_open"
    """A push of these settings to this device is on its way."""
    RECORDED = "recorded"
    """Noted; by the rules nothing is sent. The reason says why."""
    REJECTED = "rejected"
    """Wrong; nothing was stored. Field and reason say what to mend."""


class Cause(StrEnum):
    """Why a device is to be set up: what tells one trigger from another, and what a push's history begins with."""

    FIRST_DEVICE = "first_device"
    """The first device that this SIM was seen in."""
    DEVICE_CHANGED = "device_changed"
    """The SIM has moved to another device."""
    NOT_SET = "not_set"
    """The device was known, and does not hold its subscriber's settings: a push failed, or the account came later."""
    SETTINGS_CHANGED = "settings_changed"
    """The subscriber was given other settings or values."""
    SIM_CHANGED = "sim_changed"
    """The account has got another SIM."""
    SETTINGS_PUBLISHED = "settings_published"
    """A device that held a version of these settings is given the newest."""
    ASKED = "asked"
    """A person or a system of the operator asked for this push."""


SWITCHED: Final = (
    Cause.FIRST_DEVICE,
    Cause.DEVICE_CHANGED,
    Cause.NOT_SET,
    Cause.SETTINGS_CHANGED,
    Cause.SIM_CHANGED,
)
"""Causes that come by themselves, and that a configuration can leave out."""
_CAUSES: Final = {
    DeviceChange.FIRST_DEVICE: Cause.FIRST_DEVICE,
    DeviceChange.NEW_DEVICE: Cause.DEVICE_CHANGED,
    DeviceChange.NEW_SOFTWARE: Cause.NOT_SET,
    DeviceChange.SAME: Cause.NOT_SET,
}

DECLINED = "the subscriber asked by SMS to get nothing without asking"
"""Why nothing is sent to who answered STOP."""


class Trigger(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A reason to set up a device: a detection by the network, or a wish of the back office."""

    imsi: str | None
    msisdn: str | None
    device: Device | None
    seen_at: int
    source: str
    is_detection: bool
    settings: str | None = None
    pin: str | None = None
    force: bool = False
    cause: Cause | None = None
    """None: that of a detection follows from what is known of its SIM, and anything else was asked for."""
    has_switched_settings: bool = False
    """The account was given settings of another name: what its device was given under any name since it was given these
    has replaced them."""
    is_reminder: bool = False
    """A sighting that was answered before it was written, told again because a late one of another device has come: it
    is noted where its pair is still known, and leads to nothing else."""

    @property
    def is_plain(self) -> bool:
        """True for a detection by IMSI that asks for nothing besides."""
        is_asking = self.settings is not None or self.pin is not None or self.force or self.cause is not None
        return self.is_detection and self.imsi is not None and not is_asking


class KnownPair(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """What a transaction knew of a trigger's pair, where its device is the newest of its SIM."""

    software_version: str | None
    seen_at: int
    """When it was seen last, this sighting included."""
    until: int | None
    """Sightings before this moment change nothing as long as the subscriber stays as he is; None: they may."""


class Answer(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """What became of one trigger; `field` and `reason` where there is something to say."""

    outcome: Outcome
    push_id: int | None = None
    reason: str | None = None
    field: str | None = None
    status: int = 422
    pair: KnownPair | None = None
    """For the filter before intake; nobody else is told."""


class Sighting(msgspec.Struct, frozen=True, gc=False):
    """What is known of the trigger's subscriber and device before it."""

    msisdn: str | None
    """None where the IMSI has no account."""
    settings: str | None
    device: str | None
    """The newest device of the SIM."""
    device_seen_at: int | None
    is_declined: bool = False
    """The subscriber asked to get nothing without asking (STOP by SMS)."""


class Send(msgspec.Struct, frozen=True, gc=False):
    """Set this device up with these settings."""

    msisdn: str
    device: str
    settings: str
    cause: Cause


def cause_of(trigger: Trigger, known: Sighting) -> Cause | Answer:
    """Why a device is to be set up, by what is known; an `Answer` where that is no reason for anything."""
    if known.msisdn is None:
        return _unknown_subscriber(trigger)
    if not trigger.is_detection:
        return trigger.cause or Cause.ASKED
    found = _cause_of_detection(trigger, known)
    return found if isinstance(found, Answer) else trigger.cause or found


def decide(
    cause: Cause,
    trigger: Trigger,
    known: Sighting,
    default_settings: str | None,
    switched_on: Collection[str] = SWITCHED,
) -> Send | Answer:
    """What to send to which device for this cause; an `Answer` where nothing is to be sent.

    Of the causes that come by themselves, those that are not `switched_on` are only recorded.
    """
    assert known.msisdn is not None, "whoever has no account has no cause"
    if known.is_declined and cause is not Cause.ASKED:
        return Answer(Outcome.RECORDED, reason=DECLINED)
    if cause in SWITCHED and cause not in switched_on:
        return Answer(Outcome.RECORDED, reason=f"by detection.triggers nothing is sent for {cause}")
    settings = trigger.settings or known.settings or default_settings
    if settings is None:
        reason = "the subscriber has no settings and the server no default: assign some, or name them with the push"
        if trigger.is_detection:
            return Answer(Outcome.RECORDED, reason=reason)
        return Answer(Outcome.REJECTED, field="settings", reason=reason)
    device = known.device if trigger.device is None else trigger.device.number
    return Send(known.msisdn, device or DEVICE_UNKNOWN, settings, cause)


def _unknown_subscriber(trigger: Trigger) -> Answer:
    if trigger.is_detection:
        return Answer(Outcome.RECORDED, reason="no subscriber has this IMSI")
    return Answer(
        Outcome.REJECTED, field="imsi", reason="no subscriber has this IMSI: create the subscriber first", status=404
    )


def _cause_of_detection(trigger: Trigger, known: Sighting) -> Cause | Answer:
    """What a detection says that was not known, or why it is only recorded."""
    device = trigger.device
    if device is None:
        return Answer(Outcome.RECORDED, reason="no device named")
    if device.dirty is not None:
        return Answer(Outcome.RECORDED, reason=f"the device identity proves nothing: {device.dirty}")
    newest = None if known.device is None else SeenDevice(known.device_seen_at or 0, known.device)
    change = device_change(newest, SeenDevice(trigger.seen_at, device.number))
    if change is DeviceChange.LATE:
        return Answer(Outcome.RECORDED, reason="an older sighting than the newest device of this subscriber")
    return _CAUSES[change]


BUILT_IN_VALUES = frozenset({"imsi", "msisdn"})
"""Placeholders that every subscriber can fill."""


def missing_values(placeholders: frozenset[str], values: Mapping[str, str]) -> list[str]:
    """Placeholders of the settings that this subscriber has no value for."""
    return sorted(placeholders - BUILT_IN_VALUES - values.keys())
