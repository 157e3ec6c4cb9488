"""What to do with a refused part."""

import pytest

from tps.decisions.retry import BACK_OFF_MAX_S, GiveUp, RetryAt, decide
from tps.smpp.command_status import STATUSES

TEMPORARY = {0x04, 0x08, 0x14, 0x45, 0x58, 0x64, 0xFE, 0xFF}


@pytest.mark.parametrize("status", [each.code for each in STATUSES if each.code])
def test_each_status_of_the_standard_is_temporary_or_permanent(status: int) -> None:
    decision = decide(status, attempt=1)
    assert isinstance(decision, RetryAt if status in TEMPORARY else GiveUp)


@pytest.mark.parametrize("attempt", [1, 8, 1000])
def test_a_busy_smsc_costs_no_attempt(attempt: int) -> None:
    assert decide(0x58, attempt=attempt, age_s=3600.0) == RetryAt(0.5, counts_as_attempt=False)


@pytest.mark.parametrize(
    ("age_s", "delay_s"), [(-5.0, 1.0), (0.0, 1.0), (1.0, 1.0), (60.0, 60.0), (120.0, 120.0), (1e6, BACK_OFF_MAX_S)]
)
@pytest.mark.parametrize("attempt", [1, 1000])
def test_a_subscribers_full_queue_costs_no_attempt_and_the_pause_doubles(
    age_s: float, delay_s: float, attempt: int
) -> None:
    assert decide(0x14, attempt=attempt, age_s=age_s) == RetryAt(delay_s, counts_as_attempt=False)


@pytest.mark.parametrize("status", [0x04, 0x14, 0x58])
def test_after_other_parts_have_left_a_busy_smsc_costs_attempts_and_they_have_an_end(status: int) -> None:
    assert decide(status, attempt=3, has_left=True) == RetryAt(40.0, counts_as_attempt=True)
    assert isinstance(decide(status, attempt=8, has_left=True), GiveUp)


@pytest.mark.parametrize(("attempt", "delay_s"), [(1, 10.0), (2, 20.0), (3, 40.0), (7, 640.0)])
def test_a_system_error_is_tried_again_after_twice_the_pause(attempt: int, delay_s: float) -> None:
    assert decide(0x08, attempt=attempt) == RetryAt(delay_s, counts_as_attempt=True)


def test_the_pause_has_an_end() -> None:
    assert decide(0x08, attempt=50, attempts_max=100) == RetryAt(BACK_OFF_MAX_S, counts_as_attempt=True)


def test_attempts_have_an_end_and_it_names_the_last_refusal() -> None:
    assert decide(0x08, attempt=3, attempts_max=3) == GiveUp(
        "the SMSC refused 3 attempts, the last with command_status 0x00000008"
    )


def test_a_vendors_own_status_is_temporary_and_a_reserved_one_is_not() -> None:
    assert isinstance(decide(0x4FF, attempt=1), RetryAt)
    assert isinstance(decide(0x500, attempt=1), GiveUp)
