"""The token bucket keeps its rate in any second."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tps.smpp.pace import TokenBucket


@given(
    rate=st.integers(1, 20_000),
    steps=st.lists(st.floats(0, 0.3), min_size=1, max_size=200),
    wanted=st.integers(1, 2000),
)
def test_no_second_sees_more_than_the_rate_and_two_percent(rate: int, steps: list[float], wanted: int) -> None:
    bucket, now, grants = TokenBucket(rate, 0.0), 0.0, []
    for step in steps:
        now += step
        grants.append((now, bucket.take(wanted, now)))
    for begin, _ in grants:
        within = sum(granted for at, granted in grants if begin <= at <= begin + 1)
        assert within <= rate * 1.02 + 1 + 1e-3


@pytest.mark.parametrize("rate", [1, 7, 40, 90, 1000, 7000, 50_000])
def test_asking_when_told_to_gives_the_whole_rate(rate: int) -> None:
    bucket, now, granted = TokenBucket(rate, 0.0), 0.0, 0
    while now < 10:
        granted += bucket.take(1_000_000, now)
        now = max(now, bucket.ready_at(1_000_000)) + 0.0005  # a loop is always a little late
    assert granted == pytest.approx(rate * 10, rel=0.02, abs=1.5)


def test_an_idle_bucket_saves_up_a_tenth_of_a_second() -> None:
    bucket = TokenBucket(100, 0.0)
    assert bucket.take(1000, 60.0) == 11


@pytest.mark.parametrize("rate", [100, 500, 2000])
def test_a_loop_that_is_late_by_less_than_that_loses_nothing(rate: int) -> None:
    bucket, now, granted = TokenBucket(rate, 0.0), 0.0, 0
    while now < 10:
        granted += bucket.take(1_000_000, now)
        late = 0.06 if now % 1 < 0.02 else 0.0005  # a large batch came in
        now = max(now, bucket.ready_at(1_000_000)) + late
    assert granted == pytest.approx(rate * 10, rel=0.005, abs=1.5)
