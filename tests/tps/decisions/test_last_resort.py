"""Which push a receipt with an unknown id can be about: the only one that may have been sent, or none."""

import pytest

from tps.decisions.last_resort import WINDOW_MS, Sent, only_uncertain, tells
from tps.decisions.push_life import State

AT = 1_800_000_000_000
UNCERTAIN = Sent(7, "001010000000001", "4917", State.UNCERTAIN, 1, None, "internet", 1, 0, None, AT, AT + 1000)
OTHER = UNCERTAIN._replace(id=6, state=State.DELIVERED, created_at=AT - WINDOW_MS, changed_at=AT - WINDOW_MS - 1)


@pytest.mark.parametrize(
    ("pushes", "found"),
    [
        ([UNCERTAIN], True),
        ([UNCERTAIN._replace(route="north")], True),
        ([UNCERTAIN, OTHER], True),
        ([UNCERTAIN, OTHER._replace(state=State.QUEUED, attempts=0, changed_at=AT)], True),
        ([], False),
        ([UNCERTAIN._replace(state=State.HELD)], False),
        ([UNCERTAIN._replace(msisdn="4918")], False),
        ([UNCERTAIN._replace(route="south")], False),
        ([UNCERTAIN, UNCERTAIN._replace(id=8)], False),
        ([UNCERTAIN, OTHER._replace(changed_at=AT - WINDOW_MS)], False),
        ([UNCERTAIN, OTHER._replace(state=State.SENDING, attempts=0, changed_at=AT)], False),
    ],
)
def test_the_number_tells_the_push_only_where_no_other_could_be_meant(pushes: list[Sent], found: bool) -> None:
    only = only_uncertain(pushes, "4917", "north")
    assert only == (pushes[0] if found else None)


@pytest.mark.parametrize(
    ("attempts", "parts", "is_positive", "told"),
    [
        (1, 3, True, True),
        (1, 3, False, True),
        (2, 3, True, False),  # two parts of one attempt and one of the other are no document
        (2, 1, True, True),
        (2, 1, False, False),
        (2, 0, True, False),
    ],
)
def test_receipts_of_several_attempts_tell_nothing_but_that_a_whole_arrived(
    attempts: int, parts: int, is_positive: bool, told: bool
) -> None:
    assert tells(attempts, parts, is_positive=is_positive) is told
