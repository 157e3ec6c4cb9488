"""Requests answered lately, in bounded memory."""

from hypothesis import given
from hypothesis import strategies as st

from tps.feeds.recent_requests import RecentRequests


def test_a_request_is_known_for_its_lifetime_and_not_for_ever() -> None:
    recent = RecentRequests(100, 30.0)
    recent.add("old", 1000.0)
    recent.add("newer", 1029.0)
    recent.add("new", 1031.0)
    assert recent.knows("old", 1031.0)
    assert not recent.knows("old", 1062.0)
    assert not recent.knows("newer", 1062.0)
    assert recent.knows("new", 1062.0)


def test_after_a_long_silence_nothing_is_known() -> None:
    recent = RecentRequests(100, 30.0)
    recent.add("old", 1000.0)
    assert not recent.knows("old", 2000.0)
    assert len(recent) == 0


@given(
    requests=st.lists(st.tuples(st.integers(0, 30), st.floats(0.0, 20.0)), max_size=60),
    capacity=st.integers(2, 20),
)
def test_it_never_holds_more_than_its_capacity_nor_invents_a_request(
    requests: list[tuple[int, float]], capacity: int
) -> None:
    recent, now, added = RecentRequests(capacity, 30.0), 0.0, set()
    for request, pause in requests:
        now += pause
        assert not recent.knows(request, now) or request in added
        recent.add(request, now)
        added.add(request)
        assert recent.knows(request, now)
        assert len(recent) <= capacity


@given(pauses=st.lists(st.floats(0.0, 40.0), min_size=1, max_size=40))
def test_with_room_enough_a_request_is_known_for_its_lifetime_and_at_most_for_two(pauses: list[float]) -> None:
    recent, now, at = RecentRequests(1000, 30.0), 0.0, list[float]()
    for number, pause in enumerate(pauses):
        now += pause
        recent.add(number, now)
        at.append(now)
        known = [recent.knows(each, now) for each in range(len(at))]
        assert all(known[each] for each, when in enumerate(at) if now - when < 30.0)
        assert not any(known[each] for each, when in enumerate(at) if now - when >= 60.0)
