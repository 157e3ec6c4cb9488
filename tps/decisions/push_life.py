"""The life of a push: one table, state -> event -> state.

Theory of operation
-------------------
A push is stored before anyone is told that it was accepted (QUEUED). A node takes it under a lease (SENDING), hands its
segments to the SMSC and notes the answers (SENT once every part was accepted). Delivery receipts end it (DELIVERED when
every part arrived, FAILED as soon as one part cannot).

Between "written to the socket" and "answer on disk" a process can die and a link can break. Such a push is
UNCERTAIN: it
may or may not have gone out. What happens then is the settings' rule (resend, wait for a receipt, hold for a
person), and UNCERTAIN is the only state through which a push can go out twice.

Everything that changes a push's state is a row here; an event without a row is refused with `IllegalMoveError`, so
late,
repeated and overtaking events are rows too, with the reason beside them. The store saves states and never decides one.
"""

from collections.abc import Mapping
from enum import IntEnum, StrEnum
from types import MappingProxyType


class State(IntEnum):
    """Where a push is. The numbers are on disk: never renumber."""

    QUEUED = 0
    """Stored, waiting for a node and for its due time."""
    SENDING = 1
    """A node holds it under a lease; segments may be on the wire."""
    SENT = 2
    """The SMSC accepted every part; receipts are awaited."""
    UNCERTAIN = 3
    """In flight when a process died or a link broke before the answer."""
    HELD = 4
    """Waiting for a person."""
    DELIVERED = 5
    """Every part reached the handset: the pair is SET."""
    FAILED = 6
    """The SMSC or the handset refused it for good."""
    EXPIRED = 7
    """Its validity ended before anyone could deliver it."""
    CANCELLED = 8
    """The back office took it back, or the subscriber was removed."""


class Event(StrEnum):
    """What happens to a push. The names are in the history of every push."""

    CLAIM = "claim"
    """A node takes it under a lease."""
    RELEASE = "release"
    """No part was written to a link: it goes back untouched."""
    POSTPONE = "postpone"
    """The SMSC refused it for now (throttling, full queue, system error)."""
    ACCEPT = "accept"
    """The SMSC accepted every part."""
    REFUSE = "refuse"
    """The SMSC refused a part for good, or the push can never be sent as it is."""
    LOSE = "lose"
    """A process or a link died before the answer."""
    DELIVER = "deliver"
    """Every part has a positive final receipt."""
    FAIL = "fail"
    """A part has a negative final receipt."""
    HOLD = "hold"
    """The rule for uncertain pushes asks for a person."""
    RESEND = "resend"
    """The rule for uncertain pushes, or a person, sends it again."""
    REQUEUE = "requeue"
    """A person lets a dead letter begin again, with a new validity and all its attempts."""
    EXPIRE = "expire"
    """Its validity ended."""
    CANCEL = "cancel"
    """Taken back."""
    RESTORE = "restore"
    """The store was put back from a backup: what the push did since the backup is not known."""


OPEN_STATES = frozenset({State.QUEUED, State.SENDING, State.SENT, State.UNCERTAIN, State.HELD})
"""States in which something can still come of the push."""
UNSENT_STATES = OPEN_STATES - {State.SENT}
"""States of work: what waits to leave, or may have to leave again. A SENT push only waits for its receipts."""
DEAD_LETTER_STATES = frozenset({State.HELD, State.FAILED, State.EXPIRED})
"""States out of which a push goes on only when a person says so."""
KEY_HOLDING_STATES = OPEN_STATES | {State.DELIVERED}
"""States that hold the pair's key: at most one such push per (IMSI, device, settings fingerprint)."""


class IllegalMoveError(Exception):
    """This event cannot happen to a push in this state."""

    def __init__(self, state: State, event: Event) -> None:
        super().__init__(f"a {state.name} push cannot {event.value}")
        self.state = state
        self.event = event


_Q, _S, _T, _U, _H = State.QUEUED, State.SENDING, State.SENT, State.UNCERTAIN, State.HELD
_D, _F, _X, _C = State.DELIVERED, State.FAILED, State.EXPIRED, State.CANCELLED

# fmt: off
MOVES: Mapping[State, Mapping[Event, State]] = MappingProxyType({
    State.QUEUED: {
        Event.CLAIM:    _S,
        Event.REFUSE:   _F,  # it can never be sent as it is: no document, no route for ever
        Event.EXPIRE:   _X,
        Event.CANCEL:   _C,
        Event.DELIVER:  _D,  # a receipt of an earlier, uncertain submission, after the rule had said resend
        Event.FAIL:     _Q,  # the same, negative: the new submission decides
        Event.RESTORE:  _U,  # it may have gone out since
    },
    State.SENDING: {
        Event.RELEASE:  _Q,
        Event.POSTPONE: _Q,
        Event.ACCEPT:   _T,
        Event.REFUSE:   _F,
        Event.LOSE:     _U,
        Event.DELIVER:  _D,  # receipts overtook the submit responses
        Event.FAIL:     _F,  # the same, negative
        Event.EXPIRE:   _X,
        Event.RESTORE:  _U,
    },
    State.SENT: {
        Event.ACCEPT:   _T,  # a response repeated
        Event.DELIVER:  _D,
        Event.FAIL:     _F,
        Event.EXPIRE:   _X,  # no receipt within the validity
    },
    State.UNCERTAIN: {
        Event.ACCEPT:   _T,  # the response came after all
        Event.DELIVER:  _D,  # it had gone out
        Event.FAIL:     _F,
        Event.RESEND:   _Q,
        Event.HOLD:     _H,
        Event.EXPIRE:   _X,
        Event.CANCEL:   _C,
    },
    State.HELD: {
        Event.RESEND:   _Q,
        Event.DELIVER:  _D,  # a receipt settles what the person was asked about
        Event.FAIL:     _F,
        Event.EXPIRE:   _X,
        Event.CANCEL:   _C,
        Event.REQUEUE:  _Q,
    },
    State.DELIVERED: {
        Event.ACCEPT:   _D,  # the response came after the receipts
        Event.DELIVER:  _D,  # a receipt repeated
        Event.FAIL:     _D,  # a receipt contradicting an earlier one: what was delivered stays delivered
        Event.LOSE:     _D,  # the link broke after the receipts had come
    },
    State.FAILED: {
        Event.ACCEPT:   _F,  # another part was accepted after one had failed
        Event.DELIVER:  _F,  # the other parts' receipts; one part is missing, so the document is
        Event.FAIL:     _F,
        Event.REFUSE:   _F,
        Event.LOSE:     _F,
        Event.REQUEUE:  _Q,  # only while nobody else holds the key of its pair
    },
    State.EXPIRED: {
        Event.ACCEPT:   _X,
        Event.DELIVER:  _D,  # the phone was off longer than we waited, the settings arrived all the same
        Event.FAIL:     _X,
        Event.LOSE:     _X,
        Event.REQUEUE:  _Q,
    },
    State.CANCELLED: {
        Event.DELIVER:  _C,  # an uncertain push was cancelled and had gone out: recorded in the history only
        Event.FAIL:     _C,
        Event.ACCEPT:   _C,
    },
})
# fmt: on

CANCELLABLE_STATES = frozenset(state for state, moves in MOVES.items() if Event.CANCEL in moves)
"""States in which a push can be taken back: it has not left, or nobody knows, and nobody has it in hand."""


def move(state: State, event: Event) -> State:
    """The state after `event`; `IllegalMoveError` where the table has no row."""
    try:
        return MOVES[state][event]
    except KeyError:
        raise IllegalMoveError(state, event) from None


UNCERTAIN_RULES: Mapping[str, Event | None] = MappingProxyType(
    {"resend": Event.RESEND, "wait": None, "hold": Event.HOLD}
)
"""What becomes of an UNCERTAIN push, by its settings' rule; None: wait until a receipt comes or it expires."""
