"""Whole seconds of a route, and what they are against its limit."""

from tps.bench import evenness
from tps.bench.smsc import Record


def test_seconds_begin_with_the_first_pdu_and_the_last_is_left_out_unless_it_is_whole() -> None:
    record = Record(parts={50: 9, 120: 40, 219: 60, 220: 98, 319: 1, 320: 5})
    assert evenness.whole_seconds(record, 1000.0) == [100, 99]
    assert evenness.whole_seconds(Record(), 0.0) == []


def test_the_worst_second_is_told_against_the_limit() -> None:
    record = Record(parts={0: 100, 100: 97, 200: 101, 300: 1})
    found = evenness.figures(100.0, None, record, 0.0)
    assert (found["slowest_second"], found["fastest_second"]) == (97, 101)
    assert found["worst_deviation_percent"] == -3.0
    assert found["share_of_limit"] == 0.9933


def test_a_window_is_told_as_a_share_of_itself_by_the_round_trip() -> None:
    record = Record(parts={0: 90, 100: 100, 200: 1})
    assert evenness.figures(None, 100.0, record, 0.0) == {
        "window_by_round_trip_per_s": 100.0,
        "share_of_window_by_round_trip": 0.95,
    }


def test_a_route_without_bound_has_nothing_to_tell() -> None:
    assert evenness.figures(None, None, Record(parts={0: 9, 100: 9}), 0.0) == {}
