"""What has not left yet is taken back when its SIM has moved on, and when its device is to have other content."""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import pytest

from tests.tps.delivering import (
    INTERNET,
    all_pushes,
    config,
    detection,
    device,
    imsi,
    publish,
    subscribe,
)
from tps import app
from tps.decisions.device_models import DeviceModel
from tps.decisions.identities import Device, bucket_of
from tps.decisions.push_life import Event, State, move
from tps.decisions.triggers import Cause, Outcome, Trigger
from tps.parts import Parts
from tps.store import device_models, pushes, subscribers
from tps.store.database import Connection, Database
from tps.store.pushes import Move, history_line
from tps.store.sealing import Seal

OTHER_CONTENT = INTERNET.replace(b"internet.example", b"net.example")
UNLIKE_OTHERS = Device("35999901000001")
WAYS_OUT = {
    State.QUEUED: (),
    State.SENDING: (Event.CLAIM,),
    State.SENT: (Event.CLAIM, Event.ACCEPT),
    State.UNCERTAIN: (Event.CLAIM, Event.LOSE),
    State.HELD: (Event.CLAIM, Event.LOSE, Event.HOLD),
    State.DELIVERED: (Event.CLAIM, Event.ACCEPT, Event.DELIVER),
}


@pytest.fixture
def parts(database: Database, seal: Seal, store_url: str) -> Parts:
    """Two subscribers, nothing at work."""
    publish(database, seal)
    subscribe(database, seal, 2)
    return app.put_together(config(store_url), database, seal)


async def outcome(parts: Parts, **changes: Any) -> Outcome:
    """What a sighting of subscriber 0 leads to."""
    (answer,) = await parts.intake.accept([detection(0, seen_at=app.now_ms(), **changes)])
    return answer.outcome


async def ends(parts: Parts) -> list[tuple[str, State]]:
    """Device and state of each push, the oldest first."""
    rows = sorted(await parts.database.read(all_pushes), key=lambda row: row.id)
    return [(row.device, State(row.state)) for row in rows]


async def go(parts: Parts, *events: Event) -> None:
    """What is open of subscriber 0 goes this way."""

    def save(connection: Connection) -> None:
        for event in events:
            for row in pushes.open_of(connection, bucket_of(imsi(0)), imsi(0)):
                after = move(State(row.state), event)
                line = history_line(1, event, after)
                pushes.save(connection, [Move(row.bucket, row.id, row.state, after, 1, line)], 1)

    await parts.database.write(save)


@pytest.mark.parametrize("state", WAYS_OUT)
async def test_a_sim_that_moves_on_leaves_behind_what_has_not_left_yet(parts: Parts, state: State) -> None:
    await outcome(parts, device=device(0))
    await go(parts, *WAYS_OUT[state])
    assert await outcome(parts, device=device(1)) is Outcome.QUEUED
    stays = state in {State.SENDING, State.SENT, State.DELIVERED}
    assert await ends(parts) == [
        (device(0).number, state if stays else State.CANCELLED),
        (device(1).number, State.QUEUED),
    ]
    (left, _) = sorted(await parts.database.read(all_pushes), key=lambda row: row.id)
    assert left.history.endswith("cancel CANCELLED the SIM was seen in another device\n") is not stays
    back = {State.DELIVERED: Outcome.ALREADY_SET, State.SENDING: Outcome.ALREADY_OPEN, State.SENT: Outcome.ALREADY_OPEN}
    assert await outcome(parts, device=device(0)) is back.get(state, Outcome.QUEUED)


async def test_it_is_left_behind_too_where_the_other_device_is_set(parts: Parts) -> None:
    await outcome(parts, device=device(0))
    await go(parts, *WAYS_OUT[State.DELIVERED])
    await outcome(parts, device=device(1))
    assert await outcome(parts, device=device(0)) is Outcome.ALREADY_SET
    assert await ends(parts) == [(device(0).number, State.DELIVERED), (device(1).number, State.CANCELLED)]


async def declined(parts: Parts) -> None:
    """Subscriber 0 answers STOP."""
    await parts.database.write(lambda connection: subscribers.note_declined(connection, {imsi(0): True}, app.now_ms()))


async def nothing_is_understood(parts: Parts) -> None:
    """The next device understands nothing."""
    model = DeviceModel(tac=UNLIKE_OTHERS.number[:8], client_provisioning=(), browser_settings=False)
    await parts.database.write(lambda connection: device_models.put(connection, [model], app.now_ms()))


@pytest.mark.parametrize("nothing_is_sent", [declined, nothing_is_understood])
async def test_it_is_left_behind_too_where_nothing_is_sent_to_the_other_device(
    parts: Parts, nothing_is_sent: Callable[[Parts], Awaitable[None]]
) -> None:
    await outcome(parts, device=device(0))
    await nothing_is_sent(parts)
    assert await outcome(parts, device=UNLIKE_OTHERS) is Outcome.RECORDED
    assert await ends(parts) == [(device(0).number, State.CANCELLED)]


async def test_it_is_left_behind_too_where_devices_that_change_are_left_alone(
    database: Database, seal: Seal, store_url: str
) -> None:
    publish(database, seal)
    subscribe(database, seal, 1)
    own = config(store_url)
    others = tuple(cause for cause in own.detection.triggers if cause is not Cause.DEVICE_CHANGED)
    own = msgspec.structs.replace(own, detection=msgspec.structs.replace(own.detection, triggers=others))
    parts = app.put_together(own, database, seal)
    await outcome(parts, device=device(0))
    assert await outcome(parts, device=device(1)) is Outcome.RECORDED
    assert await ends(parts) == [(device(0).number, State.CANCELLED)]


async def test_what_was_asked_for_before_any_device_was_known_goes_wherever_the_sim_is(parts: Parts) -> None:
    await parts.intake.accept([detection(0, device=None, is_detection=False)])
    await outcome(parts, device=device(0))
    await outcome(parts, device=device(1))
    assert [state for _, state in await ends(parts)] == [State.QUEUED, State.CANCELLED, State.QUEUED]


async def test_others_keep_what_is_on_its_way_to_them(parts: Parts) -> None:
    await parts.intake.accept([detection(number, seen_at=app.now_ms()) for number in range(2)])
    await outcome(parts, device=device(5))
    assert [state for _, state in await ends(parts)].count(State.CANCELLED) == 1
    (row,) = [row for row in await parts.database.read(all_pushes) if row.imsi == imsi(1)]
    assert row.state == State.QUEUED


async def test_a_late_sighting_takes_nothing_back(parts: Parts) -> None:
    await outcome(parts, device=device(0))
    late = detection(0, device=device(1), seen_at=app.now_ms() - 86_400_000)
    (answer,) = await parts.intake.accept([late])
    assert answer.outcome is Outcome.RECORDED
    assert await ends(parts) == [(device(0).number, State.QUEUED)]


async def test_a_newer_version_takes_the_place_of_the_older_one_that_has_not_left(
    parts: Parts, database: Database, seal: Seal
) -> None:
    await outcome(parts)
    publish(database, seal, OTHER_CONTENT)
    assert await outcome(parts) is Outcome.QUEUED
    assert [state for _, state in await ends(parts)] == [State.CANCELLED, State.QUEUED]
    rows = sorted(await database.read(all_pushes), key=lambda row: row.id)
    assert rows[0].history.endswith("the device is to have these settings with other content\n")


async def test_other_settings_of_the_same_device_stay_on_their_way(
    parts: Parts, database: Database, seal: Seal
) -> None:
    publish(database, seal, OTHER_CONTENT, name="mms")
    asked: Trigger = detection(0, is_detection=False, source="sms", settings="mms")
    await parts.intake.accept([asked])
    assert await outcome(parts) is Outcome.QUEUED
    assert [state for _, state in await ends(parts)] == [State.QUEUED, State.QUEUED]
