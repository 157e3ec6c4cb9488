"""The simulated SMSC over raw sockets."""

import asyncio
from collections.abc import Callable
from struct import pack
from typing import TYPE_CHECKING

import pytest
import uvloop

from tests.tps.sim.esme import (
    BIND_RECEIVER,
    BIND_TRANSMITTER,
    DELIVER_SM,
    ENQUIRE_LINK,
    GENERIC_NACK,
    RESPONSE,
    SHORT_MESSAGE,
    SUBMIT_SM,
    UNBIND,
    Esme,
    Pdu,
    octets_of,
    submit_body,
)
from tps.sim.smsc import Smsc
from tps.sim.smsc_behaviour import Behaviour, MessageIdForm, ReceiptForm

if TYPE_CHECKING:
    from tps.sim.smsc_pdus import SubmitSm

SUBMIT_SM_RESP = RESPONSE | SUBMIT_SM


def identity(answer: Pdu) -> str:
    assert answer.command == SUBMIT_SM_RESP
    assert answer.status == 0
    return answer.body.removesuffix(b"\0").decode()


def receipt_identity(receipt: Pdu) -> str:
    assert receipt.command == DELIVER_SM
    return receipt.body.partition(b"id:")[2].partition(b" ")[0].decode()


async def test_a_bind_is_answered_with_the_interface_version() -> None:
    async with Smsc() as smsc, await Esme.connect(smsc.port) as esme:
        answer = await esme.bind()
        assert (answer.command, answer.status) == (0x80000009, 0)
        assert answer.body == b"tps-sim\0" + bytes.fromhex("0210000134")
        assert (await esme.bind()).status == 0x05  # ESME_RALYBND


@pytest.mark.parametrize(
    ("system_id", "password", "status"),
    [("nobody", "tps", 0x0F), ("tps", "wrong", 0x0E)],
    ids=["system_id", "password"],
)
async def test_a_stranger_may_not_bind(system_id: str, password: str, status: int) -> None:
    async with Smsc() as smsc, await Esme.connect(smsc.port) as esme:
        assert (await esme.bind(system_id=system_id, password=password)).status == status
        assert (await esme.ask(SUBMIT_SM, body=submit_body())).status == 0x04  # ESME_RINVBNDSTS
        assert smsc.counters.bind_refusals == 1


async def test_an_account_has_only_so_many_binds_and_gets_them_back() -> None:
    async with (
        Smsc(behaviour=Behaviour(max_binds=1)) as smsc,
        await Esme.bound(smsc.port) as first,
        await Esme.connect(smsc.port) as second,
    ):
        assert (await second.bind()).status == 0x0D  # ESME_RBINDFAIL
        assert (await first.ask(UNBIND)).command == RESPONSE | UNBIND
        assert await first.is_closed()
        assert (await second.bind()).status == 0


async def test_enquire_link_and_unknown_commands_are_answered() -> None:
    async with Smsc() as smsc, await Esme.connect(smsc.port) as esme:
        assert await esme.ask(ENQUIRE_LINK, sequence=7) == Pdu(RESPONSE | ENQUIRE_LINK, 0, 7, b"")
        assert await esme.ask(0x7777, sequence=8) == Pdu(GENERIC_NACK, 3, 8, b"")


@pytest.mark.parametrize("length", [0, 15, 0x1_0101, 0xFFFF_FFFF])
async def test_a_length_that_cannot_be_closes_the_link(length: int) -> None:
    async with Smsc() as smsc, await Esme.connect(smsc.port) as esme:
        esme.write(pack(">IIII", length, ENQUIRE_LINK, 0, 9))
        assert await esme.read() == Pdu(GENERIC_NACK, 2, 9, b"")
        assert await esme.is_closed()


async def test_messages_are_answered_and_receipts_follow() -> None:
    async with Smsc(recording=True) as smsc, await Esme.bound(smsc.port) as esme:
        esme.submit(10, 11)
        first, second, *receipts = await esme.read_many(4)
        assert [first.sequence, second.sequence] == [10, 11]
        assert [receipt_identity(each) for each in receipts] == [identity(first), identity(second)]
        body = receipts[0].body
        assert body.startswith(b"\0\x01\x01990000000001\0\x05\0tps\0\x04")  # from the handset, to the sender; a receipt
        assert b" sub:001 dlvrd:001 submit date:" in body
        assert b" stat:DELIVRD err:000 text:" in body
        name = identity(first).encode() + b"\0"
        assert body.endswith(bytes.fromhex("001E00") + bytes((len(name),)) + name + bytes.fromhex("0427000102"))
        esme.acknowledge(*receipts)
        await smsc.until(lambda counters: counters.deliver_acknowledged == 2)
        assert smsc.record[0] == ("990000000001", SHORT_MESSAGE, identity(first))
        assert len(smsc.record) == 2


async def test_pdus_may_come_octet_by_octet() -> None:
    async with Smsc() as smsc, await Esme.bound(smsc.port) as esme:
        for octet in octets_of(SUBMIT_SM, sequence=5, body=submit_body(registered=0)):
            esme.write(bytes((octet,)))
            await esme.writer.drain()
        assert (await esme.read()).sequence == 5


@pytest.mark.parametrize(
    ("registered", "undelivered", "expected"),
    [(0, 0.0, 0), (1, 0.0, 1), (2, 0.0, 0), (2, 1.0, 1), (1, 1.0, 1)],
    ids=["none", "always", "failure only, delivered", "failure only, failed", "always, failed"],
)
async def test_registered_delivery_is_honoured(registered: int, undelivered: float, expected: int) -> None:
    behaviour = Behaviour(undelivered_ratio=undelivered)
    async with Smsc(behaviour=behaviour) as smsc, await Esme.bound(smsc.port) as esme:
        esme.submit(1, body=submit_body(registered=registered))
        identity(await esme.read())
        assert smsc.counters.deliver_sent == expected
        if expected:
            assert (b"stat:UNDELIV err:001" in (await esme.read()).body) == bool(undelivered)


@pytest.mark.parametrize(
    ("response_form", "receipt_form", "in_response", "in_receipt"),
    [
        (MessageIdForm.DECIMAL, MessageIdForm.DECIMAL, "1000000001", "1000000001"),
        (MessageIdForm.HEX_UPPER, MessageIdForm.DECIMAL, "3B9ACA01", "1000000001"),
        (MessageIdForm.DECIMAL, MessageIdForm.HEX_LOWER, "1000000001", "3b9aca01"),
        (MessageIdForm.HEX_LOWER, MessageIdForm.HEX_UPPER, "3b9aca01", "3B9ACA01"),
        (
            MessageIdForm.UUID,
            MessageIdForm.UUID,
            "5e70c0de-0000-4000-8000-00003b9aca01",
            "5e70c0de-0000-4000-8000-00003b9aca01",
        ),
    ],
)
async def test_message_ids_have_their_forms(
    response_form: MessageIdForm, receipt_form: MessageIdForm, in_response: str, in_receipt: str
) -> None:
    behaviour = Behaviour(response_id=response_form, receipt_id=receipt_form)
    async with Smsc(behaviour=behaviour) as smsc, await Esme.bound(smsc.port) as esme:
        esme.submit(1)
        answer, receipt = await esme.read_many(2)
        assert (identity(answer), receipt_identity(receipt)) == (in_response, in_receipt)


async def test_zeros_may_lead_a_message_id() -> None:
    behaviour = Behaviour(receipt_id=MessageIdForm.ZERO_PADDED, first_message_id=42)
    async with Smsc(behaviour=behaviour) as smsc, await Esme.bound(smsc.port) as esme:
        esme.submit(1)
        answer, receipt = await esme.read_many(2)
        assert (identity(answer), receipt_identity(receipt)) == ("42", "0000000042")


@pytest.mark.parametrize(
    ("form", "has_text", "has_parameters"),
    [(ReceiptForm.TEXT, True, False), (ReceiptForm.PARAMETERS, False, True), (ReceiptForm.BOTH, True, True)],
)
async def test_receipts_are_text_or_parameters_or_both(form: ReceiptForm, has_text: bool, has_parameters: bool) -> None:
    async with Smsc(behaviour=Behaviour(receipt_form=form)) as smsc, await Esme.bound(smsc.port) as esme:
        esme.submit(1)
        _, receipt = await esme.read_many(2)
        assert (b"id:" in receipt.body) == has_text
        assert (bytes.fromhex("0427000102") in receipt.body) == has_parameters


async def test_a_pair_submits_on_one_link_and_gets_receipts_on_the_other() -> None:
    async with (
        Smsc() as smsc,
        await Esme.bound(smsc.port, BIND_TRANSMITTER) as transmitter,
        await Esme.bound(smsc.port, BIND_RECEIVER) as receiver,
    ):
        transmitter.submit(1)
        assert identity(await transmitter.read()) == receipt_identity(await receiver.read())
        assert (await receiver.ask(SUBMIT_SM, body=submit_body())).status == 0x04  # ESME_RINVBNDSTS


async def test_receipts_wait_for_a_receiver_and_for_their_window() -> None:
    async with Smsc(behaviour=Behaviour(deliver_window=2)) as smsc:
        async with await Esme.bound(smsc.port, BIND_TRANSMITTER) as transmitter:
            transmitter.submit(1, 2, 3)
            await transmitter.read_many(3)
        assert smsc.counters.deliver_sent == 0
        async with await Esme.bound(smsc.port, BIND_RECEIVER) as receiver:
            first, second = await receiver.read_many(2)
            assert smsc.counters.deliver_sent == 2
            receiver.acknowledge(first)
            third = await receiver.read()
            receiver.acknowledge(second, third)
            await smsc.until(lambda counters: counters.deliver_acknowledged == 3)


async def test_unacknowledged_receipts_come_again_on_the_next_link() -> None:
    async with Smsc() as smsc:
        async with await Esme.bound(smsc.port) as first:
            first.submit(1, 2)
            *_, kept, lost = await first.read_many(4)
            first.acknowledge(kept)
            await smsc.until(lambda counters: counters.deliver_acknowledged == 1)
        async with await Esme.bound(smsc.port) as second:
            again = await second.read()
            assert receipt_identity(again) == receipt_identity(lost)


@pytest.mark.parametrize(("status", "comes_again"), [(0x64, True), (0x14, True), (0x65, False)])
async def test_a_refused_receipt_comes_again_if_the_refusal_is_temporary(status: int, comes_again: bool) -> None:
    async with Smsc() as smsc, await Esme.bound(smsc.port) as esme:
        esme.submit(1)
        _, receipt = await esme.read_many(2)
        esme.acknowledge(receipt, status=status)
        await smsc.until(lambda counters: counters.deliver_refused == 1)
        assert smsc.counters.deliver_sent == (2 if comes_again else 1)
        if comes_again:
            assert receipt_identity(await esme.read()) == receipt_identity(receipt)


@pytest.mark.parametrize(
    ("behaviour", "status", "counted"),
    [
        (Behaviour(queue_full_ratio=1.0), 0x14, "queue_full"),
        (Behaviour(refused_ratio=1.0, refused_status=0x0B), 0x0B, "refused"),
    ],
)
async def test_messages_may_be_refused(behaviour: Behaviour, status: int, counted: str) -> None:
    async with Smsc(behaviour=behaviour) as smsc, await Esme.bound(smsc.port) as esme:
        assert await esme.ask(SUBMIT_SM, sequence=3, body=submit_body()) == Pdu(SUBMIT_SM_RESP, status, 3, b"")
        assert smsc.counters.as_dict()[counted] == 1
        assert smsc.counters.accepted == 0


async def test_above_the_rate_messages_are_throttled() -> None:
    async with Smsc(behaviour=Behaviour(throttle_per_s=20)) as smsc, await Esme.bound(smsc.port) as esme:
        esme.submit(*range(1, 11), body=submit_body(registered=0))
        answers = await esme.read_many(10)
        throttled = [answer for answer in answers if answer.status == 0x58]  # ESME_RTHROTTLED
        assert len(throttled) == smsc.counters.throttled == 8
        assert all(answer.body == b"" for answer in throttled)


async def test_a_lost_answer_still_has_its_receipt() -> None:
    async with Smsc(behaviour=Behaviour(lost_answer_ratio=1.0)) as smsc, await Esme.bound(smsc.port) as esme:
        esme.submit(1)
        assert (await esme.read()).command == DELIVER_SM
        assert smsc.counters.answers_lost == 1


async def test_an_early_receipt_comes_before_the_answer() -> None:
    async with Smsc(behaviour=Behaviour(early_receipt_ratio=1.0)) as smsc, await Esme.bound(smsc.port) as esme:
        esme.submit(1)
        receipt, answer = await esme.read_many(2)
        assert receipt_identity(receipt) == identity(answer)


@pytest.mark.parametrize(
    ("behaviour", "receipts"), [(Behaviour(duplicate_receipt_ratio=1.0), 2), (Behaviour(missing_receipt_ratio=1.0), 0)]
)
async def test_receipts_may_be_doubled_or_missing(behaviour: Behaviour, receipts: int) -> None:
    async with Smsc(behaviour=behaviour) as smsc, await Esme.bound(smsc.port) as esme:
        esme.submit(1)
        answer = await esme.read()
        assert [receipt_identity(each) for each in await esme.read_many(receipts)] == [identity(answer)] * receipts
        assert smsc.counters.deliver_sent == receipts


async def test_answers_and_receipts_may_be_late() -> None:
    behaviour = Behaviour(response_delay_s=0.01, response_jitter_s=0.005, receipt_delay_s=0.03, receipt_jitter_s=0.005)
    async with Smsc(behaviour=behaviour) as smsc, await Esme.bound(smsc.port) as esme:
        began = asyncio.get_running_loop().time()
        esme.submit(1)
        identity(await esme.read())
        answered = asyncio.get_running_loop().time()
        receipt_identity(await esme.read())
        assert answered - began >= 0.01
        assert asyncio.get_running_loop().time() - began >= 0.03


async def test_answers_may_come_out_of_order() -> None:
    behaviour = Behaviour(answers_out_of_order=True, seed=1)
    async with Smsc(behaviour=behaviour) as smsc, await Esme.bound(smsc.port) as esme:
        esme.submit(*range(1, 21), body=submit_body(registered=0))
        sequences = [answer.sequence for answer in await esme.read_many(20)]
        assert sequences != sorted(sequences)
        assert sorted(sequences) == list(range(1, 21))


async def test_a_link_may_drop_with_its_last_message_taken_but_not_answered() -> None:
    async with Smsc(behaviour=Behaviour(drop_link_after=3)) as smsc, await Esme.bound(smsc.port) as esme:
        esme.submit(1, 2, 3, 4, body=submit_body(registered=0))
        answers = await esme.read_many(2)
        assert [answer.sequence for answer in answers] == [1, 2]
        assert await esme.is_closed()
        assert smsc.counters.accepted == 3
        assert smsc.counters.links_dropped == 1


async def test_a_message_that_breaks_the_standard_is_refused_alone() -> None:
    too_long = submit_body(short_message=bytes(141))
    async with Smsc() as smsc, await Esme.bound(smsc.port) as esme:
        assert (await esme.ask(SUBMIT_SM, body=too_long)).status == 0x01  # ESME_RINVMSGLEN
        assert (await esme.ask(SUBMIT_SM, sequence=2, body=submit_body(registered=0))).status == 0
        assert smsc.counters.malformed == 1


async def test_accepted_messages_are_handed_on_in_batches() -> None:
    batches: list[list[SubmitSm]] = []
    async with Smsc(on_messages=batches.append) as smsc, await Esme.bound(smsc.port) as esme:
        esme.submit(1, 2, body=submit_body(registered=0))
        await esme.read_many(2)
        messages = [message for batch in batches for message in batch]
        assert [message.destination for message in messages] == ["990000000001"] * 2
        assert [(message.esm_class, message.data_coding) for message in messages] == [(0x40, 4)] * 2
        assert messages[0].octets == SHORT_MESSAGE
        assert messages[0].source == "tps"
        assert smsc.record == []


async def test_a_handset_sends_to_a_short_code() -> None:
    async with Smsc() as smsc, await Esme.bound(smsc.port) as esme:
        smsc.send("990000000001", "1234", b"SETTINGS")
        delivered = await esme.read()
        assert delivered.command == DELIVER_SM
        assert delivered.body == b"\0\x01\x01990000000001\0\x01\x011234\0" + bytes(9) + b"\x08SETTINGS"


async def test_the_behaviour_can_change_while_it_runs() -> None:
    async with Smsc(behaviour=Behaviour(queue_full_ratio=1.0)) as smsc, await Esme.bound(smsc.port) as esme:
        assert (await esme.ask(SUBMIT_SM, body=submit_body(registered=0))).status == 0x14
        smsc.behave(Behaviour())
        assert (await esme.ask(SUBMIT_SM, body=submit_body(registered=0))).status == 0


async def test_all_links_can_be_dropped_at_once() -> None:
    async with Smsc() as smsc, await Esme.bound(smsc.port) as first, await Esme.bound(smsc.port) as second:
        smsc.drop_links()
        assert await first.is_closed()
        assert await second.is_closed()


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Behaviour(lost_answer_ratio=1.5),
        lambda: Behaviour(response_id=MessageIdForm.UUID),
        lambda: Behaviour(deliver_window=0),
        lambda: Behaviour(up_s=0),
        lambda: Behaviour(down_s=-1),
    ],
    ids=["share", "UUID on one side", "no window", "never up", "down for less than no time"],
)
def test_a_behaviour_that_cannot_be_is_refused(wrong: Callable[[], Behaviour]) -> None:
    with pytest.raises(ValueError, match=r"share|UUID|at least 1|seconds"):
        wrong()


def test_what_is_due_already_when_it_is_planned_leaves_at_once_on_the_loop_that_servers_have() -> None:
    async def plan_twice() -> float:
        loop = asyncio.get_running_loop()
        answer_after_s = Behaviour(response_delay_s=0.001)
        async with Smsc(behaviour=answer_after_s) as smsc, await Esme.bound(smsc.port, BIND_TRANSMITTER) as esme:
            smsc._wake(loop.time() - 1)
            smsc._wake(loop.time() - 2)
            esme.submit(1, body=submit_body(registered=0))
            return (await esme.read()).status

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        assert runner.run(plan_twice()) == 0
