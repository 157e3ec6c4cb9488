"""What a trigger leads to, by what is known."""

from typing import Any

import msgspec
import pytest

from tps.decisions.identities import Device
from tps.decisions.triggers import Answer, Outcome, Send, Sighting, Trigger, decide, missing_values

PHONE, OTHER = "35690901123456", "35690901999999"


def detection(**changes: Any) -> Trigger:
    seen = Trigger("001010123456789", None, Device(PHONE), 1000, "detection", is_detection=True)
    return msgspec.structs.replace(seen, **changes)


def wish(**changes: Any) -> Trigger:
    return detection(is_detection=False, source="api", **changes)


def known(**changes: Any) -> Sighting:
    values: dict[str, Any] = {"msisdn": "491701", "settings": None, "device": None, "device_seen_at": None}
    return Sighting(**(values | changes))


def test_a_known_subscriber_in_a_clean_device_is_set_up() -> None:
    assert decide(detection(), known(), "internet") == Send("491701", PHONE, "internet")


def test_the_subscribers_own_settings_go_before_the_default_and_the_triggers_before_both() -> None:
    assert decide(detection(), known(settings="gold"), "internet") == Send("491701", PHONE, "gold")
    assert decide(wish(settings="mms"), known(settings="gold"), "internet") == Send("491701", PHONE, "mms")


def test_an_unknown_subscriber_is_recorded_when_detected_and_not_found_when_asked_for() -> None:
    nobody = known(msisdn=None)
    recorded, refused = decide(detection(), nobody, "internet"), decide(wish(), nobody, "internet")
    assert isinstance(recorded, Answer)
    assert recorded.outcome is Outcome.RECORDED
    assert isinstance(refused, Answer)
    assert (refused.outcome, refused.field, refused.status) == (Outcome.REJECTED, "imsi", 404)


def test_a_dirty_device_is_only_recorded_unless_a_person_asks() -> None:
    dirty = Device("00000000000000", dirty="all digits alike")
    answer = decide(detection(device=dirty), known(), "internet")
    assert isinstance(answer, Answer)
    assert answer.outcome is Outcome.RECORDED
    assert "all digits alike" in (answer.reason or "")
    assert isinstance(decide(wish(device=dirty), known(), "internet"), Send)


@pytest.mark.parametrize(("seen_at", "is_sent"), [(999, False), (1000, True), (1001, True)])
def test_a_late_record_of_another_device_does_not_undo_newer_knowledge(seen_at: int, is_sent: bool) -> None:
    answer = decide(detection(seen_at=seen_at), known(device=OTHER, device_seen_at=1000), "internet")
    assert isinstance(answer, Send) is is_sent


def test_a_late_record_of_the_newest_device_is_no_reason_to_wait() -> None:
    assert isinstance(decide(detection(seen_at=1), known(device=PHONE, device_seen_at=1000), "internet"), Send)


def test_without_any_settings_a_detection_is_recorded_and_a_wish_refused() -> None:
    recorded, refused = decide(detection(), known(), None), decide(wish(), known(), None)
    assert isinstance(recorded, Answer)
    assert recorded.outcome is Outcome.RECORDED
    assert isinstance(refused, Answer)
    assert (refused.outcome, refused.field) == (Outcome.REJECTED, "settings")


def test_a_wish_without_a_device_goes_to_the_newest_one() -> None:
    assert decide(wish(device=None), known(device=OTHER), "internet") == Send("491701", OTHER, "internet")
    assert decide(wish(device=None), known(), "internet") == Send("491701", "", "internet")


def test_values_that_every_subscriber_has_are_never_missing() -> None:
    assert missing_values(frozenset({"imsi", "msisdn", "ppp_user", "apn"}), {"apn": "x"}) == ["ppp_user"]
