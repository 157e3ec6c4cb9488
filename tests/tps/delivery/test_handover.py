"""How long a batch waits for room: patiently where the routes send the like of it each second, and else hardly."""

import asyncio

import pytest

from tps.delivery import handover
from tps.delivery.handover import Handover

BATCH = 500


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handover, "HURRIED_S", 0.05)
    monkeypatch.setattr(handover, "PATIENT_S", 0.5)


async def waited_s(room: Handover) -> float:
    loop = asyncio.get_running_loop()
    began = loop.time()
    await room.wait_for_room(BATCH)
    return loop.time() - began


async def test_a_batch_with_room_waits_for_nothing() -> None:
    room = Handover()
    room.open_for(BATCH, capacity=BATCH, is_behind=False)
    assert await waited_s(room) < 0.04


async def test_with_slow_routes_a_batch_hardly_waits() -> None:
    room = Handover()
    room.note_sent(BATCH - 1)
    assert 0.05 <= await waited_s(room) < 0.3


async def test_with_fast_routes_a_batch_waits_until_there_is_room() -> None:
    room = Handover()
    room.note_sent(BATCH)
    asyncio.get_running_loop().call_later(0.15, lambda: room.open_for(BATCH, capacity=BATCH, is_behind=False))
    assert 0.15 <= await waited_s(room) < 0.45
    assert room.take_room(BATCH) == BATCH


async def test_with_fast_routes_that_stand_still_patience_ends() -> None:
    room = Handover()
    room.note_sent(BATCH)
    assert 0.5 <= await waited_s(room) < 0.9


async def test_behind_older_pushes_a_batch_hardly_waits_and_gets_no_room() -> None:
    room = Handover()
    room.note_sent(10 * BATCH)
    room.open_for(10 * BATCH, capacity=10 * BATCH, is_behind=True)
    assert 0.05 <= await waited_s(room) < 0.3
    assert room.take_room(BATCH) == 0


async def test_what_was_sent_long_ago_makes_nobody_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handover, "_PACE_S", 0.05)
    room = Handover()
    room.note_sent(BATCH)
    await asyncio.sleep(0.11)
    assert 0.05 <= await waited_s(room) < 0.3


async def test_a_batch_waits_for_no_more_room_than_there_ever_is() -> None:
    room = Handover()
    room.note_sent(2 * BATCH)
    room.open_for(BATCH - 100, capacity=BATCH - 100, is_behind=False)
    assert await waited_s(room) < 0.04
    assert room.take_room(BATCH) == BATCH - 100


async def test_while_the_server_stops_nobody_waits_long() -> None:
    room = Handover()
    room.note_sent(BATCH)
    asyncio.get_running_loop().call_later(0.1, room.hurry)
    assert 0.1 <= await waited_s(room) < 0.3
