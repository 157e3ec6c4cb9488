"""Receipts whose ids look like another part's, or that come twice at the worst moment."""

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
from tps import app
from tps.decisions.push_life import State
from tps.decisions.receipts import read_receipt
from tps.delivery.flights import Flight
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
