"""Framing, binds and deliver_sm against the letters of SMPP 3.4."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from smpplib import smpp

from encoders.errors import DecodeError
from tests.tps.smpp import peer_octets
from tps.smpp import pdus
from tps.smpp.pdus import Bind, DeliverSm, decode_deliver_sm, decode_tlvs, encode_tlv, split
from tps.smpp.route_config import RouteConfig

CONFIG = RouteConfig(name="north", host="127.0.0.1", system_id="tps", password="secret", system_type="VMS")


@pytest.mark.parametrize(("bind", "command"), [(Bind.RECEIVER, 1), (Bind.TRANSMITTER, 2), (Bind.TRANSCEIVER, 9)])
def test_bind_is_written_like_clause_4_1(bind: Bind, command: int) -> None:
    expected = peer_octets.pdu(command, sequence=7, body=b"tps\0secret\0VMS\0\x34\0\0\0")
    assert pdus.encode_bind(CONFIG, bind, 7) == expected


def test_small_pdus_are_all_header() -> None:
    assert pdus.encode_empty(pdus.ENQUIRE_LINK, 0, 5).hex() == "00000010000000150000000000000005"
    (answer,) = pdus.encode_deliver_sm_resps(2, [6])
    assert answer.hex() == "0000001180000005000000020000000600"


def test_pdus_are_split_whole_and_the_beginning_of_the_next_is_left() -> None:
    first = peer_octets.submit_sm_resp(1, message_id="a")
    second = peer_octets.pdu(peer_octets.ENQUIRE_LINK, sequence=2)
    found, used, fault = split(first + second + first[:17])
    assert found == [(0x80000004, 0, 1, b"a\0"), (0x15, 0, 2, b"")]
    assert used == len(first + second)
    assert fault is None


@pytest.mark.parametrize("length", [0, 15, 70_001, 0xFFFFFFFF])
def test_a_length_that_no_pdu_has_is_a_fault_after_the_good_ones(length: int) -> None:
    good = peer_octets.submit_sm_resp(1)
    found, used, fault = split(good + length.to_bytes(4, "big") + bytes(12))
    assert len(found) == 1
    assert used == len(good)
    assert str(length) in str(fault)


@pytest.mark.parametrize("length", [16, 70_000])
def test_the_shortest_and_the_longest_pdu_are_taken(length: int) -> None:
    octets = peer_octets.pdu(0x15, body=bytes(length - 16))
    assert split(octets)[1:] == (length, None)


def test_octets_wanted_is_a_header_then_the_pdu() -> None:
    octets = peer_octets.submit_sm_resp(1, message_id="abc")
    assert pdus.octets_wanted(octets[:15]) == 16
    assert pdus.octets_wanted(octets[:16]) == len(octets)


def test_deliver_sm_is_read_like_clause_4_6_1() -> None:
    body = peer_octets.deliver_sm_body(
        source="491701",
        destination="77",
        esm_class=0x44,
        data_coding=8,
        text=b"hi",
        parameters=peer_octets.tlv(0x1E, b"x"),
    )
    assert decode_deliver_sm(body) == DeliverSm("491701", 1, "77", 0x44, 0, 8, b"hi", {0x1E: b"x"})


def test_message_payload_stands_for_an_empty_short_message() -> None:
    body = peer_octets.deliver_sm_body(parameters=peer_octets.tlv(pdus.MESSAGE_PAYLOAD, b"long"))
    assert decode_deliver_sm(body).octets == b"long"


def test_smpplib_writes_a_deliver_sm_that_we_read() -> None:
    theirs = smpp.make_pdu(  # type: ignore[no-untyped-call]
        "deliver_sm",
        sequence=1,
        service_type="WAP",
        source_addr_ton=1,
        source_addr="4917",
        destination_addr="55",
        esm_class=4,
        data_coding=4,
        short_message=b"id:1",
        receipted_message_id="abc",
        message_state=2,
    )
    ours = decode_deliver_sm(theirs.generate()[16:])
    assert ours == DeliverSm("4917", 1, "55", 4, 0, 4, b"id:1", {0x1E: b"abc\0", 0x427: b"\x02"})


@pytest.mark.parametrize(
    ("esm_class", "parameters", "is_receipt"),
    [
        (0x00, {}, False),
        (0x40, {}, False),
        (0x04, {}, True),
        (0x44, {}, True),
        (0x20, {}, True),
        (0x08, {}, False),
        (0x00, {pdus.RECEIPTED_MESSAGE_ID: b"1"}, True),
        (0x08, {pdus.RECEIPTED_MESSAGE_ID: b"1"}, False),
    ],
)
def test_esm_class_tells_receipts_from_messages(esm_class: int, parameters: dict[int, bytes], is_receipt: bool) -> None:
    assert DeliverSm("1", 1, "2", esm_class, 0, 0, b"", parameters).is_receipt is is_receipt


def test_a_deliver_sm_cut_anywhere_in_its_mandatory_part_is_refused() -> None:
    body = peer_octets.deliver_sm_body(text=b"hello")
    for length in range(len(body)):
        with pytest.raises(DecodeError):
            decode_deliver_sm(body[:length])
    assert decode_deliver_sm(body).octets == b"hello"


STATE = peer_octets.tlv(pdus.MESSAGE_STATE, b"\2")
RECEIPTED = peer_octets.tlv(pdus.RECEIPTED_MESSAGE_ID, b"77\0")
PAYLOAD = peer_octets.tlv(pdus.MESSAGE_PAYLOAD, b"id:77 stat:DELIVRD")
ENDS_EARLY = "optional parameter ends early"


@pytest.mark.parametrize(
    ("broken", "fault"),
    [
        pytest.param(b"\0", f"octet 58: {ENDS_EARLY}", id="one octet too many"),
        pytest.param(b"\x14\x01\0", f"octet 58: {ENDS_EARLY}", id="half a head"),
        pytest.param(STATE[:4], "optional parameter 0x0427: 1 octets expected, 0 left", id="no value"),
        pytest.param(
            b"\x04\x23\xff\xff" + STATE, "optional parameter 0x0423: 65535 octets expected, 5 left", id="too long"
        ),
    ],
)
def test_optional_parameters_before_a_broken_one_are_kept(broken: bytes, fault: str) -> None:
    body = peer_octets.deliver_sm_body(text=b"id:77 stat:DELIVRD", parameters=RECEIPTED + broken)
    parameters = {pdus.RECEIPTED_MESSAGE_ID: b"77\0"}
    expected = DeliverSm("491701234567", 1, "1234", 4, 0, 0, b"id:77 stat:DELIVRD", parameters, fault)
    assert decode_deliver_sm(body) == expected


@pytest.mark.parametrize("taken", [PAYLOAD, RECEIPTED + STATE, STATE + RECEIPTED])
def test_without_a_text_what_stands_before_a_broken_parameter_must_tell_it_all(taken: bytes) -> None:
    assert decode_deliver_sm(peer_octets.deliver_sm_body(parameters=taken + b"\0")).fault.endswith(ENDS_EARLY)


@pytest.mark.parametrize("taken", [b"", RECEIPTED, STATE])
@pytest.mark.parametrize("broken", [b"\0", PAYLOAD[:-1], b"\x14\x01\xff\xff" + PAYLOAD])
def test_a_deliver_sm_whose_text_is_lost_with_a_broken_parameter_is_refused(taken: bytes, broken: bytes) -> None:
    with pytest.raises(DecodeError, match="optional parameter"):
        decode_deliver_sm(peer_octets.deliver_sm_body(parameters=taken + broken))


@given(octets=st.binary(max_size=300))
def test_any_octets_are_a_deliver_sm_or_not(octets: bytes) -> None:
    with suppress(DecodeError):
        decode_deliver_sm(octets)


@given(parameters=st.dictionaries(st.integers(0, 0xFFFF), st.binary(max_size=20), max_size=5))
def test_optional_parameters_come_back_unchanged(parameters: dict[int, bytes]) -> None:
    octets = b"".join(encode_tlv(tag, value) for tag, value in parameters.items())
    assert decode_tlvs(b"xx" + octets, 2) == (parameters, "")


def test_a_response_without_its_final_nul_or_body_still_gives_a_message_id() -> None:
    assert pdus.message_id(b"abc") == "abc"
    assert pdus.message_id(b"") == ""
