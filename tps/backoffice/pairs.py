"""Pairs of SIM and device: looked at, declared SET by hand, forgotten."""

from collections import defaultdict
from typing import NamedTuple

from tps.backoffice.subscribers import unknown
from tps.decisions.identities import Device, bucket_of
from tps.decisions.push_id import bucket_of_id
from tps.decisions.push_life import Event, State, move
from tps.decisions.triggers import Answer, Outcome, Trigger
from tps.delivery.intake import Intake
from tps.delivery.taking_back import take_back
from tps.errors import RejectedError
from tps.store import pair_keys, pairs, pushes, subscribers
from tps.store.database import Connection, Database
from tps.store.pairs import Pair, SettingsState
from tps.store.pushes import Move, history_line

SOURCE = "declared"
_ANY_PIN = "00000"
"""A declared pair sends nothing, so the PIN that its settings may need is never looked at."""


class PairView(NamedTuple):
    """A device that the SIM was seen in, or was set up in without being seen (`pair` is None), and its settings."""

    device: str
    pair: Pair | None
    settings: tuple[SettingsState, ...]


async def of_subscriber(database: Database, imsi: str) -> list[PairView]:
    """The devices of this SIM, the newest first; `RejectedError` (404) where the SIM was never heard of."""

    def read(connection: Connection) -> list[PairView]:
        bucket = bucket_of(imsi)
        seen = pairs.of_subscriber(connection, bucket, imsi)
        states: defaultdict[str, list[SettingsState]] = defaultdict(list)
        for state in pairs.settings_states(connection, bucket, imsi):
            states[state.device].append(state)
        if not seen and not states and not subscribers.load(connection, [imsi]):
            raise unknown()
        views = [PairView(pair.device, pair, tuple(states.pop(pair.device, ()))) for pair in seen]
        return views + [PairView(device, None, tuple(left)) for device, left in states.items()]

    return await database.read(read)


async def declare_set(
    database: Database, intake: Intake, imsi: str, device: Device | None, settings: str | None, *, now_ms: int
) -> int:
    """The back office knows that this device (None: the newest) holds these settings: nothing will be sent to it.

    Returns the push that stands for it. `RejectedError` (409) while a push is on its way.
    """
    trigger = Trigger(imsi, None, device, now_ms, SOURCE, is_detection=False, settings=settings, pin=_ANY_PIN)

    def store(connection: Connection) -> int:
        (answer,) = intake.transaction.take_in(connection, [trigger]).answers
        push_id = _push_of(answer)
        if answer.outcome is Outcome.QUEUED:  # stored by this very transaction: no node has seen it
            after = move(State.QUEUED, Event.DELIVER)
            line = history_line(now_ms, Event.DELIVER, after, "declared by the back office, nothing was sent")
            pushes.save(connection, [Move(bucket_of_id(push_id), push_id, State.QUEUED, after, now_ms, line)], now_ms)
        return push_id

    return await database.write(store, alone=True)


async def forget(database: Database, imsi: str, device: str, *, now_ms: int) -> int:
    """Forget one device of a SIM and what it was set to; returns how many of its pushes were cancelled."""

    def take_away(connection: Connection) -> int:
        bucket = bucket_of(imsi)
        held = [state for state in pairs.settings_states(connection, bucket, imsi) if state.device == device]
        forgotten = pairs.forget(connection, bucket, imsi, device)
        if not forgotten and not held:
            raise RejectedError("imei", "this SIM was not seen in this device", status=404)
        stored = pushes.load(connection, [(bucket, state.push_id) for state in held])
        cancelled = take_back(connection, ((push, "its device was forgotten") for push in stored.values()), now_ms)
        pair_keys.release(connection, bucket, imsi, device)
        return cancelled

    return await database.write(take_away)


def _push_of(answer: Answer) -> int:
    if answer.outcome is Outcome.ALREADY_OPEN:
        raise RejectedError("", "a push of these settings to this device is on its way: cancel it first", status=409)
    if answer.push_id is None:
        raise RejectedError(answer.field or "", answer.reason or "refused", status=answer.status)
    return answer.push_id
