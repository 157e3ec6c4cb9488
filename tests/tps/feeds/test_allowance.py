"""How much somebody may send."""

from tps.feeds.allowance import Allowance


def test_one_second_s_worth_may_come_at_once_and_then_as_much_as_the_rate_brings() -> None:
    allowance = Allowance(10, 100.0)
    assert [allowance.take(100.0) for _ in range(11)] == [True] * 10 + [False]
    assert [allowance.take(100.25) for _ in range(3)] == [True, True, False]
    assert [allowance.take(999.0) for _ in range(11)] == [True] * 10 + [False]


def test_without_a_rate_it_never_ends() -> None:
    allowance = Allowance(0, 100.0)
    assert all(allowance.take(100.0) for _ in range(1000))
