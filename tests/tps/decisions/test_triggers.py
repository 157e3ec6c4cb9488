"""What a trigger leads to, by what is known."""

from collections.abc import Collection
from typing import Any

import msgspec
import pytest

from tps.decisions.identities import Device
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

PHONE, OTHER = "35690901123456", "35690901999999"


def detection(**changes: Any) -> Trigger:
    seen = Trigger("001010123456789", None, Device(PHONE), 1000, "detection", is_detection=True)
    return msgspec.structs.replace(seen, **changes)


def wish(**changes: Any) -> Trigger:
    return detection(is_detection=False, source="api", **changes)


def known(**changes: Any) -> Sighting:
    values: dict[str, Any] = {"msisdn": "491701", "settings": None, "device": None, "device_seen_at": None}
    return Sighting(**(values | changes))


def decided(
    trigger: Trigger, known: Sighting, default_settings: str | None, switched_on: Collection[str] = SWITCHED
) -> Send | Answer:
    cause = cause_of(trigger, known)
    return cause if isinstance(cause, Answer) else decide(cause, trigger, known, default_settings, switched_on)


def test_a_known_subscriber_in_a_clean_device_is_set_up() -> None:
    assert decided(detection(), known(), "internet") == Send("491701", PHONE, "internet", Cause.FIRST_DEVICE)


def test_the_subscribers_own_settings_go_before_the_default_and_the_triggers_before_both() -> None:
    detected = decided(detection(), known(settings="gold"), "internet")
    asked = decided(wish(settings="mms"), known(settings="gold"), "internet")
    assert detected == Send("491701", PHONE, "gold", Cause.FIRST_DEVICE)
    assert asked == Send("491701", PHONE, "mms", Cause.ASKED)


def test_an_unknown_subscriber_is_recorded_when_detected_and_not_found_when_asked_for() -> None:
    nobody = known(msisdn=None)
    recorded, refused = decided(detection(), nobody, "internet"), decided(wish(), nobody, "internet")
    assert isinstance(recorded, Answer)
    assert recorded.outcome is Outcome.RECORDED
    assert isinstance(refused, Answer)
    assert (refused.outcome, refused.field, refused.status) == (Outcome.REJECTED, "imsi", 404)


def test_a_dirty_device_is_only_recorded_unless_a_person_asks() -> None:
    dirty = Device("00000000000000", dirty="all digits alike")
    answer = decided(detection(device=dirty), known(), "internet")
    assert isinstance(answer, Answer)
    assert answer.outcome is Outcome.RECORDED
    assert "all digits alike" in (answer.reason or "")
    assert isinstance(decided(wish(device=dirty), known(), "internet"), Send)


@pytest.mark.parametrize(
    ("seen_at", "device", "newest", "is_sent"),
    [
        (999, PHONE, OTHER, False),
        (1001, PHONE, OTHER, True),
        (1000, PHONE, OTHER, False),  # at the same moment the greater number is the newer device, as in the store
        (1000, OTHER, PHONE, True),
    ],
)
def test_a_late_record_of_another_device_does_not_undo_newer_knowledge(
    seen_at: int, device: str, newest: str, is_sent: bool
) -> None:
    late = detection(seen_at=seen_at, device=Device(device))
    answer = decided(late, known(device=newest, device_seen_at=1000), "internet")
    assert isinstance(answer, Send) is is_sent


@pytest.mark.parametrize(
    ("trigger", "device", "cause"),
    [
        (detection(), None, Cause.FIRST_DEVICE),
        (detection(), OTHER, Cause.DEVICE_CHANGED),
        (detection(), PHONE, Cause.NOT_SET),
        (detection(device=Device(PHONE, "02")), PHONE, Cause.NOT_SET),
        (detection(cause=Cause.SETTINGS_CHANGED), PHONE, Cause.SETTINGS_CHANGED),
        (detection(cause=Cause.SIM_CHANGED), None, Cause.SIM_CHANGED),
    ],
)
def test_each_trigger_has_its_cause_and_its_switch(trigger: Trigger, device: str | None, cause: Cause) -> None:
    before = known(device=device, device_seen_at=None if device is None else 500)
    sent = decided(trigger, before, "internet", [cause])
    assert isinstance(sent, Send)
    assert sent.cause is cause
    answer = decided(trigger, before, "internet", [other for other in SWITCHED if other is not cause])
    assert answer == Answer(Outcome.RECORDED, reason=f"by detection.triggers nothing is sent for {cause}")


def test_what_is_asked_for_has_no_switch() -> None:
    assert isinstance(decided(wish(), known(), "internet", []), Send)
    assert isinstance(decided(wish(cause=Cause.SETTINGS_PUBLISHED), known(), "internet", []), Send)


def test_a_late_record_of_the_newest_device_is_no_reason_to_wait() -> None:
    assert isinstance(decided(detection(seen_at=1), known(device=PHONE, device_seen_at=1000), "internet"), Send)


def test_without_any_settings_a_detection_is_recorded_and_a_wish_refused() -> None:
    recorded, refused = decided(detection(), known(), None), decided(wish(), known(), None)
    assert isinstance(recorded, Answer)
    assert recorded.outcome is Outcome.RECORDED
    assert isinstance(refused, Answer)
    assert (refused.outcome, refused.field) == (Outcome.REJECTED, "settings")


def test_a_wish_without_a_device_goes_to_the_newest_one() -> None:
    assert decided(wish(device=None), known(device=OTHER), "internet") == Send("491701", OTHER, "internet", Cause.ASKED)
    assert decided(wish(device=None), known(), "internet") == Send("491701", "", "internet", Cause.ASKED)


def test_values_that_every_subscriber_has_are_never_missing() -> None:
    assert missing_values(frozenset({"imsi", "msisdn", "ppp_user", "apn"}), {"apn": "x"}) == ["ppp_user"]
