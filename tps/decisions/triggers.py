"""What a trigger leads to: a push, a record, or a refusal. Whether a pair is SET, the unique index says."""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

import msgspec

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


class Trigger(msgspec.Struct, frozen=True):
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


class Answer(msgspec.Struct, frozen=True):
    """What became of one trigger; `field` and `reason` where there is something to say."""

    outcome: Outcome
    push_id: int | None = None
    reason: str | None = None
    field: str | None = None
    status: int = 422


class Sighting(NamedTuple):
    """What is known of the trigger's subscriber and device before it."""

    msisdn: str | None
    """None where the IMSI has no account."""
    settings: str | None
    device: str | None
    """The newest device of the SIM."""
    device_seen_at: int | None


class Send(NamedTuple):
    """Set this device up with these settings."""

    msisdn: str
    device: str
    settings: str


def decide(trigger: Trigger, known: Sighting, default_settings: str | None) -> Send | Answer:
    """Whether to send what to which device, by what is known; an `Answer` where nothing is to be sent."""
    if known.msisdn is None:
        return _unknown_subscriber(trigger)
    if trigger.is_detection:
        reason = _why_only_recorded(trigger, known)
        if reason is not None:
            return Answer(Outcome.RECORDED, reason=reason)
    settings = trigger.settings or known.settings or default_settings
    if settings is None:
        reason = "the subscriber has no settings and the server no default: assign some, or name them with the push"
        if trigger.is_detection:
            return Answer(Outcome.RECORDED, reason=reason)
        return Answer(Outcome.REJECTED, field="settings", reason=reason)
    device = known.device if trigger.device is None else trigger.device.number
    return Send(known.msisdn, device or DEVICE_UNKNOWN, settings)


def _unknown_subscriber(trigger: Trigger) -> Answer:
    if trigger.is_detection:
        return Answer(Outcome.RECORDED, reason="no subscriber has this IMSI")
    return Answer(
        Outcome.REJECTED, field="imsi", reason="no subscriber has this IMSI: create the subscriber first", status=404
    )


def _why_only_recorded(trigger: Trigger, known: Sighting) -> str | None:
    device = trigger.device
    if device is None:
        return "no device named"
    if device.dirty is not None:
        return f"the device identity proves nothing: {device.dirty}"
    if known.device not in (None, device.number) and trigger.seen_at < (known.device_seen_at or 0):
        return "an older sighting than the newest device of this subscriber"
    return None


BUILT_IN_VALUES = frozenset({"imsi", "msisdn"})
"""Placeholders that every subscriber can fill."""


def missing_values(placeholders: frozenset[str], values: Mapping[str, str]) -> list[str]:
    """Placeholders of the settings that this subscriber has no value for."""
    return sorted(placeholders - BUILT_IN_VALUES - values.keys())
