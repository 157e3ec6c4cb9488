"""The life of an SMPP session as one table; the story is told in `tps.smpp.session`."""

from enum import Enum
from typing import Final


class State(Enum):
    """Where a session stands: SMPP 3.4 clause 2.2, with two states more for leaving in order."""

    OPEN = "open"
    """Connected, bind sent."""
    BOUND = "bound"
    """Traffic."""
    DRAINING = "draining"
    """We want to leave: nothing new goes out, the window empties."""
    UNBINDING = "unbinding"
    """unbind sent."""
    CLOSED = "closed"
    """All slots are back; the socket shall be closed once what is left has been written."""


class Event(Enum):
    """What moves a session."""

    BIND_ACCEPTED = "bind accepted"
    BIND_REFUSED = "bind refused"
    BIND_FORGOTTEN = "the SMSC has forgotten the bind"
    STOP = "asked to stop"
    WINDOW_EMPTY = "window empty"
    UNBIND_ANSWERED = "unbind answered"
    PEER_UNBIND = "peer unbinds"
    SILENCE = "no answer in time"
    BROKEN = "octets that are no SMPP"
    LOST = "connection lost"


TRANSITIONS: Final[dict[State, dict[Event, State]]] = {
    State.OPEN: {
        Event.BIND_ACCEPTED: State.BOUND,
        Event.BIND_REFUSED: State.CLOSED,
        Event.STOP: State.CLOSED,  # nothing to unbind from yet
        Event.PEER_UNBIND: State.CLOSED,
        Event.SILENCE: State.CLOSED,
        Event.BROKEN: State.CLOSED,
        Event.LOST: State.CLOSED,
    },
    State.BOUND: {
        Event.BIND_FORGOTTEN: State.DRAINING,
        Event.STOP: State.DRAINING,
        Event.PEER_UNBIND: State.CLOSED,
        Event.SILENCE: State.CLOSED,
        Event.BROKEN: State.CLOSED,
        Event.LOST: State.CLOSED,
    },
    State.DRAINING: {
        Event.STOP: State.DRAINING,  # repeated
        Event.WINDOW_EMPTY: State.UNBINDING,
        Event.PEER_UNBIND: State.CLOSED,
        Event.SILENCE: State.CLOSED,
        Event.BROKEN: State.CLOSED,
        Event.LOST: State.CLOSED,
    },
    State.UNBINDING: {
        Event.STOP: State.UNBINDING,  # repeated
        Event.UNBIND_ANSWERED: State.CLOSED,
        Event.PEER_UNBIND: State.CLOSED,  # both unbind at once
        Event.SILENCE: State.CLOSED,
        Event.BROKEN: State.CLOSED,
        Event.LOST: State.CLOSED,
    },
    State.CLOSED: {
        Event.STOP: State.CLOSED,  # came too late to matter
        Event.LOST: State.CLOSED,  # the socket follows the session
    },
}
