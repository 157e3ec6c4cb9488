"""Receipts that nobody waits for any more, that say nothing readable, or that come when all seemed over."""

import asyncio

import pytest

from tests.tps.delivering import (
    INTERNET,
    SIX_ACCESS_POINTS,
    Clock,
    all_pushes,
    attend,
    delivering,
    detection,
    publish,
    pushes_in,
    report,
    route_to,
    states,
    subscribe,
)
from tps.decisions.identities import BUCKETS
from tps.decisions.push_life import State
from tps.decisions.triggers import Outcome
from tps.delivery.attend import SWEEP_INTERVAL_MS
from tps.sim.smsc import Smsc
from tps.sim.smsc_behaviour import Behaviour
from tps.store.database import Database
from tps.store.pushes import PushRow
from tps.store.sealing import Seal

COUNT = 30


@pytest.mark.parametrize(
    ("behaviour", "body", "state"),
    [
        pytest.param(
            Behaviour(duplicate_receipt_ratio=1.0, deliver_window=1, receipt_delay_s=1.2),
            INTERNET,
            State.DELIVERED,
            id="each twice and late",
        ),
        pytest.param(
            Behaviour(undelivered_ratio=1.0, deliver_window=2, receipt_jitter_s=0.2),
            SIX_ACCESS_POINTS,
            State.FAILED,
            id="of the other parts of a push that has failed",
        ),
        pytest.param(
            Behaviour(undelivered_ratio=1.0, deliver_window=2, receipt_delay_s=1.2, receipt_jitter_s=0.2),
            SIX_ACCESS_POINTS,
            State.FAILED,
            id="of the other parts, late",
        ),
    ],
)
async def test_receipts_nobody_waits_for_leave_room_in_the_smscs_window_for_the_others(
    sqlite: Database, seal: Seal, sqlite_url: str, behaviour: Behaviour, body: bytes, state: State
) -> None:
    publish(sqlite, seal, body)
    subscribe(sqlite, seal, COUNT)
    async with Smsc(behaviour=behaviour) as smsc, delivering(sqlite, seal, sqlite_url, route_to(smsc)) as parts:
        await parts.intake.accept([detection(number) for number in range(COUNT)])
        # Each that were parked for its ten seconds would keep its place of the window for as long.
        rows = await pushes_in(sqlite, state, COUNT, within_s=8)
        assert states(rows) == [state] * COUNT


async def test_a_receipt_that_belongs_to_nothing_stops_nobody(database: Database, seal: Seal, store_url: str) -> None:
    publish(database, seal)
    subscribe(database, seal, 1)
    async with Smsc() as smsc, delivering(database, seal, store_url, route_to(smsc)) as parts:
        for strange in (b"12\0 34\0", b"\xff\xfe", b"f" * 300, b""):
            report(parts, b"stat:DELIVRD", message_id=strange)
        report(parts, b"\0\0\0")
        await parts.intake.accept([detection(0)])
        rows = await pushes_in(database, State.DELIVERED, 1)
    assert states(rows) == [State.DELIVERED]


async def test_a_receipt_after_the_validity_still_sets_the_pair(
    database: Database, seal: Seal, store_url: str, clock: Clock
) -> None:
    publish(database, seal, validity_s=60)
    subscribe(database, seal, 1)
    async with (
        Smsc(behaviour=Behaviour(missing_receipt_ratio=1.0), recording=True) as smsc,
        delivering(database, seal, store_url, route_to(smsc)) as parts,
    ):
        await parts.intake.accept([detection(0)])
        await pushes_in(database, State.SENT, 1)
        clock.forward(86_400_000)
        for _ in range(BUCKETS):  # each is swept once
            await attend(parts)
            clock.forward(SWEEP_INTERVAL_MS)
        (expired,) = await database.read(all_pushes)
        assert states([expired]) == [State.EXPIRED]
        for sent in smsc.record:
            report(parts, b"stat:DELIVRD", message_id=sent.message_id.encode())
        (delivered,) = await pushes_in(database, State.DELIVERED, 1)
        (again,) = await parts.intake.accept([detection(0)])
    assert (again.outcome, again.push_id) == (Outcome.ALREADY_SET, delivered.id)


async def test_a_receipt_after_the_validity_does_not_take_the_pair_from_the_next_push(
    database: Database, seal: Seal, store_url: str, clock: Clock
) -> None:
    publish(database, seal, validity_s=60)
    subscribe(database, seal, 1)
    async with (
        Smsc(behaviour=Behaviour(missing_receipt_ratio=1.0), recording=True) as smsc,
        delivering(database, seal, store_url, route_to(smsc)) as parts,
    ):
        await parts.intake.accept([detection(0)])
        await pushes_in(database, State.SENT, 1)
        first_sent = list(smsc.record)
        clock.forward(61_000)
        await attend(parts)
        (second,) = await parts.intake.accept([detection(0)])
        assert second.outcome is Outcome.QUEUED
        for sent in first_sent:
            report(parts, b"stat:DELIVRD", message_id=sent.message_id.encode())
        await pushes_in(database, State.DELIVERED, 1)
        await pushes_in(database, State.SENT, 1)
        (again,) = await parts.intake.accept([detection(0)])
    assert (again.outcome, again.push_id) == (Outcome.ALREADY_OPEN, second.push_id)


@pytest.mark.parametrize("state", ["ENROUTE", "ACCEPTD", "BUFFRED"])
async def test_an_intermediate_receipt_counts_for_no_part(
    sqlite: Database, seal: Seal, sqlite_url: str, state: str
) -> None:
    publish(sqlite, seal, SIX_ACCESS_POINTS)
    subscribe(sqlite, seal, 1)
    async with (
        Smsc(behaviour=Behaviour(missing_receipt_ratio=1.0), recording=True) as smsc,
        delivering(sqlite, seal, sqlite_url, route_to(smsc)) as parts,
    ):
        await parts.intake.accept([detection(0)])
        await pushes_in(sqlite, State.SENT, 1)
        first, *others = [sent.message_id.encode() for sent in smsc.record]
        report(parts, f"stat:{state}".encode(), message_id=first)
        for message_id in others:
            report(parts, b"stat:DELIVRD", message_id=message_id)
        row = await with_parts_delivered(sqlite, len(others))
        assert states([row]) == [State.SENT]
        report(parts, b"stat:DELIVRD", message_id=first)
        await pushes_in(sqlite, State.DELIVERED, 1)


async def with_parts_delivered(database: Database, count: int) -> PushRow:
    """The only push, once so many of its parts have arrived."""
    async with asyncio.timeout(30):
        while True:
            (row,) = await database.read(all_pushes)
            if row.delivered_parts.bit_count() == count:
                return row
            await asyncio.sleep(0.01)
