"""What the answers and receipts of a push amount to, in every mix, and how a flight is found."""

from itertools import product

import pytest

from tps.decisions.push_life import MOVES, Event, State
from tps.delivery import flights
from tps.delivery.flights import Flight, Flights, Verdict
from tps.store.pushes import DuePush

NUMBER = "491701234567"
THROTTLED, QUEUE_FULL, SYSTEM_ERROR, INVALID_NUMBER = 0x58, 0x14, 0x08, 0x0B


def due(push_id: int = 1, attempts: int = 0) -> DuePush:
    return DuePush(
        bucket=1,
        id=push_id,
        imsi="001010123456789",
        msisdn=NUMBER,
        settings="internet",
        version=1,
        security=0,
        sealed_secrets=None,
        attempts=attempts,
        expires_at=0,
        key_released=0,
        created_at=0,
    )


def flight(
    parts: int,
    *,
    refusals: tuple[int, ...] = (),
    accepted: int = 0,
    unsent: int = 0,
    unknown: int = 0,
    delivered: int = 0,
    failure: str | None = None,
    attempts: int = 0,
    max_attempts: int = 8,
    age_s: float = 0.0,
) -> Flight:
    """A push whose parts are all answered."""
    landed = Flight(due(attempts=attempts), "north", parts, max_attempts, age_s)
    landed.refusals += refusals
    landed.message_ids |= {part: f"a{part}" for part in range(accepted)}
    landed.unsent, landed.unknown, landed.delivered, landed.failure = unsent, unknown, delivered, failure
    return landed


@pytest.mark.parametrize(
    ("landed", "verdict"),
    [
        pytest.param(flight(3), Verdict(Event.ACCEPT), id="all accepted"),
        pytest.param(flight(3, delivered=0b011), Verdict(Event.ACCEPT), id="some have arrived"),
        pytest.param(flight(3, delivered=0b111), Verdict(Event.DELIVER), id="all have arrived"),
        pytest.param(
            flight(3, delivered=0b011, failure="part 3: UNDELIV"),
            Verdict(Event.FAIL, "part 3: UNDELIV"),
            id="one cannot be delivered",
        ),
        pytest.param(
            flight(3, unknown=1), Verdict(Event.LOSE, "1 of 3 parts without an answer"), id="one without an answer"
        ),
        pytest.param(
            flight(3, unknown=3, delivered=0b111),
            Verdict(Event.DELIVER),
            id="no answer to any, but receipts of all",
        ),
        pytest.param(
            flight(3, unknown=2, failure="part 1: UNDELIV"),
            Verdict(Event.FAIL, "part 1: UNDELIV"),
            id="no answer to some, but one cannot be delivered",
        ),
        pytest.param(
            flight(3, unknown=1, unsent=2),
            Verdict(Event.LOSE, "1 of 3 parts without an answer"),
            id="the link broke between the parts",
        ),
        pytest.param(
            flight(3, unsent=3), Verdict(Event.RELEASE, "the link went down before it was sent"), id="nothing was sent"
        ),
        pytest.param(
            flight(3, unsent=1), Verdict(Event.POSTPONE, "1 of 3 parts were not sent"), id="some were not sent"
        ),
        pytest.param(
            flight(3, refusals=(QUEUE_FULL,)),
            Verdict(Event.POSTPONE, "command_status 0x00000014", 1.0, counts_as_attempt=False),
            id="the subscriber's queue is full",
        ),
        pytest.param(
            flight(3, refusals=(QUEUE_FULL,), age_s=500.0),
            Verdict(Event.POSTPONE, "command_status 0x00000014", 500.0, counts_as_attempt=False),
            id="the subscriber's queue is full for long: it waits as long again",
        ),
        pytest.param(
            flight(3, refusals=(QUEUE_FULL,), unknown=1),
            Verdict(
                Event.POSTPONE,
                "command_status 0x00000014, 1 of 3 parts without an answer",
                10.0,
                counts_as_attempt=True,
            ),
            id="the SMSC is busy, and a part that may have left makes no whole with those of the next attempt",
        ),
        pytest.param(
            flight(3, refusals=(QUEUE_FULL, SYSTEM_ERROR)),
            Verdict(Event.POSTPONE, "command_status 0x00000014", 10.0, counts_as_attempt=True),
            id="the longest pause of several refusals, and one that counts is enough",
        ),
        pytest.param(
            flight(3, refusals=(SYSTEM_ERROR,), attempts=2),
            Verdict(Event.POSTPONE, "command_status 0x00000008", 40.0),
            id="the pause grows with the attempts",
        ),
        pytest.param(
            flight(3, refusals=(SYSTEM_ERROR,), attempts=7),
            Verdict(Event.REFUSE, "the SMSC refused 8 attempts, the last with command_status 0x00000008"),
            id="the attempts are used up",
        ),
        pytest.param(
            flight(3, refusals=(THROTTLED,), accepted=2, attempts=2),
            Verdict(Event.POSTPONE, "command_status 0x00000058", 40.0),
            id="the SMSC is busy again and again after it took a part: the pause grows",
        ),
        pytest.param(
            flight(3, refusals=(THROTTLED,), accepted=2, attempts=7),
            Verdict(Event.REFUSE, "the SMSC refused 8 attempts, the last with command_status 0x00000058"),
            id="the SMSC is busy after it took a part, until the attempts are used up",
        ),
        pytest.param(
            flight(3, refusals=(QUEUE_FULL,), unknown=2, attempts=7),
            Verdict(
                Event.REFUSE,
                "the SMSC refused 8 attempts, the last with command_status 0x00000014, 2 of 3 parts without an answer",
            ),
            id="the SMSC is busy, and parts may have left, until the attempts are used up",
        ),
        pytest.param(
            flight(3, refusals=(THROTTLED,), attempts=7),
            Verdict(Event.POSTPONE, "command_status 0x00000058", 0.5, counts_as_attempt=False),
            id="the SMSC is busy and took nothing: that may go on as long as it will",
        ),
        pytest.param(
            flight(3, refusals=(QUEUE_FULL, INVALID_NUMBER)),
            Verdict(Event.REFUSE, "the SMSC refused the part for good with command_status 0x0000000B"),
            id="one refused for good decides over all",
        ),
    ],
)
def test_the_verdict_of(landed: Flight, verdict: Verdict) -> None:
    assert landed.verdict() == verdict


MIXES = [
    (unsent, unknown, refused, delivered, failed)
    for unsent, unknown, refused in product(range(4), repeat=3)
    if unsent + unknown + refused <= 3
    for delivered in range(8)
    for failed in (False, True)
]


def test_every_mix_has_a_verdict_that_a_push_in_flight_can_take() -> None:
    for unsent, unknown, refused, delivered, failed in MIXES:
        landed = flight(
            3,
            unsent=unsent,
            unknown=unknown,
            refusals=(SYSTEM_ERROR,) * refused,
            delivered=delivered,
            failure="UNDELIV" if failed else None,
        )
        assert landed.verdict().event in MOVES[State.SENDING]


def test_only_a_push_of_which_nothing_left_goes_back_untouched() -> None:
    for unsent, unknown, refused, delivered, failed in MIXES:
        landed = flight(
            3,
            unsent=unsent,
            unknown=unknown,
            refusals=(SYSTEM_ERROR,) * refused,
            delivered=delivered,
            failure="UNDELIV" if failed else None,
        )
        if landed.verdict().event is Event.RELEASE:
            assert (unsent, unknown, refused) == (3, 0, 0)


def test_a_flight_is_found_by_its_push_and_by_each_message_id_until_it_lands() -> None:
    air, push = Flights(), Flight(due(), "north", 2, 8)
    air.depart([push])
    air.name_part(push, 0, "a1")
    air.name_part(push, 1, "a2")
    assert 1 in air
    assert len(air) == 1
    assert air.of_push(1) is push
    assert air.of_message("north", "a2") == (push, 1)
    assert air.of_message("south", "a2") is None
    air.land([push])
    assert 1 not in air
    assert len(air) == 0
    assert air.of_push(1) is None
    assert air.of_message("north", "a1") is None


def test_only_receipts_that_came_with_the_landing_are_known_to_be_repeated() -> None:
    air = Flights()
    complete, waiting = Flight(due(1), "north", 1, 8), Flight(due(2), "north", 1, 8)
    air.depart([complete, waiting])
    air.name_part(complete, 0, "a1")
    air.name_part(waiting, 0, "a2")
    complete.delivered = 1
    assert not air.has_landed("north", "a1", NUMBER)
    air.land([complete, waiting])
    assert air.has_landed("north", "a1", NUMBER)
    assert not air.has_landed("north", "a2", NUMBER)
    assert not air.has_landed("south", "a1", NUMBER)


@pytest.mark.parametrize(
    ("destination", "is_repetition"),
    [(NUMBER, True), ("+491701234567", True), ("01701234567", True), ("", True), ("491701234568", False)],
)
def test_only_a_receipt_for_the_same_handset_repeats_one_that_has_landed(destination: str, is_repetition: bool) -> None:
    air, push = Flights(), Flight(due(), "north", 1, 8, delivered=1)
    air.depart([push])
    air.name_part(push, 0, "a1")
    air.land([push])
    assert air.has_landed("north", "a1", destination) is is_repetition


def test_a_message_id_given_twice_means_the_newer_flight() -> None:
    air = Flights()
    older, newer = Flight(due(1), "north", 1, 8), Flight(due(2), "north", 1, 8)
    air.depart([older, newer])
    air.name_part(older, 0, "a1")
    air.name_part(newer, 0, "a1")
    air.land([older])
    assert air.of_message("north", "a1") == (newer, 0)


def test_the_memory_of_landed_messages_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flights, "LANDED_MAX", 3)
    air = Flights()
    for number in range(5):
        push = Flight(due(number), "north", 1, 8, delivered=1)
        air.depart([push])
        air.name_part(push, 0, f"a{number}")
        air.land([push])
    assert [air.has_landed("north", f"a{number}", NUMBER) for number in range(5)] == [False, False, True, True, True]
