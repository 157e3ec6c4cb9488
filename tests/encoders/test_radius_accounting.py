"""RADIUS accounting: records as networks send them, what proves their sender, and the answers."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from msgspec.structs import replace

from encoders.errors import DecodeError, EncodeError
from encoders.radius_accounting import (
    AccountingRequest,
    StatusServer,
    decode,
    decode_imeisv,
    decode_imsi,
    encode_response,
    verify,
)
from tests.encoders.radius_octets import (
    IMEISV,
    IMSI,
    MSISDN,
    SECRET,
    START,
    attribute,
    integer,
    of_3gpp,
    record,
    request,
    response,
    signed_request,
    status_server,
)
from tests.facts import facts, name_of

STATUS = integer(40, START)
ANY_ATTRIBUTES = st.lists(st.builds(attribute, st.integers(1, 255), st.binary(max_size=40)), max_size=12)


def decoded(octets: bytes) -> AccountingRequest:
    """A record; the test fails when it is none."""
    found = decode(octets)
    assert isinstance(found, AccountingRequest)
    return found


# Records


def test_a_record_says_who_is_where_since_when() -> None:
    octets = record(IMSI, IMEISV.encode(), integer(55, 1_772_366_400), integer(41, 7), integer(46, 600), identifier=200)
    assert decoded(octets) == AccountingRequest(
        identifier=200,
        authenticator=octets[4:20],
        status_type=START,
        session_id="0A0000010000002A",
        imsi=IMSI.encode(),
        imeisv=IMEISV.encode(),
        calling_station_id=MSISDN,
        nas_address="10.0.0.1",
        nas_identifier="ggsn-east",
        event_timestamp_s=1_772_366_400,
        session_s=600,
        delay_s=7,
    )


def test_what_a_record_does_not_say_is_none() -> None:
    octets = request(STATUS)
    assert decoded(octets) == AccountingRequest(1, octets[4:20], START)


def test_several_attributes_of_3gpp_may_share_one_vendor_specific() -> None:
    found = decoded(request(STATUS, of_3gpp(attribute(1, b"001010"), attribute(21, b"\6"), attribute(20, b"35"))))
    assert (found.imsi, found.imeisv) == (b"001010", b"35")


def test_attributes_of_other_vendors_are_passed_over() -> None:
    foreign = attribute(26, (9).to_bytes(4, "big") + attribute(1, b"999999"))
    assert decoded(request(STATUS, foreign)).imsi is None


def test_of_an_attribute_that_comes_twice_the_first_counts() -> None:
    numbers = attribute(31, b"111111") + attribute(31, b"222222")
    octets = request(STATUS, numbers, of_3gpp(attribute(1, b"1"), attribute(1, b"2")))
    assert decoded(octets).calling_station_id == "111111"
    assert decoded(octets).imsi == b"1"


TEXTS = {31: "calling_station_id", 32: "nas_identifier", 44: "session_id"}
INTEGERS = {40: "status_type", 41: "delay_s", 46: "session_s", 55: "event_timestamp_s"}
OF_3GPP = {1: "imsi", 20: "imeisv"}
FIELDS = {**TEXTS, **INTEGERS, **OF_3GPP}
TOLD = st.lists(
    st.tuples(st.sampled_from(sorted(TEXTS)), st.text(max_size=60))
    | st.tuples(st.sampled_from(sorted(INTEGERS)), st.integers(0, 0xFFFF_FFFF))
    | st.tuples(st.sampled_from(sorted(OF_3GPP)), st.binary(max_size=16))
    | st.tuples(st.sampled_from([33, 25]), st.binary(max_size=16)),
    max_size=20,
)


def written(number: int, value: str | int | bytes) -> bytes:
    """An attribute of a record, in its Vendor-Specific where it is one of 3GPP."""
    if isinstance(value, bytes):
        return (
            of_3gpp(attribute(21, b"\6"), attribute(number, value)) if number in OF_3GPP else attribute(number, value)
        )
    return integer(number, value) if isinstance(value, int) else attribute(number, value.encode())


@given(told=TOLD, padding=st.binary(max_size=5))
def test_what_a_record_tells_is_read_in_any_order(told: list[tuple[int, Any]], padding: bytes) -> None:
    told = [*told, (40, START)]
    octets = request(*(written(number, value) for number, value in told))
    fields = {FIELDS[number]: value for number, value in reversed(told) if number in FIELDS}
    states = tuple(value for number, value in told if number == 33)
    assert decoded(octets + padding) == AccountingRequest(1, octets[4:20], proxy_states=states, **fields)


WRONG_NUMBERS = st.sampled_from(sorted(INTEGERS)), st.binary(max_size=40).filter(lambda value: len(value) != 4)
WRONG_ADDRESSES = st.sampled_from([4, 95]), st.binary(max_size=40).filter(lambda value: len(value) not in (4, 16))


@given(wrong=st.tuples(*WRONG_NUMBERS) | st.tuples(*WRONG_ADDRESSES))
def test_a_value_that_has_not_the_form_of_its_type_is_as_if_it_were_not_there(wrong: tuple[int, bytes]) -> None:
    """RFC 6929 clause 2.8: the packet is not refused for it; nor is a later one with its form passed over."""
    octets = record(IMSI, IMEISV.encode(), integer(55, 1_772_366_400), integer(41, 7), integer(46, 600))
    spoilt = request(attribute(*wrong), octets[20:])
    assert decoded(spoilt) == replace(decoded(octets), authenticator=spoilt[4:20])


@pytest.mark.parametrize(
    "stray",
    [b"\0", b"\x15", b"\x15\0", b"\x15\1\6", b"\x15\x09ab", bytes(5), b"\xff" * 3],
    ids=["filled", "a number alone", "length 0", "length 1", "beyond the end", "much filling", "other filling"],
)
@pytest.mark.parametrize("before", [b"", attribute(1, IMSI.encode())], ids=["nothing before it", "an IMSI before it"])
def test_of_a_vendor_specific_counts_what_stands_before_a_fault(before: bytes, stray: bytes) -> None:
    octets = request(STATUS, of_3gpp(before, stray), of_3gpp(attribute(20, IMEISV.encode())))
    verify(octets, SECRET)
    imsi = IMSI.encode() if before else None
    assert decoded(octets) == AccountingRequest(1, octets[4:20], START, imsi=imsi, imeisv=IMEISV.encode())


def test_the_address_of_a_client_may_be_of_either_family() -> None:
    assert decoded(request(STATUS, attribute(95, bytes(15) + b"\1"))).nas_address == "::1"


def test_octets_after_the_end_of_a_packet_are_padding() -> None:
    octets = record()
    verify(octets + bytes(9), SECRET)
    assert decode(octets + bytes(9)) == decode(octets)


def test_a_text_that_is_no_utf8_is_shown_escaped() -> None:
    assert decoded(request(STATUS, attribute(44, b"\xff1"))).session_id == "\\xff1"


def test_the_view_of_a_record_names_nobody() -> None:
    assert repr(decode(record())) == "AccountingRequest(identifier=1, status_type=1)"


# Proof


def test_the_secret_is_proven_by_the_request_authenticator() -> None:
    verify(record(), SECRET)
    with pytest.raises(DecodeError, match="Request Authenticator"):
        verify(record(), b"another secret")


@given(place=st.integers(0, 10_000), flip=st.integers(1, 255))
def test_a_record_changed_on_its_way_is_refused(place: int, flip: int) -> None:
    octets = bytearray(record())
    octets[place % len(octets)] ^= flip
    with pytest.raises(DecodeError):
        verify(bytes(octets), SECRET)


def test_a_message_authenticator_must_be_right_where_there_is_one() -> None:
    verify(signed_request(STATUS), SECRET)
    with pytest.raises(DecodeError, match="Message-Authenticator"):
        verify(request(STATUS, attribute(80, bytes(16))), SECRET)


def test_the_octets_of_a_message_authenticator_inside_a_value_are_none() -> None:
    octets = request(STATUS, attribute(44, b"\x50\x12" + bytes(16)))
    verify(octets, SECRET)
    assert decoded(octets).session_id.startswith("P\x12")


def test_a_probe_needs_a_message_authenticator() -> None:
    verify(status_server(attribute(32, b"ggsn")), SECRET)
    assert decode(status_server(identifier=9)) == StatusServer(9, b"sixteen octets  ")
    with pytest.raises(DecodeError, match="Message-Authenticator"):
        verify(status_server(secret=b"another secret"), SECRET)
    with pytest.raises(DecodeError, match="without a Message-Authenticator"):
        verify(b"\x0c\1\0\x14" + bytes(16), SECRET)


# Answers


def test_an_answer_carries_its_authenticator_and_what_proxies_have_put_in() -> None:
    states = (attribute(33, b"first"), attribute(33, b""))
    octets = request(states[0], STATUS, states[1], identifier=77)
    assert encode_response(decode(octets), SECRET) == response(octets, *states)


def test_a_probe_is_answered_like_a_record() -> None:
    octets = status_server(identifier=3)
    assert encode_response(decode(octets), SECRET) == response(octets)


def test_an_answer_longer_than_a_packet_is_refused() -> None:
    too_many = StatusServer(1, bytes(16), (bytes(253),) * 16)
    assert len(encode_response(replace(too_many, proxy_states=(bytes(253),) * 15), SECRET)) == 20 + 15 * 255
    assert len(encode_response(replace(too_many, proxy_states=(bytes(252),) * 16), SECRET)) == 20 + 16 * 254
    with pytest.raises(EncodeError, match="4100 octets"):
        encode_response(too_many, SECRET)


# Identities


@pytest.mark.parametrize("fact", facts("imeisv_forms.json"), ids=name_of)
def test_an_imeisv_is_read_in_every_form_of_the_field(fact: dict[str, Any]) -> None:
    assert decode_imeisv(bytes.fromhex(fact["octets"])) == fact["digits"]


@given(digits=st.text("0123456789", min_size=14, max_size=16))
def test_semi_octets_and_ascii_mean_the_same(digits: str) -> None:
    filled = digits + "F" * (len(digits) % 2)
    swapped = "".join(filled[place + 1] + filled[place] for place in range(0, len(filled), 2))
    assume(set(digits[1::2]) != {"3"})  # these octets are digits in ASCII, too
    assert decode_imeisv(bytes.fromhex(swapped)) == decode_imeisv(digits.encode()) == digits


@pytest.mark.parametrize(
    "octets",
    [
        *[b"", b"3569090112345", b"35690901123456a", b"\xff" * 8, b"\x53\xf6" + bytes(6), b"1" * 17],
        *[b"35690901", b"3569090"],  # text that was cut short, and no semi-octets
    ],
)
def test_what_is_no_imeisv_is_refused(octets: bytes) -> None:
    with pytest.raises(DecodeError, match="14 to 16 digits"):
        decode_imeisv(octets)


def test_an_imsi_is_6_to_15_digits() -> None:
    assert decode_imsi(IMSI.encode()) == IMSI
    for octets in (b"00101", b"0" * 16, b"00101012345678\0", "\u0660".encode() * 3):
        with pytest.raises(DecodeError, match="6 to 15 digits"):
            decode_imsi(octets)


# Hostile input


@pytest.mark.parametrize(
    ("octets", "reason"),
    [
        (b"\4\1\0\x14" + bytes(15), "at least 20"),
        (b"\4\1\0\x13" + bytes(16), "length 19"),
        (b"\4\1\0\x15" + bytes(16), "datagram has 20"),
        (b"\4\1\x10\x01" + bytes(5000), "length 4097"),
        (b"\1\1\0\x14" + bytes(16), "code 1:"),
        (b"\5\1\0\x14" + bytes(16), "code 5:"),
        (request(), "Acct-Status-Type"),
        (request(STATUS, b"\x2c"), "attribute of length 0"),
        (request(STATUS, b"\x2c\1"), "attribute of length 1"),
        (request(STATUS, b"\x2c\5ab"), "attribute of length 5; 2 to 4"),
        (request(attribute(40, b"\0\0\1")), "Acct-Status-Type: .* a value of 4 octets"),
        (request(STATUS, attribute(26, b"\0\0\x28\xaf") + b"\1"), "attribute of length 0"),
    ],
)
def test_what_is_no_request_is_refused_with_its_reason(octets: bytes, reason: str) -> None:
    with pytest.raises(DecodeError, match=reason):
        decode(octets)


@given(octets=st.binary(max_size=200), code=st.sampled_from([4, 12]))
def test_any_octets_are_a_request_or_say_why_not(octets: bytes, code: int) -> None:
    for hostile in (octets, bytes((code, 1)) + (20 + len(octets)).to_bytes(2, "big") + bytes(16) + octets):
        with suppress(DecodeError):
            assert isinstance(decode(hostile), AccountingRequest | StatusServer)
        with suppress(DecodeError):
            verify(hostile, SECRET)


@given(attributes=ANY_ATTRIBUTES, of_vendor=st.binary(max_size=40))
def test_any_attributes_beside_its_kind_are_a_record(attributes: list[bytes], of_vendor: bytes) -> None:
    assert decoded(request(STATUS, *attributes, of_3gpp(of_vendor))).status_type == START


@given(octets=st.binary(max_size=20))
def test_any_octets_are_an_identity_or_say_why_not(octets: bytes) -> None:
    with suppress(DecodeError):
        assert 14 <= len(decode_imeisv(octets)) <= 16
    with suppress(DecodeError):
        assert decode_imsi(octets).encode() == octets
