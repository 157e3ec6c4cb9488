"""Pushes that have not left yet and shall not leave any more: they are cancelled, and their history says why.

A SIM that moves on leaves behind what was on its way to its former device. That would reach the handset in which the
SIM is now, made for another one, and its receipt would call a device SET that got nothing. And of settings that change,
the newest must be the last that a device is given, however long an older push was held up.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from tps.decisions.identities import DEVICE_UNKNOWN
from tps.decisions.push_life import CANCELLABLE_STATES, Event, State, move
from tps.decisions.triggers import Cause
from tps.delivery.intake_decision import Intended
from tps.store import cancellable_pushes, pushes
from tps.store.cancellable_pushes import CancellablePush
from tps.store.database import Connection
from tps.store.pushes import Move, StoredPush, history_line


class Pointless(NamedTuple):
    """A push that has not left yet, and why it shall not."""

    push: CancellablePush
    reason: str


def pointless_beside(connection: Connection, intended: Sequence[Intended]) -> list[Pointless]:
    """What has not left yet and is pointless beside these, whether they are sent or their pairs are SET already.

    It stays as it is until the transaction ends.
    """
    if not intended:
        return []
    subscribers = dict.fromkeys((each.bucket, each.imsi) for each in intended)
    unsent: dict[str, list[CancellablePush]] = {imsi: [] for _, imsi in subscribers}
    for push in cancellable_pushes.of_subscribers(connection, list(subscribers)):
        unsent[push.imsi].append(push)
    found = {
        push.id: Pointless(push, reason)
        for each in intended
        for push in unsent[each.imsi]
        if (reason := _why_pointless(push, each)) is not None
    }
    return list(found.values())


def take_back(
    connection: Connection, pointless: Iterable[tuple[StoredPush | CancellablePush, str]], now_ms: int
) -> int:
    """Cancel those of these pushes that have not left yet, for the reason that stands beside each; returns how many."""
    moves = [_cancelled(push, reason, now_ms) for push, reason in pointless if push.state in CANCELLABLE_STATES]
    return pushes.save(connection, moves, now_ms)


def _why_pointless(push: CancellablePush, intended: Intended) -> str | None:
    send = intended.send
    if push.device != send.device:
        has_moved = send.cause is Cause.DEVICE_CHANGED and push.device != DEVICE_UNKNOWN
        return "the SIM was seen in another device" if has_moved else None
    if push.settings == send.settings and push.fingerprint != intended.fingerprint:
        return "the device is to have these settings with other content"
    return None


def _cancelled(push: StoredPush | CancellablePush, reason: str, now_ms: int) -> Move:
    after = move(State(push.state), Event.CANCEL)
    return Move(
        bucket=push.bucket,
        id=push.id,
        state_before=push.state,
        state=after,
        attention_at=push.expires_at,
        line=history_line(now_ms, Event.CANCEL, after, reason),
        releases_key=1,
    )
