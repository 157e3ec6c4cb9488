"""Every (state, event) pair of the life cycle, and what the table promises as a whole."""

import pytest

from tps.decisions.push_life import (
    DEAD_LETTER_STATES,
    KEY_HOLDING_STATES,
    MOVES,
    OPEN_STATES,
    Event,
    IllegalMoveError,
    State,
    move,
)


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("event", Event)
def test_a_move_is_its_row_and_a_missing_row_is_refused(state: State, event: Event) -> None:
    row = MOVES[state]
    if event in row:
        assert move(state, event) is row[event]
    else:
        with pytest.raises(IllegalMoveError, match=f"a {state.name} push cannot {event.value}"):
            move(state, event)


def test_every_state_has_a_row() -> None:
    assert set(MOVES) == set(State)


@pytest.mark.parametrize("state", State)
def test_receipts_may_come_in_any_state(state: State) -> None:
    assert Event.DELIVER in MOVES[state]
    assert Event.FAIL in MOVES[state]


@pytest.mark.parametrize("state", State)
def test_what_was_delivered_stays_delivered(state: State) -> None:
    if state is State.DELIVERED:
        assert set(MOVES[state].values()) == {State.DELIVERED}


def test_only_a_claimed_push_can_be_accepted_or_lost_for_the_first_time() -> None:
    leads_to_sent = {state for state in State if MOVES[state].get(Event.ACCEPT) is State.SENT}
    assert leads_to_sent == {State.SENDING, State.SENT, State.UNCERTAIN}
    leads_to_uncertain = {state for state in State if MOVES[state].get(Event.LOSE) is State.UNCERTAIN}
    assert leads_to_uncertain == {State.SENDING}


def test_a_push_that_may_be_on_the_wire_goes_back_to_the_queue_only_unsent_refused_or_uncertain() -> None:
    ways_back = {
        (state, event)
        for state in State
        for event, after in MOVES[state].items()
        if after is State.QUEUED and state is not State.QUEUED
    }
    assert ways_back == {
        (State.SENDING, Event.RELEASE),
        (State.SENDING, Event.POSTPONE),
        (State.UNCERTAIN, Event.RESEND),
        (State.HELD, Event.RESEND),
        *((state, Event.REQUEUE) for state in DEAD_LETTER_STATES),
    }


def test_people_re_queue_dead_letters_and_nothing_else() -> None:
    assert {state for state in State if Event.REQUEUE in MOVES[state]} == DEAD_LETTER_STATES


@pytest.mark.parametrize("state", [State.SENDING, State.SENT])
def test_what_is_on_the_wire_cannot_be_cancelled(state: State) -> None:
    with pytest.raises(IllegalMoveError):
        move(state, Event.CANCEL)


def test_open_and_delivered_pushes_hold_their_pairs_key() -> None:
    assert OPEN_STATES | {State.DELIVERED} == KEY_HOLDING_STATES
    assert not OPEN_STATES & {State.DELIVERED, State.FAILED, State.EXPIRED, State.CANCELLED}
