"""The SMSC's own reading of SMPP 3.4."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tps.sim.esme import SHORT_MESSAGE, submit_body
from tps.sim.smsc_pdus import PduError, Status, SubmitSm, parse_bind, parse_submit_sm

PORTS = bytes.fromhex("020B00020B84" + "020A000223F0")
PLACE = bytes.fromhex("020C000200AA" + "020E000102" + "020F000101")


def parsed(body: bytes) -> SubmitSm:
    return parse_submit_sm(b"before" + body + b"after", 6, 6 + len(body))


def test_a_submit_sm_is_read_like_the_standard() -> None:
    submitted = parsed(submit_body(validity=b"000001000000000R", registered=3))
    assert submitted.source_field == b"\x05\x00tps\0"
    assert submitted.destination_field == b"\x01\x01990000000001\0"
    assert (submitted.source, submitted.destination) == ("tps", "990000000001")
    assert (submitted.esm_class, submitted.registered_delivery, submitted.data_coding) == (0x40, 3, 4)
    assert submitted.octets == SHORT_MESSAGE
    assert submitted.tlvs == {}


def test_optional_parameters_are_read_by_tag() -> None:
    submitted = parsed(submit_body(esm_class=0, short_message=b"slice", tlvs=PORTS + PLACE))
    assert submitted.tlvs == {0x20B: b"\x0b\x84", 0x20A: b"\x23\xf0", 0x20C: b"\0\xaa", 0x20E: b"\2", 0x20F: b"\1"}
    assert submitted.octets == b"slice"


def test_a_message_payload_stands_for_the_short_message() -> None:
    payload = bytes(300)
    submitted = parsed(submit_body(short_message=b"", tlvs=b"\x04\x24\x01\x2c" + payload))
    assert submitted.octets == payload


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", Status.ESME_RINVCMDLEN),
        (submit_body()[:30], Status.ESME_RINVCMDLEN),
        (submit_body()[:-1], Status.ESME_RINVMSGLEN),
        (submit_body(short_message=bytes(141)), Status.ESME_RINVMSGLEN),
        (submit_body(short_message=bytes(141), tlvs=PORTS), Status.ESME_RINVMSGLEN),
        (submit_body(short_message=bytes(255), data_coding=0), Status.ESME_RINVMSGLEN),
        (submit_body(destination=""), Status.ESME_RINVDSTADR),
        (submit_body(destination="9" * 21), Status.ESME_RINVDSTADR),
        (submit_body(validity=b"1"), Status.ESME_RINVEXPIRY),
        (submit_body(tlvs=b"\x02\x0b\x00"), Status.ESME_RINVOPTPARSTREAM),
        (submit_body(tlvs=b"\x02\x0b\x00\x02\x0b"), Status.ESME_RINVOPTPARSTREAM),
        (submit_body(tlvs=PLACE), Status.ESME_RINVOPTPARAMVAL),
        (submit_body(tlvs=b"\x04\x24\x00\x01\x00"), Status.ESME_RINVOPTPARAMVAL),
    ],
)
def test_what_breaks_the_standard_has_its_status(body: bytes, status: Status) -> None:
    with pytest.raises(PduError) as caught:
        parsed(body)
    assert caught.value.status is status


@given(st.binary(max_size=120) | st.binary(max_size=20).map(lambda octets: submit_body(tlvs=octets)))
def test_any_octets_are_a_submit_sm_or_have_a_status(octets: bytes) -> None:
    try:
        submitted = parse_submit_sm(octets, 0, len(octets))
    except PduError as error:
        submitted = None
        status = error.status
    assert (submitted.destination if submitted else status.name) != ""


@pytest.mark.parametrize("body", [b"", b"tps\0tps\0", b"tps\0tps\0type\0\x34", b"tps\0tps\0type\0\x34\0\0"])
def test_a_bind_that_is_cut_short_is_refused(body: bytes) -> None:
    with pytest.raises(PduError):
        parse_bind(body)
