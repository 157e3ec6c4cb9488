"""submit_sm in its three carriages, read back by smpplib."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from smpplib import smpp

from encoders.sms import segment
from tests.tps.smpp import peer_octets
from tps.smpp.pdus import DESTINATION_PORT, MESSAGE_PAYLOAD, SOURCE_PORT, decode_tlvs
from tps.smpp.route_config import Carriage, RouteConfig
from tps.smpp.submit_sm import Coding, SubmitTemplate, UnfitError, relative_time

BODY = bytes(range(256))
SEGMENTS = tuple(each.header + each.payload for each in segment(BODY, reference=0x55))


def config(carriage: Carriage = "udh") -> RouteConfig:
    return RouteConfig(
        name="north",
        host="127.0.0.1",
        system_id="tps",
        service_type="WAP",
        source_addr="Operator",
        source_ton=5,
        source_npi=0,
        validity_period_s=90_061,
        carriage=carriage,
    )


def read_by_smpplib(body: bytes) -> Any:  # smpplib has no types
    return smpp.parse_pdu(peer_octets.pdu(4, sequence=3, body=body), allow_unknown_opt_params=True, sequence=0)  # type: ignore[no-untyped-call]


def test_submit_sm_is_written_like_clause_4_4_1() -> None:
    assert SubmitTemplate(config()).bodies("491701234567", (b"\x06\x05\x04\x0b\x84\x23\xf0push",)) == [
        b"WAP\0"  # service_type
        b"\x05\x00Operator\0"  # source
        b"\x01\x01491701234567\0"  # destination
        b"\x40\x00\x00"  # esm_class UDHI, protocol_id, priority_flag
        b"\0"  # schedule_delivery_time
        b"000001010101000R\0"  # validity_period: 1 day, 1 hour, 1 minute, 1 second
        b"\x01\x00\x04\x00"  # registered_delivery, replace_if_present_flag, data_coding, sm_default_msg_id
        b"\x0b\x06\x05\x04\x0b\x84\x23\xf0push"
    ]


def test_smpplib_reads_what_we_write() -> None:
    first, *_ = SubmitTemplate(config()).bodies("491701234567", SEGMENTS)
    theirs = read_by_smpplib(first)
    assert (theirs.service_type, theirs.source_addr, theirs.destination_addr) == (b"WAP", b"Operator", b"491701234567")
    assert (theirs.source_addr_ton, theirs.dest_addr_ton, theirs.esm_class, theirs.data_coding) == (5, 1, 0x40, 4)
    assert (theirs.validity_period, theirs.registered_delivery) == (b"000001010101000R", 1)
    assert theirs.short_message == SEGMENTS[0]


def test_sar_carriage_moves_the_header_into_parameters() -> None:
    bodies = SubmitTemplate(config("sar")).bodies("49170", SEGMENTS)
    theirs = [read_by_smpplib(body) for body in bodies]
    assert b"".join(each.short_message for each in theirs) == BODY
    assert [each.esm_class for each in theirs] == [0, 0]
    assert [(each.sar_msg_ref_num, each.sar_total_segments, each.sar_segment_seqnum) for each in theirs] == [
        (0x55, 2, 1),
        (0x55, 2, 2),
    ]
    assert [(each.destination_port, each.source_port) for each in theirs] == [(2948, 9200)] * 2


def test_payload_carriage_is_one_pdu_for_the_whole_push() -> None:
    template = SubmitTemplate(config("payload"))
    (body,) = template.bodies("49170", SEGMENTS)
    parameters = decode_tlvs(body, body.index(b"\x04\0\0\x02\x0a") + 3)
    assert parameters == ({SOURCE_PORT: b"\x23\xf0", DESTINATION_PORT: b"\x0b\x84", MESSAGE_PAYLOAD: BODY}, "")
    assert template.pdu_count(len(SEGMENTS)) == 1


def test_user_data_without_ports_or_reference_gives_no_parameters_for_them() -> None:
    (body,) = SubmitTemplate(config("sar")).bodies("49170", (b"\x00text",))
    assert body.endswith(b"\x04text")


@pytest.mark.parametrize("carriage", ["udh", "sar", "payload"])
def test_a_coding_of_its_own_always_travels_as_it_is(carriage: Carriage) -> None:
    template = SubmitTemplate(config(carriage), Coding(0xF6, 0x7F, user_data_header=True))
    theirs = read_by_smpplib(template.bodies("49170", (b"\x02\x70\x00parcel",))[0])
    assert (theirs.protocol_id, theirs.data_coding, theirs.esm_class) == (0x7F, 0xF6, 0x40)
    assert theirs.short_message == b"\x02\x70\x00parcel"
    text = read_by_smpplib(SubmitTemplate(config(carriage), Coding(8)).bodies("49170", (b"\0h\0i",))[0])
    assert (text.data_coding, text.esm_class, text.short_message) == (8, 0, b"\0h\0i")


def test_a_coding_may_ask_for_no_receipt() -> None:
    body = SubmitTemplate(config("udh"), Coding(0, receipt=False)).bodies("49170", (b"hi",))[0]
    assert read_by_smpplib(body).registered_delivery == 0


@pytest.mark.parametrize("destination", ["", "+4917", "4917\0", "4917a", "4" * 21, "٤٩"])
def test_a_destination_that_is_no_number_is_refused(destination: str) -> None:
    with pytest.raises(UnfitError) as refusal:
        SubmitTemplate(config()).bodies(destination, SEGMENTS)
    assert refusal.value.command_status == 0x0B


@pytest.mark.parametrize(("carriage", "user_data"), [("udh", bytes(255)), ("sar", b"\x05\x00"), ("payload", b"")])
def test_user_data_that_no_submit_sm_carries_is_refused(carriage: Carriage, user_data: bytes) -> None:
    with pytest.raises(UnfitError) as refusal:
        SubmitTemplate(config(carriage)).bodies("49170", (user_data,))
    assert refusal.value.command_status == 0x01


@given(seconds=st.integers(1, 30 * 86_400))
def test_relative_time_adds_up(seconds: int) -> None:
    text = relative_time(seconds)
    days, hours, minutes, rest = (int(text[place : place + 2]) for place in (4, 6, 8, 10))
    assert ((days * 24 + hours) * 60 + minutes) * 60 + rest == seconds
    assert text.startswith("0000")
    assert text.endswith("000R")


def test_no_validity_is_an_empty_string() -> None:
    assert relative_time(0) == ""
