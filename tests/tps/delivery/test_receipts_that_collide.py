"""Receipts whose ids look like another part's, or that come twice at the worst moment."""

import pytest

from tests.tps.delivering import (
    config,
    delivering,
    detection,
    imsi,
    msisdn,
    publish,
    pushes_in,
    route_to,
    subscribe,
)
from tests.tps.delivery.receiving import deliver, departed, receipt, respond, settled, settling
from tps import app
from tps.decisions.push_life import State
from tps.decisions.receipts import read_receipt
from tps.delivery import settle
from tps.delivery.flights import Flight
from tps.parts import Parts
from tps.sim.smsc import Smsc
from tps.sim.smsc_behaviour import Behaviour
from tps.store.database import Database
from tps.store.pushes import DuePush
from tps.store.sealing import Seal


async def test_a_receipt_repeated_while_its_flight_lands_is_acknowledged_soon(
    sqlite: Database, seal: Seal, sqlite_url: str
) -> None:
    publish(sqlite, seal)
    subscribe(sqlite, seal, 30)
    twice = Behaviour(duplicate_receipt_ratio=1.0, deliver_window=1)
    async with Smsc(behaviour=twice) as smsc, delivering(sqlite, seal, sqlite_url, route_to(smsc)) as parts:
        await parts.intake.accept([detection(number) for number in range(30)])
        assert len(await pushes_in(sqlite, State.DELIVERED, 30, within_s=9)) == 30


async def test_a_receipt_is_sought_in_the_form_of_the_route_and_never_credited_to_another_number(
    sqlite: Database, seal: Seal, sqlite_url: str
) -> None:
    async with Smsc() as smsc:  # responses are hex, receipts decimal: "1000" in a receipt is message 3e8
        parts = app.put_together(config(sqlite_url, route_to(smsc, message_id_form="hex")), sqlite, seal)
    push = DuePush(1, 77, imsi(0), msisdn(0), "internet", 1, 0, None, 0, 0, 0, 0)
    flight = Flight(push, "north", 1, 8)
    parts.flights.depart([flight])
    parts.flights.name_part(flight, 0, "1000")
    other = read_receipt(b"stat:DELIVRD", receipted_message_id=b"1000", route="north", destination=msisdn(5))
    assert not parts.settle._fold_receipt(other)
    assert flight.delivered == 0


async def test_a_late_receipt_whose_id_reads_like_one_that_just_landed_is_sought_on_the_disk(
    sqlite: Database, seal: Seal, sqlite_url: str
) -> None:
    async with Smsc() as smsc:  # responses are hex, receipts decimal: the receipt of message 3e8 says "1000"
        parts = app.put_together(config(sqlite_url, route_to(smsc, message_id_form="auto")), sqlite, seal)
    push = DuePush(1, 77, imsi(0), msisdn(0), "internet", 1, 0, None, 0, 0, 0, 0)
    flight = Flight(push, "north", 1, 8, delivered=1)
    parts.flights.depart([flight])
    parts.flights.name_part(flight, 0, "1000")
    parts.flights.land([flight])
    repeated, late = (
        read_receipt(b"stat:DELIVRD", receipted_message_id=b"1000", route="north", destination=msisdn(number))
        for number in (0, 5)
    )
    assert parts.settle._fold_receipt(repeated)
    assert not parts.settle._fold_receipt(late)


async def landed_and_in_the_air(parts: Parts, landed_id: str, flying_id: str) -> tuple[int, Flight]:
    """A push to subscriber 0 that has landed as SENT, and the flight of one to subscriber 1 that wants an answer more.

    Both ids are as the SMSC wrote them in its responses.
    """
    publish(parts.database, parts.seal)
    subscribe(parts.database, parts.seal, 2)
    await parts.intake.accept([detection(number) for number in range(2)])
    landing, flying = await departed(parts)
    flying.parts = 2
    respond(parts, (landing.push.id, 0, 0, landed_id))
    await pushes_in(parts.database, State.SENT, 1)
    respond(parts, (flying.push.id, 0, 0, flying_id))
    return landing.push.id, flying


@pytest.mark.parametrize("landed_id", ["64", "100"], ids=["in another form", "by a counter that began anew"])
async def test_a_receipt_of_what_has_landed_is_not_for_another_number_in_the_air(
    database: Database, seal: Seal, store_url: str, landed_id: str
) -> None:
    async with settling(database, seal, store_url) as parts:
        landed, flying = await landed_and_in_the_air(parts, landed_id, "100")
        deliver(parts, receipt("100"))
        rows = await pushes_in(database, State.DELIVERED, 1)
        assert [row.id for row in rows if row.state == State.DELIVERED] == [landed]
        assert flying.delivered == 0


async def test_a_receipt_that_comes_again_is_not_for_another_number_in_the_air(
    sqlite: Database, seal: Seal, sqlite_url: str
) -> None:
    async with settling(sqlite, seal, sqlite_url) as parts:
        _, flying = await landed_and_in_the_air(parts, "1", "100")
        parts.flights._landed["north", "64"] = msisdn(0)  # what it repeats landed with its push
        deliver(parts, receipt("100"))
        await settled(parts)
        assert flying.delivered == 0
        assert parts.settle.parked == 0


@pytest.mark.parametrize("state", ["DELIVRD", "ENROUTE"])
async def test_a_receipt_that_names_the_sender_is_for_what_is_in_the_air_by_its_id(
    database: Database, seal: Seal, store_url: str, monkeypatch: pytest.MonkeyPatch, state: str
) -> None:
    monkeypatch.setattr(settle, "PARKED_MAX", 0)  # none waits: it is not parked on the disk either
    async with settling(database, seal, store_url) as parts:
        _, flying = await landed_and_in_the_air(parts, "64", "100")
        deliver(parts, read_receipt(f"id:100 stat:{state}".encode(), route="north", destination="7700"))
        await settled(parts)
        assert (flying.delivered, flying.noted) == ((1, 0) if state == "DELIVRD" else (0, 1))
        assert parts.settle.parked == 0
