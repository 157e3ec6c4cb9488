"""Which push a receipt with an unknown message id can be about, when nothing but the number is left to tell."""

from collections.abc import Sequence
from typing import NamedTuple

from tps.decisions.identities import DEVICE_UNKNOWN
from tps.decisions.push_life import State

WINDOW_MS = 600_000
"""A push to the same number that was on the wire so shortly before, or later, could be meant as well."""


class Sent(NamedTuple):
    """A push to a subscriber, with what composing it again needs."""

    id: int
    imsi: str
    msisdn: str
    state: int
    attempts: int
    route: str | None
    settings: str
    version: int
    security: int | None
    sealed_secrets: str | None
    created_at: int
    changed_at: int
    device: str = DEVICE_UNKNOWN


def only_uncertain(pushes: Sequence[Sent], msisdn: str, route: str) -> Sent | None:
    """The one UNCERTAIN push of these that went to this number by this route (or by one that nobody noted).

    None where there is none or more than one, or where another push of the subscriber was on the wire since: its
    receipts may have been forgotten, and a repetition of them would be taken for those of this one.
    """
    uncertain = [push for push in pushes if push.state == State.UNCERTAIN]
    if len(uncertain) != 1:
        return None
    (only,) = uncertain
    if only.msisdn != msisdn or only.route not in (None, route):
        return None
    since = only.created_at - WINDOW_MS
    others = (push for push in pushes if push.id != only.id and (push.attempts or push.state == State.SENDING))
    return None if any(push.changed_at >= since for push in others) else only


def tells(attempts: int, parts: int, *, is_positive: bool) -> bool:
    """Whether receipts with unknown ids say what became of a push of so many attempts and parts.

    Parts of an earlier attempt may be among them, and parts of two attempts make no whole document. One that fits one
    part has arrived by whichever attempt; that one of its attempts failed says nothing of the others.
    """
    return attempts <= 1 or (parts == 1 and is_positive)
