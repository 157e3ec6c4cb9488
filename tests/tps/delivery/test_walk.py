"""The whole way: a SIM is seen in a device, its settings reach the handset, the pair is SET."""

import asyncio
from typing import Any

import pytest

from tests.tps.delivering import (
    INTERNET_AS_SUBSCRIBER,
    delivering,
    detection,
    device,
    imsi,
    msisdn,
    publish,
    pushes_in,
    report,
    route_to,
    states,
    subscribe,
)
from tps.decisions.push_life import State
from tps.decisions.triggers import Outcome
from tps.sim.air_interface import to_air
from tps.sim.handset import Handset
from tps.sim.smsc import Smsc
from tps.sim.smsc_behaviour import Behaviour, MessageIdForm, ReceiptForm
from tps.sim.smsc_pdus import SubmitSm
from tps.store.database import Database
from tps.store.sealing import Seal

COUNT = 40


class Handsets:
    """One strict handset for each subscriber."""

    def __init__(self, count: int, pin: str | None = None) -> None:
        self.by_number = {
            msisdn(number): Handset(imsi(number), device(number).number + "0", msisdn(number), pin)
            for number in range(count)
        }

    def deliver(self, messages: list[SubmitSm]) -> None:
        for sms in to_air(messages):
            self.by_number[sms.destination].receive(
                sms.octets, data_coding=sms.data_coding, has_header=sms.has_header, sender=sms.sender
            )

    @property
    def installed(self) -> int:
        return sum(handset.installed for handset in self.by_number.values())


async def walk(database: Database, seal: Seal, url: str, behaviour: Behaviour, **route: Any) -> tuple[Handsets, Smsc]:
    """Detect `COUNT` subscribers, wait until all pairs are SET, and detect them again."""
    handsets = Handsets(COUNT)
    publish(database, seal)
    subscribe(database, seal, COUNT)
    async with (
        Smsc(behaviour=behaviour, on_messages=handsets.deliver) as smsc,
        delivering(database, seal, url, route_to(smsc, **route)) as parts,
    ):
        detections = [detection(number) for number in range(COUNT)]
        answers = await parts.intake.accept(detections)
        assert [answer.outcome for answer in answers] == [Outcome.QUEUED] * COUNT
        rows = await pushes_in(database, State.DELIVERED, COUNT)
        assert states(rows) == [State.DELIVERED] * COUNT
        again = await parts.intake.accept(detections)
        assert [answer.outcome for answer in again] == [Outcome.ALREADY_SET] * COUNT
        assert {answer.push_id for answer in again} == {answer.push_id for answer in answers}
        assert not len(parts.flights)
    return handsets, smsc


async def test_every_detected_handset_is_set_once(database: Database, seal: Seal, store_url: str) -> None:
    handsets, smsc = await walk(database, seal, store_url, Behaviour())
    assert handsets.installed == COUNT
    assert smsc.counters.refused == 0


@pytest.mark.parametrize("carriage", ["udh", "sar", "payload"])
@pytest.mark.parametrize("bind", ["transceiver", "pair"])
async def test_every_carriage_and_bind_reaches_the_handset(
    sqlite: Database, seal: Seal, sqlite_url: str, carriage: str, bind: str
) -> None:
    handsets, _ = await walk(sqlite, seal, sqlite_url, Behaviour(), carriage=carriage, bind=bind)
    assert handsets.installed == COUNT


@pytest.mark.parametrize("receipt_form", ReceiptForm)
@pytest.mark.parametrize(
    ("response_id", "receipt_id"),
    [
        (MessageIdForm.DECIMAL, MessageIdForm.DECIMAL),
        (MessageIdForm.HEX_LOWER, MessageIdForm.HEX_UPPER),
        (MessageIdForm.HEX_UPPER, MessageIdForm.DECIMAL),
        (MessageIdForm.DECIMAL, MessageIdForm.HEX_LOWER),
        (MessageIdForm.DECIMAL, MessageIdForm.ZERO_PADDED),
        (MessageIdForm.UUID, MessageIdForm.UUID),
    ],
)
async def test_receipts_find_their_push_in_every_form(
    sqlite: Database,
    seal: Seal,
    sqlite_url: str,
    receipt_form: ReceiptForm,
    response_id: MessageIdForm,
    receipt_id: MessageIdForm,
) -> None:
    behaviour = Behaviour(receipt_form=receipt_form, response_id=response_id, receipt_id=receipt_id)
    await walk(sqlite, seal, sqlite_url, behaviour)


@pytest.mark.parametrize(
    "behaviour",
    [
        pytest.param(Behaviour(early_receipt_ratio=1.0), id="receipts before answers"),
        pytest.param(Behaviour(answers_out_of_order=True, response_jitter_s=0.05), id="answers out of order"),
        pytest.param(Behaviour(receipt_delay_s=0.3, receipt_jitter_s=0.2), id="receipts late"),
        pytest.param(Behaviour(duplicate_receipt_ratio=1.0), id="receipts twice"),
        pytest.param(Behaviour(queue_full_ratio=0.3, seed=3), id="queue full"),
        pytest.param(Behaviour(throttle_per_s=400), id="throttled"),
    ],
)
async def test_every_trouble_that_passes_ends_in_a_set_pair(
    sqlite: Database, seal: Seal, sqlite_url: str, behaviour: Behaviour
) -> None:
    handsets, _ = await walk(sqlite, seal, sqlite_url, behaviour)
    assert handsets.installed == COUNT


async def test_receipts_that_come_after_a_restart_find_their_push(
    database: Database, seal: Seal, store_url: str
) -> None:
    publish(database, seal)
    subscribe(database, seal, COUNT)
    async with Smsc(behaviour=Behaviour(missing_receipt_ratio=1.0), recording=True) as smsc:
        async with delivering(database, seal, store_url, route_to(smsc)) as parts:
            await parts.intake.accept([detection(number) for number in range(COUNT)])
            await pushes_in(database, State.SENT, COUNT)
        async with delivering(database, seal, store_url, route_to(smsc)) as parts:
            for sent in smsc.record:
                report(parts, b"stat:DELIVRD", message_id=sent.message_id.encode(), destination=sent.destination)
            rows = await pushes_in(database, State.DELIVERED, COUNT)
    assert states(rows) == [State.DELIVERED] * COUNT


async def test_a_part_that_cannot_be_delivered_fails_the_push_and_frees_the_pair(
    database: Database, seal: Seal, store_url: str
) -> None:
    publish(database, seal)
    subscribe(database, seal, 1)
    async with (
        Smsc(behaviour=Behaviour(undelivered_ratio=1.0, receipt_delay_s=0.2)) as smsc,
        delivering(database, seal, store_url, route_to(smsc)) as parts,
    ):
        await parts.intake.accept([detection(0)])
        (row,) = await pushes_in(database, State.FAILED, 1)
        assert "UNDELIV" in (row.error or "")
        (again,) = await parts.intake.accept([detection(0)])
        assert again.outcome is Outcome.QUEUED


async def test_a_push_that_the_smsc_refuses_for_good_fails_with_its_reason(
    database: Database, seal: Seal, store_url: str
) -> None:
    publish(database, seal)
    subscribe(database, seal, 1)
    async with (
        Smsc(behaviour=Behaviour(refused_ratio=1.0, refused_status=0x0B)) as smsc,
        delivering(database, seal, store_url, route_to(smsc)) as parts,
    ):
        await parts.intake.accept([detection(0)])
        (row,) = await pushes_in(database, State.FAILED, 1)
        assert "0x0000000B" in (row.error or "")


async def test_what_was_in_flight_when_the_link_broke_is_uncertain_and_follows_the_rule(
    database: Database, seal: Seal, store_url: str
) -> None:
    publish(database, seal, uncertain="hold")
    subscribe(database, seal, 1)
    async with (
        Smsc(behaviour=Behaviour(drop_link_after=1)) as smsc,
        delivering(database, seal, store_url, route_to(smsc, reconnect_min_s=0.05)) as parts,
    ):
        await parts.intake.accept([detection(0)])
        (row,) = await pushes_in(database, State.HELD, 1)
        assert "lose UNCERTAIN" in row.history
        assert "hold HELD" in row.history


async def test_an_uncertain_push_is_sent_again_when_the_rule_says_so(
    sqlite: Database, seal: Seal, sqlite_url: str
) -> None:
    publish(sqlite, seal, uncertain="resend")
    subscribe(sqlite, seal, 1)
    handsets = Handsets(1)
    async with (
        Smsc(behaviour=Behaviour(drop_link_after=1), on_messages=handsets.deliver) as smsc,
        delivering(sqlite, seal, sqlite_url, route_to(smsc, reconnect_min_s=0.05)) as parts,
    ):
        await parts.intake.accept([detection(0)])
        await smsc.until(lambda counters: counters.submits >= 1)
        smsc.behave(Behaviour())
        (row,) = await pushes_in(sqlite, State.DELIVERED, 1)
        assert row.history.index("UNCERTAIN") < row.history.index("resend QUEUED")


@pytest.mark.parametrize(("security", "pin"), [("userpin", "1234"), ("usernetwpin", "123456")])
async def test_values_and_pins_of_the_subscriber_reach_only_the_document(
    sqlite: Database, seal: Seal, sqlite_url: str, security: str, pin: str
) -> None:
    publish(sqlite, seal, INTERNET_AS_SUBSCRIBER, security=security)
    subscribe(sqlite, seal, 2, pin=pin, values={"ppp_password": "hush-hush"})
    handsets = Handsets(2, pin)
    async with (
        Smsc(on_messages=handsets.deliver) as smsc,
        delivering(sqlite, seal, sqlite_url, route_to(smsc)) as parts,
    ):
        await parts.intake.accept([detection(0), detection(1)])
        await pushes_in(sqlite, State.DELIVERED, 2)
    assert handsets.installed == 2
    assert b"hush-hush" not in _octets_of(sqlite_url)
    assert pin.encode() + b'"' not in _octets_of(sqlite_url)


async def test_single_triggers_at_once_share_commits_and_agree_on_one_push(
    sqlite: Database, seal: Seal, sqlite_url: str
) -> None:
    publish(sqlite, seal)
    subscribe(sqlite, seal, 1)
    async with Smsc() as smsc, delivering(sqlite, seal, sqlite_url, route_to(smsc)) as parts:
        answers = await asyncio.gather(*(parts.intake.accept([detection(0)]) for _ in range(50)))
    outcomes = [answer.outcome for (answer,) in answers]
    assert outcomes.count(Outcome.QUEUED) == 1
    assert len({answer.push_id for (answer,) in answers}) == 1


async def test_force_sends_again_what_is_set_and_says_so(sqlite: Database, seal: Seal, sqlite_url: str) -> None:
    publish(sqlite, seal)
    subscribe(sqlite, seal, 1)
    wish = detection(0, is_detection=False, source="api", force=True)
    async with Smsc() as smsc, delivering(sqlite, seal, sqlite_url, route_to(smsc)) as parts:
        for count in (1, 2):
            (answer,) = await parts.intake.accept([wish])
            assert answer.outcome is Outcome.QUEUED
            rows = await pushes_in(sqlite, State.DELIVERED, count)
    assert "forced" in rows[-1].history


async def test_a_new_settings_version_is_sent_to_a_device_that_is_set(
    sqlite: Database, seal: Seal, sqlite_url: str
) -> None:
    publish(sqlite, seal)
    subscribe(sqlite, seal, 1)
    async with Smsc() as smsc, delivering(sqlite, seal, sqlite_url, route_to(smsc)) as parts:
        await parts.intake.accept([detection(0)])
        await pushes_in(sqlite, State.DELIVERED, 1)
        publish(
            sqlite,
            seal,
            b'{"name": "x", "access_points": [{"id": "i", "name": "n", "address": "a.example", "internet": true}]}',
        )
        (answer,) = await parts.intake.accept([detection(0)])
        assert answer.outcome is Outcome.QUEUED


async def test_pushes_wait_for_a_route_and_go_when_it_comes_up(sqlite: Database, seal: Seal, sqlite_url: str) -> None:
    publish(sqlite, seal)
    subscribe(sqlite, seal, 3)
    async with Smsc() as smsc:
        async with delivering(sqlite, seal, sqlite_url) as parts:
            await parts.intake.accept([detection(number) for number in range(3)])
            assert states(await pushes_in(sqlite, State.QUEUED, 3)) == [State.QUEUED] * 3
        async with delivering(sqlite, seal, sqlite_url, route_to(smsc)):
            await pushes_in(sqlite, State.DELIVERED, 3)


def _octets_of(url: str) -> bytes:
    with open(url.removeprefix("sqlite:///"), "rb") as file:
        return file.read()
