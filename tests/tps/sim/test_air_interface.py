"""What a submit_sm becomes in the air, whichever way it carries its ports."""

import pytest

from tests.tps.sim.esme import submit_body
from tests.tps.sim.pushes import DOCUMENT, NETWORK_IMSI, in_segments, one_sms, signed
from tps.sim.air_interface import Sms, to_air
from tps.sim.handset import Handset, Outcome
from tps.sim.smsc_pdus import SubmitSm, parse_submit_sm

PORTS = bytes.fromhex("020B00020B84" + "020A000223F0")
PUSH = signed(DOCUMENT)


def submitted(*, short_message: bytes = b"", esm_class: int = 0, tlvs: bytes = b"", data_coding: int = 4) -> SubmitSm:
    body = submit_body(short_message=short_message, esm_class=esm_class, tlvs=tlvs, data_coding=data_coding)
    return parse_submit_sm(body, 0, len(body))


def place(reference: int, total: int, number: int) -> bytes:
    return b"\x02\x0c\0\2" + reference.to_bytes(2, "big") + bytes((2, 0x0E, 0, 1, total, 2, 0x0F, 0, 1, number))


def payload(octets: bytes) -> bytes:
    return b"\x04\x24" + len(octets).to_bytes(2, "big") + octets


def last_outcome(messages: list[SubmitSm]) -> Outcome:
    phone = Handset(NETWORK_IMSI, "359999010000012", "990000000001")
    return [
        phone.receive(sms.octets, data_coding=sms.data_coding, has_header=sms.has_header, sender=sms.sender)
        for sms in to_air(messages)
    ][-1]


def test_a_header_in_the_short_message_goes_through_as_it_is() -> None:
    header = one_sms(b"push")
    assert list(to_air([submitted(short_message=header, esm_class=0x40)])) == [
        Sms("990000000001", "tps", header, 4, has_header=True)
    ]
    assert (
        last_outcome([submitted(short_message=each, esm_class=0x40) for each in in_segments(PUSH)]) is Outcome.INSTALLED
    )


@pytest.mark.parametrize(
    ("reference", "size"), [(0xAA, 128), (0x1AA, 127)], ids=["8-bit reference", "16-bit reference"]
)
def test_segments_by_parameters_get_the_header_that_they_stand_for(reference: int, size: int) -> None:
    slices = [PUSH[:size], PUSH[size:]]
    messages = [
        submitted(short_message=each, tlvs=PORTS + place(reference, 2, number)) for number, each in enumerate(slices, 1)
    ]
    assert last_outcome(messages) is Outcome.INSTALLED


@pytest.mark.parametrize(
    ("length", "sizes"), [(133, [140]), (134, [140, 18]), (256, [140, 140]), (257, [140, 140, 13])]
)
def test_a_payload_is_cut_into_segments_of_140_octets(length: int, sizes: list[int]) -> None:
    messages = list(to_air([submitted(tlvs=PORTS + payload(bytes(length)))]))
    assert [len(sms.octets) for sms in messages] == sizes
    assert last_outcome([submitted(tlvs=PORTS + payload(PUSH))]) is Outcome.INSTALLED


def test_a_text_without_header_stays_a_text() -> None:
    (sms,) = to_air([submitted(short_message=b"hello", data_coding=0)])
    assert not sms.has_header


@pytest.mark.parametrize(
    "message",
    [
        submitted(short_message=bytes(140), tlvs=PORTS + place(1, 2, 1)),
        submitted(tlvs=PORTS + payload(bytes(255 * 128 + 1))),
        submitted(esm_class=0x40, tlvs=payload(bytes(141))),
    ],
    ids=["segment too long for its header", "too many segments", "header and slice above 140"],
)
def test_what_no_sms_can_carry_is_lost(message: SubmitSm) -> None:
    assert list(to_air([message])) == []
