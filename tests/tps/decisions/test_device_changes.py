"""What a report about a SIM changes; any order of arrival ends alike."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tps.decisions.device_changes import DeviceChange, SeenDevice, device_change, event_time, is_newer

PHONE, OTHER = "35690901123456", "35690901999999"


def seen(at: int, number: str = PHONE, software: str | None = None) -> SeenDevice:
    return SeenDevice(at, number, software)


@pytest.mark.parametrize(
    ("known", "now", "change"),
    [
        (None, seen(1), DeviceChange.FIRST_DEVICE),
        (seen(1), seen(2), DeviceChange.SAME),
        (seen(1), seen(2, OTHER), DeviceChange.NEW_DEVICE),
        (seen(2), seen(1, OTHER), DeviceChange.LATE),
        (seen(1, software="01"), seen(2, software="02"), DeviceChange.NEW_SOFTWARE),
        (seen(1), seen(2, software="02"), DeviceChange.NEW_SOFTWARE),
        (seen(2, software="02"), seen(1, software="01"), DeviceChange.SAME),
        (seen(1, software="01"), seen(2), DeviceChange.SAME),
        (seen(1, OTHER, "01"), seen(2, PHONE, "02"), DeviceChange.NEW_DEVICE),
    ],
)
def test_a_change_has_a_name(known: SeenDevice | None, now: SeenDevice, change: DeviceChange) -> None:
    assert device_change(known, now) is change


def test_the_network_says_when_it_was_but_never_that_it_will_be() -> None:
    assert event_time(None, 10) == 10
    assert event_time(7, 10) == 7
    assert event_time(99, 10) == 10


def test_a_report_that_is_repeated_is_no_newer_than_itself() -> None:
    assert not is_newer(seen(1), seen(1))


@given(st.lists(st.builds(seen, st.integers(0, 3), st.sampled_from([PHONE, OTHER])), min_size=1, max_size=4))
def test_the_newest_device_is_the_same_in_any_order_of_arrival(reports: list[SeenDevice]) -> None:
    ends = set()
    for order in permutations(reports):
        newest = order[0]
        for report in order[1:]:
            newest = report if is_newer(report, newest) else newest
        ends.add((newest.seen_at, newest.number))
    assert ends == {max((report.seen_at, report.number) for report in reports)}
