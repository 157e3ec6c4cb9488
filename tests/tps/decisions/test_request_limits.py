"""How often one number may ask."""

from hypothesis import given
from hypothesis import strategies as st

from tps.decisions.request_limits import HOUR_S, RequestLimits


def test_a_number_has_so_many_an_hour_and_others_do_not_matter() -> None:
    limits = RequestLimits(2)
    assert [limits.take("1", second) for second in (0.0, 1.0, 2.0, HOUR_S - 0.1)] == [True, True, False, False]
    assert limits.take("2", 3.0)
    assert [limits.take("1", HOUR_S + second) for second in (0.0, 1.0, 2.0)] == [True, True, False]


def test_numbers_heard_longest_ago_are_let_go() -> None:
    limits = RequestLimits(1, capacity=2)
    assert [limits.take(number, 0.0) for number in ("1", "2", "1", "3", "2")] == [True, True, False, True, True]
    assert len(limits) == 2


@given(st.lists(st.tuples(st.sampled_from("abc"), st.floats(0, 600)), max_size=60), st.integers(1, 5))
def test_nobody_gets_more_than_allowed_within_the_hour_of_a_first_request(
    steps: list[tuple[str, float]], per_hour: int
) -> None:
    limits, now = RequestLimits(per_hour), 0.0
    taken: dict[str, list[float]] = {}
    for number, pause in steps:
        now += pause
        if limits.take(number, now):
            taken.setdefault(number, []).append(now)
    for times in taken.values():
        assert all(later - first >= HOUR_S for first, later in zip(times, times[2 * per_hour :], strict=False))
