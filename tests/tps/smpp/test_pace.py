"""The token bucket keeps its rate in any second; the pace finds the rate that an SMSC takes."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tps.smpp.throttling_smsc import Admit, by_bucket, by_second, traffic
from tps.smpp.pace import RATE_MIN_PER_S, Pace, TokenBucket


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


@pytest.mark.parametrize("answer_s", [0.002, 0.04])
@pytest.mark.parametrize("smsc", [by_bucket, by_second])
@pytest.mark.parametrize(("limit", "refused_share"), [(20, 0.02), (100, 0.005), (1000, 0.005)])
def test_the_pace_settles_at_what_the_smsc_takes(
    smsc: Callable[[Callable[[float], float]], Admit], limit: int, refused_share: float, answer_s: float
) -> None:
    found = traffic(Pace(0, 0.0), smsc(lambda _: limit), seconds=30, answer_s=answer_s)
    assert found.rate(10, 30) == pytest.approx(limit, rel=0.1)
    assert found.refused_share(10, 30) < refused_share


def test_a_pace_that_was_agreed_and_is_taken_is_kept() -> None:
    found = traffic(Pace(100, 0.0), by_second(lambda _: 102), seconds=10)
    assert found.refused == []
    assert found.rate(0, 10) == pytest.approx(100, rel=0.02)


def test_the_agreed_rate_is_never_exceeded_however_much_more_the_smsc_takes_again() -> None:
    pace = Pace(100, 0.0)
    found = traffic(pace, by_bucket(lambda now: 50 if now < 10 else 10_000), seconds=40)
    assert found.rate(5, 10) == pytest.approx(50, rel=0.1)
    assert (pace.rate_per_s, pace.learnt) == (100, False)
    assert found.rate(35, 40) == pytest.approx(100, rel=0.02)


def test_the_pace_follows_an_smsc_that_takes_less_and_then_more_again() -> None:
    found = traffic(Pace(0, 0.0), by_bucket(lambda now: 100 if 15 <= now < 25 else 1000), seconds=45)
    assert found.rate(17, 25) == pytest.approx(100, rel=0.1)
    assert found.rate(37, 45) == pytest.approx(1000, rel=0.1)


def test_after_an_smsc_that_took_nothing_the_pace_is_back_within_ten_seconds() -> None:
    found = traffic(Pace(0, 0.0), by_bucket(lambda now: 0 if 10 <= now < 20 else 1000), seconds=40)
    assert found.rate(11, 20) == 0
    assert sum(11 <= at < 20 for at in found.refused) < 20
    assert found.rate(30, 40) == pytest.approx(1000, rel=0.1)


def test_what_was_on_its_way_when_the_pace_was_slowed_teaches_nothing_new() -> None:
    pace = Pace(0, 0.0)
    pace.note_accepted(100, 1.0)
    pace.note_refused(sent_at=0.9, now=1.1)
    learnt = pace.rate_per_s
    assert learnt == pytest.approx(900)
    for sent_at in (0.95, 1.0, 1.1):
        pace.note_refused(sent_at, 1.15)
    assert pace.rate_per_s == learnt
    assert pace.take(50, 1.15) == 0
    assert pace.ready_at(50) == pytest.approx(1.2, abs=0.01)
    pace.note_refused(sent_at=1.21, now=1.22)
    assert pace.rate_per_s == pytest.approx(450)


def test_the_pauses_grow_while_nothing_gets_through() -> None:
    pace, now, pauses = Pace(0, 0.0), 1.0, []
    for _ in range(6):
        pace.note_refused(now, now)
        pauses.append(round(pace.ready_at(1) - now, 3))
        now = pace.ready_at(1) + 0.001
    assert pauses == [0.1, 0.2, 0.4, 0.8, 1.0, 1.0]
    assert pace.rate_per_s == RATE_MIN_PER_S
    pace.note_accepted(1, now)
    pace.note_refused(now + 1, now + 1)
    assert pace.ready_at(1) == pytest.approx(now + 1.1)


def test_a_link_with_nothing_to_send_learns_nothing() -> None:
    pace = Pace(0, 0.0)
    pace.note_accepted(100, 1.0)
    pace.note_refused(1.0, 1.1)
    before = pace.rate_per_s
    pace.note_accepted(1, 60.0)
    assert before is not None
    assert pace.rate_per_s is not None
    assert before < pace.rate_per_s < before * 1.001


@pytest.mark.parametrize(
    ("state", "factor"), [(0, None), (79, None), (80, 1.0), (89, 1.0), (90, 0.9), (99, 0.9), (100, 0.5), (101, None)]
)
def test_the_load_that_an_smsc_tells_sets_the_pace(state: int, factor: float | None) -> None:
    pace = Pace(0, 0.0)
    for tenth in range(11):
        pace.note_accepted(10, tenth / 10)
    pace.note_congestion(state, 1.0)
    assert pace.rate_per_s == (None if factor is None else pytest.approx(110 * factor))
    assert pace.congestion == (state if state <= 100 else None)


def test_a_load_told_with_every_response_slows_down_once_a_second_and_holds_until_it_falls() -> None:
    pace = Pace(100, 0.0)
    pace.note_accepted(100, 1.0)
    for millisecond in range(999):
        pace.note_congestion(95, 1.0 + millisecond / 1000)
    assert pace.rate_per_s == pytest.approx(90)
    pace.note_congestion(85, 2.1)
    pace.note_accepted(50, 3.0)
    assert pace.rate_per_s == pytest.approx(90)
    pace.note_congestion(60, 3.0)
    pace.note_accepted(5, 3.1)
    assert pace.rate_per_s is not None
    assert 90 < pace.rate_per_s < 100


@pytest.mark.parametrize(("pace", "shown"), [(Pace(0, 0.0), "<Pace unlimited>"), (Pace(95, 0.0), "<Pace 95.0/s>")])
def test_a_pace_shows_its_limit(pace: Pace, shown: str) -> None:
    assert repr(pace) == shown
