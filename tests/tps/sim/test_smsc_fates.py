"""What befalls messages, drawn so that it can be repeated."""

import pytest

from tps.sim.smsc_behaviour import Behaviour
from tps.sim.smsc_fates import ORDINARY, Fates
from tps.sim.smsc_pdus import DELIVERED, UNDELIVERABLE, Status


def throttled(fates: Fates, count: int, now: float) -> int:
    return [fate.status for fate in fates.draw(count, now)].count(Status.ESME_RTHROTTLED)


def test_without_trouble_every_message_is_ordinary() -> None:
    assert Fates(Behaviour()).draw(3, 0.0) == [ORDINARY] * 3


def test_the_rate_is_kept_over_time_with_a_tenth_of_a_second_at_once() -> None:
    fates = Fates(Behaviour(throttle_per_s=100))
    assert throttled(fates, 12, 1000.0) == 2
    assert throttled(fates, 5, 1000.0) == 5
    assert throttled(fates, 5, 1000.035) == 2
    assert throttled(fates, 1000, 2000.0) == 990


def test_even_a_rate_below_one_lets_a_message_through_in_time() -> None:
    fates = Fates(Behaviour(throttle_per_s=0.5))
    assert [throttled(fates, 1, now) for now in (1000.0, 1001.0, 1002.0)] == [0, 1, 0]


@pytest.mark.parametrize("ratio", [0.0, 0.3, 1.0])
def test_ratios_are_shares_of_the_messages(ratio: float) -> None:
    states = [fate.state for fate in Fates(Behaviour(undelivered_ratio=ratio, seed=3)).draw(10_000, 0.0)]
    assert states.count(UNDELIVERABLE) == pytest.approx(10_000 * ratio, abs=200)
    assert states.count(DELIVERED) + states.count(UNDELIVERABLE) == 10_000


def test_the_same_seed_draws_the_same() -> None:
    def drawn(seed: int) -> object:
        return Fates(Behaviour(lost_answer_ratio=0.5, duplicate_receipt_ratio=0.5, seed=seed)).draw(50, 0.0)

    assert drawn(1) == drawn(1)
    assert drawn(1) != drawn(2)
