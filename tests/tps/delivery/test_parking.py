"""Receipts whose push nobody knows yet: parked on the disk, matched by id, at last by their number, or given up."""

import msgspec
import pytest
import structlog

from tests.tps.delivering import (
    SIX_ACCESS_POINTS,
    Clock,
    all_pushes,
    detection,
    publish,
    pushes_in,
    states,
    subscribe,
)
from tests.tps.delivery.receiving import (
    claimed,
    deliver,
    departed,
    lost,
    outcomes,
    receipt,
    respond,
    settled,
    settling,
)
from tps.decisions.push_life import State
from tps.decisions.receipts import Receipt
from tps.delivery import parking
from tps.delivery.landing import submission
from tps.delivery.parking import KEPT_MS, LAST_RESORT_MS, PAUSE_MIN_MS
from tps.parts import Parts
from tps.store import parked_receipts, submissions
from tps.store.database import Database
from tps.store.pushes import PushRow
from tps.store.sealing import Seal


@pytest.fixture(autouse=True)
def looking_when_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """The test says when to look for the pushes of what is parked."""
    monkeypatch.setattr(parking, "LOOK_S", 3600.0)


async def park(parts: Parts, *receipts: Receipt) -> None:
    """These waited in memory for long enough."""
    now = parts.clock()
    await parts.database.write(lambda connection: parts.settle._parking.park(connection, receipts, now))


async def look(parts: Parts) -> int:
    return await parts.settle._parking.look()


async def only_push(database: Database) -> PushRow:
    (row,) = await database.read(all_pushes)
    return row


async def uncertain(parts: Parts, seal: Seal, body: bytes | None = None) -> PushRow:
    """One push whose process died before the answers; its settings say wait."""
    publish(parts.database, seal, *([] if body is None else [body]), uncertain="wait")
    subscribe(parts.database, seal, 1)
    await parts.intake.accept([detection(0)])
    await lost(parts, await claimed(parts))
    return await only_push(parts.database)


async def test_a_parked_receipt_finds_the_push_that_lands_later_once(
    database: Database, seal: Seal, store_url: str, clock: Clock
) -> None:
    publish(database, seal)
    subscribe(database, seal, 1)
    async with settling(database, seal, store_url) as parts:
        await parts.intake.accept([detection(0)])
        (flight,) = await departed(parts)
        await park(parts, receipt("7"), receipt("7"))
        clock.forward(PAUSE_MIN_MS)
        assert await look(parts) == 0
        respond(parts, (flight.push.id, 0, 0, "7"))
        await pushes_in(database, State.SENT, 1)
        clock.forward(PAUSE_MIN_MS)
        assert await look(parts) == 1
    assert states([await only_push(database)]) == [State.DELIVERED]
    assert await database.read(parked_receipts.count) == 0


async def test_receipts_beyond_what_waits_in_memory_are_parked_at_once(
    database: Database, seal: Seal, store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tps.delivery.settle.PARKED_MAX", 3)
    async with settling(database, seal, store_url) as parts:
        deliver(parts, *[receipt(str(number)) for number in range(1, 11)])
        await settled(parts)
        assert await database.read(parked_receipts.count) == 7
        assert parts.settle.parked == 10


async def test_what_no_push_was_found_for_is_given_up_and_told_in_one_line(
    database: Database, seal: Seal, store_url: str, clock: Clock
) -> None:
    async with settling(database, seal, store_url) as parts:
        await park(parts, *[receipt(str(number)) for number in range(1, 6)])
        clock.forward(KEPT_MS - 1)
        assert await look(parts) == 0
        assert parts.settle.unmatched == 0
        clock.forward(1)
        with structlog.testing.capture_logs() as lines:
            await look(parts)
        assert parts.settle.unmatched == 5
    assert [(line["event"], line["by_route"]) for line in lines] == [("receipts.unmatched", {"north": 5})]
    assert await database.read(parked_receipts.count) == 0


async def test_no_more_receipts_are_parked_than_there_is_room_for(
    sqlite: Database, seal: Seal, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parking, "ROWS_MAX", 4)
    monkeypatch.setattr("tps.delivery.settle.PARKED_MAX", 0)
    async with settling(sqlite, seal, sqlite_url) as parts:
        deliver(parts, *[receipt(str(number)) for number in range(1, 8)])
        await settled(parts)
        assert await sqlite.read(parked_receipts.count) == 4
        assert parts.settle.unmatched == 3


async def test_a_receipt_that_names_the_number_of_an_unanswered_push_settles_it_as_the_last_resort(
    database: Database, seal: Seal, store_url: str, clock: Clock
) -> None:
    async with settling(database, seal, store_url) as parts:
        await uncertain(parts, seal)
        await park(parts, receipt("7"))
        clock.forward(LAST_RESORT_MS - 1)
        assert await look(parts) == 0
        clock.forward(LAST_RESORT_MS)
        assert await look(parts) == 1
    row = await only_push(database)
    assert states([row]) == [State.DELIVERED]
    assert "by its number" in row.history


async def test_the_last_resort_waits_for_a_receipt_of_every_part(
    database: Database, seal: Seal, store_url: str, clock: Clock
) -> None:
    async with settling(database, seal, store_url) as parts:
        await uncertain(parts, seal, SIX_ACCESS_POINTS)
        for message_id in range(1, 20):
            assert states([await only_push(database)]) == [State.UNCERTAIN]
            await park(parts, receipt(str(message_id)), receipt(str(message_id)))
            clock.forward(2 * LAST_RESORT_MS)
            if await look(parts):
                break
    row = await only_push(database)
    assert states([row]) == [State.DELIVERED]
    assert row.parts == row.delivered_parts.bit_count() == message_id > 1


async def test_a_negative_receipt_by_the_number_fails_the_unanswered_push(
    sqlite: Database, seal: Seal, sqlite_url: str, clock: Clock
) -> None:
    async with settling(sqlite, seal, sqlite_url) as parts:
        await uncertain(parts, seal)
        await park(parts, receipt("7", "UNDELIV"))
        clock.forward(LAST_RESORT_MS)
        await look(parts)
    row = await only_push(sqlite)
    assert states([row]) == [State.FAILED]
    assert "UNDELIV" in (row.error or "")


@pytest.mark.parametrize("case", ["another number", "another push was sent", "before the push", "not uncertain"])
async def test_the_last_resort_leaves_what_could_be_about_another_push(
    sqlite: Database, seal: Seal, sqlite_url: str, clock: Clock, case: str
) -> None:
    about = receipt("7", number=int(case == "another number"))
    async with settling(sqlite, seal, sqlite_url) as parts:
        if case == "before the push":
            await park(parts, about)
            clock.forward(1)
        push = await uncertain(parts, seal)
        if case == "another push was sent":
            publish(sqlite, seal, SIX_ACCESS_POINTS)
            await parts.intake.accept([detection(0)])
            await claimed(parts)
        if case == "not uncertain":
            await set_state(sqlite, push.id, State.HELD)
        if case != "before the push":
            await park(parts, about)
        clock.forward(2 * LAST_RESORT_MS)
        assert await look(parts) == 0
        assert State.DELIVERED not in states(await sqlite.read(all_pushes))


async def test_parts_of_several_attempts_are_not_taken_for_a_whole(
    sqlite: Database, seal: Seal, sqlite_url: str, clock: Clock
) -> None:
    async with settling(sqlite, seal, sqlite_url) as parts:
        push = await uncertain(parts, seal, SIX_ACCESS_POINTS)
        await sqlite.write(
            lambda connection: connection.exec_driver_sql(f"UPDATE push SET attempts = 2 WHERE id = {push.id}")
        )
        await park(parts, *[receipt(str(message_id)) for message_id in range(1, 20)])
        clock.forward(2 * LAST_RESORT_MS)
        assert await look(parts) == 0
    assert states([await only_push(sqlite)]) == [State.UNCERTAIN]


async def set_state(database: Database, push_id: int, state: State) -> None:
    def change(connection: object) -> None:
        connection.exec_driver_sql(f"UPDATE push SET state = {int(state)} WHERE id = {push_id}")  # type: ignore[attr-defined]

    await database.write(change)


async def test_an_answer_after_its_time_makes_an_uncertain_push_sent_and_its_receipts_find_it(
    database: Database, seal: Seal, store_url: str
) -> None:
    publish(database, seal, uncertain="wait")
    subscribe(database, seal, 1)
    async with settling(database, seal, store_url) as parts:
        await parts.intake.accept([detection(0)])
        (flight,) = await departed(parts, segments=2)
        outcomes(parts).unknown += [(flight.push.id, 1)]
        respond(parts, (flight.push.id, 0, 0, "7"))
        await pushes_in(database, State.UNCERTAIN, 1)
        outcomes(parts).late += [(flight.push.id, 1, 0, "8")]
        parts.routes.outcome_ready.set()
        await pushes_in(database, State.SENT, 1)
        deliver(parts, receipt("7"), receipt("8"))
        (row,) = await pushes_in(database, State.DELIVERED, 1)
    assert (row.attempts, row.parts, row.delivered_parts) == (1, 2, 0b11)


@pytest.mark.parametrize(("status", "state"), [(0x0B, State.FAILED), (0x08, State.QUEUED)])
async def test_a_refusal_after_its_time_fails_an_uncertain_push_or_sends_it_again(
    sqlite: Database, seal: Seal, sqlite_url: str, status: int, state: State
) -> None:
    publish(sqlite, seal, uncertain="wait")
    subscribe(sqlite, seal, 1)
    async with settling(sqlite, seal, sqlite_url) as parts:
        await parts.intake.accept([detection(0)])
        (flight,) = await departed(parts)
        outcomes(parts).unknown += [(flight.push.id, 0)]
        parts.routes.outcome_ready.set()
        await pushes_in(sqlite, State.UNCERTAIN, 1)
        outcomes(parts).late += [(flight.push.id, 0, status, "")]
        parts.routes.outcome_ready.set()
        (row,) = await pushes_in(sqlite, state, 1)
    assert "the answers came late" in row.history


async def test_a_receipt_of_an_earlier_attempt_counts_for_no_part_and_loses_no_landing(
    database: Database, seal: Seal, store_url: str
) -> None:
    publish(database, seal)
    subscribe(database, seal, 1)
    async with settling(database, seal, store_url) as parts:
        await parts.intake.accept([detection(0)])
        (flight,) = await departed(parts, segments=2)
        flight.push = msgspec.structs.replace(flight.push, attempts=1)
        earlier = submission(flight, 0, "5")._replace(attempt=0)
        await database.write(lambda connection: submissions.add(connection, [earlier]))
        respond(parts, (flight.push.id, 0, 0, "7"), (flight.push.id, 1, 0, "8"))
        deliver(parts, receipt("5"), receipt("8"))
        await pushes_in(database, State.SENT, 1)
        deliver(parts, receipt("5"))
        await settled(parts)
        row = await only_push(database)
        assert (State(row.state), row.delivered_parts) == (State.SENT, 0b10)
        deliver(parts, receipt("7"))
        await pushes_in(database, State.DELIVERED, 1)


async def test_intermediate_notifications_and_vendors_parameters_stand_in_the_history_once(
    sqlite: Database, seal: Seal, sqlite_url: str
) -> None:
    publish(sqlite, seal)
    subscribe(sqlite, seal, 1)
    async with settling(sqlite, seal, sqlite_url) as parts:
        await parts.intake.accept([detection(0)])
        (flight,) = await departed(parts)
        outcomes(parts).vendor += [(flight.push.id, 0, "1400=01")]
        respond(parts, (flight.push.id, 0, 0, "7"))
        await pushes_in(sqlite, State.SENT, 1)
        for _ in range(3):
            deliver(parts, receipt("7", "ENROUTE"))
            await settled(parts)
        deliver(parts, receipt("7", vendor="1401=0a0b"))
        row = (await pushes_in(sqlite, State.DELIVERED, 1))[0]
    assert row.history.count("ENROUTE") == 1
    assert "answered with [1400=01]" in row.history
    assert "[1401=0a0b]" in row.history


async def test_receipts_that_cannot_be_read_are_told_once_in_a_while(
    sqlite: Database, seal: Seal, sqlite_url: str
) -> None:
    async with settling(sqlite, seal, sqlite_url) as parts:
        with structlog.testing.capture_logs() as lines:
            for _ in range(3):
                outcomes(parts).unreadable += ["deliver_sm: the short_message ends early"]
                parts.routes.outcome_ready.set()
                await settled(parts)
    assert [line["event"] for line in lines] == ["receipt.unreadable"]
