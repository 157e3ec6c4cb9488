"""When a RADIUS record proves that a SIM was in its device."""

import pytest

from encoders.radius_accounting import AccountingRequest
from tests.encoders.radius_octets import INTERIM_UPDATE, START, STOP
from tests.tps.feeds.taking import NOW_MS
from tps.decisions.device_changes import DeviceChange, SeenDevice, device_change
from tps.feeds.radius import seen_at


@pytest.mark.parametrize(
    ("event_timestamp_s", "delay_s", "seen_ms"),
    [
        (None, 0, NOW_MS),
        (None, 7, NOW_MS - 7000),
        (NOW_MS // 1000 - 60, 7, NOW_MS - 60_000),
        (NOW_MS // 1000 - 60, 60, NOW_MS - 60_000),
        (NOW_MS // 1000 + 3600, 0, NOW_MS),
        (NOW_MS // 1000 + 3600, 600, NOW_MS - 600_000),
        (NOW_MS // 1000 - 300, 600, NOW_MS - 600_000),
        (0, 5, NOW_MS - 5000),
        (None, 0xFFFF_FFFF, 0),
    ],
    ids=[
        "now",
        "tried for 7 s",
        "buffered, then tried for 7 s",
        "told by both",
        "a clock before ours",
        "a clock before ours, tried for 600 s",
        "a clock 300 s before ours, tried for 600 s",
        "a clock nobody has set",
        "before time",
    ],
)
def test_a_record_tells_when_it_was(event_timestamp_s: int | None, delay_s: int, seen_ms: int) -> None:
    told = AccountingRequest(1, bytes(16), START, event_timestamp_s=event_timestamp_s, delay_s=delay_s)
    assert seen_at(told, NOW_MS) == seen_ms


@pytest.mark.parametrize(
    ("status", "session_s", "seen_ms"),
    [
        (STOP, 600, NOW_MS - 660_000),
        (STOP, 0, NOW_MS - 60_000),
        (STOP, 0xFFFF_FFFF, 0),
        (INTERIM_UPDATE, 600, NOW_MS - 60_000),
        (START, 600, NOW_MS - 60_000),
    ],
    ids=["a session that has ended", "nobody knows when it began", "before time", "it goes on", "it begins"],
)
def test_of_a_session_that_has_ended_its_start_counts(status: int, session_s: int, seen_ms: int) -> None:
    told = AccountingRequest(1, bytes(16), status, event_timestamp_s=NOW_MS // 1000 - 60, session_s=session_s)
    assert seen_at(told, NOW_MS) == seen_ms


@pytest.mark.parametrize("later_s", [0, 60], ids=["closed at once", "cleaned up a minute later"])
def test_who_has_left_a_device_is_in_the_next_one(later_s: int) -> None:
    moved_s = NOW_MS // 1000 - 600
    start = AccountingRequest(1, bytes(16), START, event_timestamp_s=moved_s)
    stop = AccountingRequest(2, bytes(16), STOP, event_timestamp_s=moved_s + later_s, session_s=3600)
    now_in, has_left = SeenDevice(seen_at(start, NOW_MS), "1" * 14), SeenDevice(seen_at(stop, NOW_MS), "2" * 14)
    assert device_change(now_in, has_left) is DeviceChange.LATE
    assert device_change(has_left, now_in) is DeviceChange.NEW_DEVICE
