"""Things that fall due later."""

from hypothesis import given
from hypothesis import strategies as st

from tps.sim.timer_wheel import TICK_S, TimerWheel


def test_an_empty_wheel_is_never_due() -> None:
    wheel: TimerWheel[str] = TimerWheel()
    assert wheel.next_due() is None
    assert wheel.take_due(1e9) == []


@given(st.lists(st.floats(0, 10)), st.floats(0, 11))
def test_everything_leaves_once_and_never_early(dues: list[float], now: float) -> None:
    wheel: TimerWheel[float] = TimerWheel()
    for due in dues:
        wheel.add([due], due)
    left = wheel.take_due(now)
    assert all(due <= now for due in left)
    assert all(due > now - 2 * TICK_S for due in dues if due not in left)
    assert len(wheel) == len(dues) - len(left)
    next_due = wheel.next_due()
    assert (next_due is None) == (len(left) == len(dues))
    assert sorted(left + wheel.take_due(20)) == sorted(dues)
