"""The life of a connection of Diameter, as the side that was connected to sees it (RFC 6733 clause 5.6)."""

from collections.abc import Mapping
from enum import StrEnum


class State(StrEnum):
    """Where a connection is in its life."""

    WAITING = "waiting"
    """Connected; the peer has not told its capabilities yet."""
    OPEN = "open"
    """Requests are answered."""
    LEAVING = "leaving"
    """We have asked the peer to end it; what it asks meanwhile is still answered."""
    PARTING = "parting"
    """The peer has asked to end it and has our yes: it closes."""
    CLOSED = "closed"


class Event(StrEnum):
    """What happens to a connection."""

    ACCEPT = "accept"
    """Its capabilities suit us."""
    REFUSE = "refuse"
    """They do not, or the peer is not who it should be."""
    STOP = "stop"
    """We stop."""
    GOODBYE = "goodbye"
    """The peer asked to end it, and has its answer."""
    AGREE = "agree"
    """The peer answered that we may end it."""
    BREAK = "break"
    """It cannot go on: octets that are no Diameter, silence, or the socket is gone."""


MOVES: Mapping[State, Mapping[Event, State]] = {
    State.WAITING: {
        Event.ACCEPT: State.OPEN,
        Event.REFUSE: State.CLOSED,
        Event.STOP: State.CLOSED,
        Event.BREAK: State.CLOSED,
    },
    State.OPEN: {
        Event.STOP: State.LEAVING,
        Event.GOODBYE: State.PARTING,
        Event.BREAK: State.CLOSED,
    },
    State.LEAVING: {
        Event.STOP: State.LEAVING,  # said already
        Event.GOODBYE: State.PARTING,  # both said it at once
        Event.AGREE: State.CLOSED,
        Event.BREAK: State.CLOSED,
    },
    State.PARTING: {
        Event.STOP: State.PARTING,
        Event.GOODBYE: State.PARTING,  # said again
        Event.AGREE: State.CLOSED,
        Event.BREAK: State.CLOSED,
    },
    State.CLOSED: {
        Event.STOP: State.CLOSED,
        Event.BREAK: State.CLOSED,
    },
}
"""State after each event; what is not here cannot happen."""
