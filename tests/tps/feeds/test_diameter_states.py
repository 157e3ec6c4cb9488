"""The life of a connection of Diameter: every event in every state leads somewhere, or is known not to happen."""

from itertools import product

import pytest

from tps.feeds.diameter_states import MOVES, Event, State

CANNOT_HAPPEN = {
    (State.WAITING, Event.GOODBYE),
    (State.WAITING, Event.AGREE),
    (State.OPEN, Event.ACCEPT),
    (State.OPEN, Event.REFUSE),
    (State.OPEN, Event.AGREE),
    (State.LEAVING, Event.ACCEPT),
    (State.LEAVING, Event.REFUSE),
    (State.PARTING, Event.ACCEPT),
    (State.PARTING, Event.REFUSE),
    (State.CLOSED, Event.ACCEPT),
    (State.CLOSED, Event.REFUSE),
    (State.CLOSED, Event.GOODBYE),
    (State.CLOSED, Event.AGREE),
}


@pytest.mark.parametrize(("state", "event"), [*product(State, Event)])
def test_every_event_in_every_state_is_decided(state: State, event: Event) -> None:
    assert (event in MOVES[state]) is ((state, event) not in CANNOT_HAPPEN)


def test_a_broken_connection_is_over_and_nothing_opens_a_closed_one() -> None:
    assert {moves[Event.BREAK] for moves in MOVES.values()} == {State.CLOSED}
    assert set(MOVES[State.CLOSED].values()) == {State.CLOSED}
