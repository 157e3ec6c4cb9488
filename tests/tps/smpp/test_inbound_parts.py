"""Whether a message from a handset is whole or a part."""

import contextlib

from hypothesis import given
from hypothesis import strategies as st

from encoders.errors import DecodeError
from tps.smpp import pdus
from tps.smpp.inbound_parts import user_data_of
from tps.smpp.outcomes import Inbound


def inbound(octets: bytes, parameters: dict[int, bytes] | None = None, *, has_header: bool = False) -> Inbound:
    return Inbound("north", "4917", 1, "7700", 0, 0, has_header, octets, parameters or {}, (1, 1))


def test_a_text_of_153_septets_is_read_behind_its_header() -> None:
    data = user_data_of(inbound(b"\x05\x00\x03\x07\x03\x02" + b"x" * 153, has_header=True))
    assert (data.reference, data.total, data.number, data.payload) == (7, 3, 2, b"x" * 153)


def test_ports_and_numbering_may_stand_in_parameters() -> None:
    parameters = {
        pdus.DESTINATION_PORT: b"\x23\x28",
        pdus.SAR_MSG_REF_NUM: b"\x01\x02",
        pdus.SAR_TOTAL_SEGMENTS: b"\x02",
        pdus.SAR_SEGMENT_SEQNUM: b"\x01",
    }
    data = user_data_of(inbound(b"x", parameters))
    assert (data.destination_port, data.reference, data.total, data.number) == (9000, 0x102, 2, 1)
    parameters[pdus.SAR_SEGMENT_SEQNUM] = b"\x03"
    assert user_data_of(inbound(b"x", parameters)).total == 1
    assert user_data_of(inbound(b"x")).destination_port is None


@given(
    st.binary(max_size=260),
    st.dictionaries(st.integers(0x20A, 0x20F), st.binary(max_size=4), max_size=6),
    st.booleans(),
)
def test_any_octets_are_user_data_or_the_one_error(octets: bytes, parameters: dict[int, bytes], header: bool) -> None:
    with contextlib.suppress(DecodeError):
        data = user_data_of(inbound(octets, parameters, has_header=header))
        assert 1 <= data.number <= data.total <= 255
        assert octets.endswith(data.payload)
