"""Identities of devices as detections bring them."""

from typing import Any

import pytest

from tps.backoffice.device_identities import identities_of
from tps.config import DetectionConfig
from tps.decisions.dirty_identities import Doubt
from tps.decisions.identities import Device
from tps.delivery.device_identities import DeviceIdentities
from tps.errors import RejectedError

PHONE = "35690901123456"


def identities(**rules: Any) -> DeviceIdentities:
    """A watch that was not told of any device model."""
    nobody: Any = None
    return identities_of(DetectionConfig(**rules), nobody, lambda: 0)


@pytest.mark.parametrize(
    ("imei", "dirty"),
    [
        (PHONE, None),
        (f"{PHONE}6", None),
        (f"{PHONE}9", None),  # a wrong check digit is tolerated
        ("0" * 15, "all digits are zero"),
        ("1" * 14, "all digits alike"),
        ("00499901123456", "test range"),
    ],
)
def test_what_is_not_tolerated_makes_a_device_dirty(imei: str, dirty: str | None) -> None:
    watched = identities()
    assert watched.acted_upon(watched.judge(imei, "001010000000001", 0)) == Device(imei[:14], None, dirty)


def test_a_device_in_more_sims_than_one_can_have_is_a_clone_for_a_while() -> None:
    watched = identities(clone_sims=2, clone_window_s=10)
    found = [watched.judge(PHONE, f"sim {number}", 1000 * number) for number in range(4)]
    assert [judged.doubts for judged in found] == [(), (), (Doubt.CLONED,), (Doubt.CLONED,)]
    assert watched.judge(PHONE, "sim 9", 60_000).doubts == ()


def test_a_rule_may_tolerate_a_clone_and_may_not_look_for_any() -> None:
    tolerant = identities(clone_sims=1, tolerated=(Doubt.CLONED,))
    found = [tolerant.judge(PHONE, sim, 0) for sim in ("a", "b")][1]
    assert found.doubts == (Doubt.CLONED,)
    assert tolerant.acted_upon(found).dirty is None
    blind = identities(clone_sims=0)
    assert [blind.judge(PHONE, str(sim), 0).doubts for sim in range(50)] == [()] * 50


def test_sightings_are_counted_by_form_and_by_doubt() -> None:
    watched = identities()
    for imei in (PHONE, f"{PHONE}9", "0" * 16):
        judged = watched.judge(imei, "sim", 0)
        watched.count({judged.written_as: 1}, [judged.doubts])
    assert watched.counted.written == {"imei_14": 1, "imei": 1, "imeisv": 1}
    assert watched.counted.doubts == {Doubt.WRONG_CHECK_DIGIT: 1, Doubt.ZEROED: 1}


def test_what_is_no_identity_is_refused() -> None:
    with pytest.raises(RejectedError):
        identities().judge("123", "sim", 0)
