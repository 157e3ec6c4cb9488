"""Pushes that have not left yet and shall not leave any more: they are cancelled, and their history says why.

A SIM that moves on leaves behind what was on its way to its former device. That would reach the handset in which the
SIM is now, made for another one, and its receipt would call a device SET that got nothing. And of settings that change,
the newest must be the last that a device is given, however long an older push was held up. Who wants nothing without
asking (STOP by SMS) means what is on its way to him, too.
"""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from tps.decisions.identities import DEVICE_UNKNOWN
from tps.decisions.push_life import CANCELLABLE_STATES, Event, State, move
from tps.decisions.triggers import DECLINED, Cause
from tps.delivery.beginnings import cause_told_by
from tps.delivery.intake_decision import Intended
from tps.store import cancellable_pushes, pushes
from tps.store.cancellable_pushes import CancellablePush
from tps.store.database import Connection
from tps.store.pushes import Move, StoredPush, history_line


class Pointless(NamedTuple):
    """A push that has not left yet, and why it shall not."""

    push: CancellablePush
    reason: str


def pointless_beside(
    connection: Connection, intended: Sequence[Intended], moved: Mapping[tuple[int, str], str] = MappingProxyType({})
) -> list[Pointless]:
    """What has not left yet and is pointless beside these, whether they are sent or their pairs are SET already.

    `moved` are SIMs that have moved on, as `Look` has them. It stays as it is until the transaction ends.
    """
    subscribers = dict.fromkeys([*moved, *((each.bucket, each.imsi) for each in intended)])
    beside: dict[str, list[Intended]] = {imsi: [] for _, imsi in subscribers}
    for each in intended:
        beside[each.imsi].append(each)
    return [
        Pointless(push, reason)
        for push in cancellable_pushes.of_subscribers(connection, list(subscribers))
        if (reason := _why_pointless(push, beside[push.imsi], moved.get((push.bucket, push.imsi)))) is not None
    ]


def unasked_of(connection: Connection, subscribers: Sequence[tuple[int, str]]) -> list[Pointless]:
    """What has not left yet to these subscribers, (bucket, IMSI) each once, and nobody has asked for."""
    return [
        Pointless(push, DECLINED)
        for push in cancellable_pushes.of_subscribers(connection, subscribers)
        if cause_told_by(push.history) is not Cause.ASKED
    ]


def take_back(
    connection: Connection, pointless: Iterable[tuple[StoredPush | CancellablePush, str]], now_ms: int
) -> int:
    """Cancel those of these pushes that have not left yet, for the reason that stands beside each; returns how many."""
    moves = [_cancelled(push, reason, now_ms) for push, reason in pointless if push.state in CANCELLABLE_STATES]
    return pushes.save(connection, moves, now_ms)


def _why_pointless(push: CancellablePush, intended: Sequence[Intended], moved_to: str | None) -> str | None:
    if moved_to not in (None, push.device) and push.device != DEVICE_UNKNOWN:
        return "the SIM was seen in another device"
    is_outdated = any(
        push.device == each.send.device and push.settings == each.send.settings and push.fingerprint != each.fingerprint
        for each in intended
    )
    return "the device is to have these settings with other content" if is_outdated else None


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
