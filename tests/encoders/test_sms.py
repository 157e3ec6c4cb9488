"""SMS user data: headers, segments, and messages put together again."""

from dataclasses import replace
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from encoders.errors import DecodeError, EncodeError
from encoders.sms import Reassembler, Segment, UserData, cut, decode_user_data, segment, slices
from tests.facts import facts, name_of

SMS = facts("sms.json")
SENDER = "+4915700000001"
BODIES = st.builds(lambda size, seed: Random(seed).randbytes(size), st.integers(0, 1200), st.integers())
"""As often of several segments as of one; drawn octet by octet they would nearly all be short."""


def user_data(reference: int = 1, total: int = 2, number: int = 1, payload: bytes = b"a") -> UserData:
    """One segment of a push."""
    return UserData(
        destination_port=2948, source_port=9200, reference=reference, total=total, number=number, payload=payload
    )


def octets_of(one: Segment) -> bytes:
    """The TP-User-Data of a segment."""
    return one.header + one.payload


def test_one_sms_is_written_like_the_standard() -> None:
    assert segment(b"\x01\x06", reference=0xAA) == (Segment(bytes.fromhex("0605040B8423F0"), b"\x01\x06", 1, 1),)


def test_segments_are_written_like_the_standard() -> None:
    first, second = segment(bytes(134), reference=0xAA)
    assert first == (bytes.fromhex("0B05040B8423F00003AA0201"), bytes(128), 1, 2)
    assert second == (bytes.fromhex("0B05040B8423F00003AA0202"), bytes(6), 2, 2)


def test_segments_with_a_wide_reference_are_written_like_the_standard() -> None:
    first, second = segment(bytes(134), reference=0xAABB, wide=True, destination_port=49999, source_port=49154)
    assert first == (bytes.fromhex("0C0504C34FC0020804AABB0201"), bytes(127), 1, 2)
    assert second == (bytes.fromhex("0C0504C34FC0020804AABB0202"), bytes(7), 2, 2)


@pytest.mark.parametrize("fact", SMS, ids=name_of)
def test_user_data_is_read_like_the_standard(fact: dict[str, Any]) -> None:
    assert decode_user_data(bytes.fromhex(fact["octets"])) == UserData(
        destination_port=fact["destination_port"],
        source_port=fact["source_port"],
        reference=fact["reference"],
        total=fact["total"],
        number=fact["number"],
        payload=bytes.fromhex(fact["payload"]),
    )


@given(
    body=BODIES,
    wide=st.booleans(),
    reference=st.integers(0, 255),
    ports=st.tuples(st.integers(0, 0xFFFF), st.integers(0, 0xFFFF)),
    random=st.randoms(use_true_random=False),
)
def test_a_message_comes_back_unchanged_in_any_order_and_with_duplicates(
    body: bytes, wide: bool, reference: int, ports: tuple[int, int], random: Random
) -> None:
    cut = segment(body, reference=reference, wide=wide, destination_port=ports[0], source_port=ports[1])
    assert all(len(octets_of(one)) <= 140 for one in cut)
    *early, last = random.sample(cut, len(cut))
    arrivals = [*early, *early, last] if early else [last]
    reassembler = Reassembler()
    results = [reassembler.add(SENDER, decode_user_data(octets_of(one))) for one in arrivals]
    assert results == [None] * (len(arrivals) - 1) + [body]


@given(octets=st.binary(max_size=160) | st.binary(max_size=140).map(lambda tail: b"\x0b\x05\x04\x0b\x84" + tail))
def test_any_octets_are_user_data_or_say_why_not(octets: bytes) -> None:
    try:
        data = decode_user_data(octets)
    except DecodeError:
        return
    assert octets.endswith(data.payload)
    assert 1 <= data.number <= data.total <= 255


@pytest.mark.parametrize(
    ("octets", "reason"),
    [
        (b"", "none left"),
        (bytes(141), "at most 140"),
        (b"\x02\x05", "2 octets expected, 1 left"),
        (b"\x01\x05", "one more expected"),
        (b"\x02\x70\x01", "1 octets expected, 0 left"),
        (b"\x05\x05\x03\x00\x00\x00", "port element of 3 octets: 4"),
        (b"\x03\x04\x01\x00", "port element of 1 octets: 2"),
        (b"\x04\x00\x02\x00\x01", "concatenation element of 2 octets: 3"),
        (b"\x05\x08\x03\x00\x01\x01", "concatenation element of 3 octets: 4"),
    ],
)
def test_what_is_no_user_data_is_refused_with_the_reason(octets: bytes, reason: str) -> None:
    with pytest.raises(DecodeError, match=reason):
        decode_user_data(octets)


@pytest.mark.parametrize(
    ("size", "wide", "count"),
    [
        (0, False, 1),
        (133, False, 1),
        (134, False, 2),
        (256, False, 2),
        (257, False, 3),
        (255 * 128, False, 255),
        (133, True, 1),
        (254, True, 2),
        (255, True, 3),
        (255 * 127, True, 255),
    ],
)
def test_payload_goes_into_as_few_sms_as_hold_it(size: int, wide: bool, count: int) -> None:
    assert len(segment(bytes(size), reference=0, wide=wide)) == count
    assert len(slices(bytes(size), wide=wide)) == count


@pytest.mark.parametrize(
    ("size", "arguments", "reason"),
    [
        (255 * 128 + 1, {"reference": 0}, "32641 octets: at most 32640 fit 255 SMS"),
        (255 * 127 + 1, {"reference": 0, "wide": True}, "at most 32385"),
        (134, {"reference": 256}, "reference 256: 0 to 255"),
        (134, {"reference": -1}, "reference -1"),
        (134, {"reference": 65536, "wide": True}, "reference 65536: 0 to 65535"),
        (1, {"reference": 0, "destination_port": 65536}, "port 65536"),
        (134, {"reference": 0, "source_port": -1}, "port -1"),
    ],
)
def test_what_no_sms_can_carry_is_refused_with_the_reason(size: int, arguments: dict[str, Any], reason: str) -> None:
    with pytest.raises(EncodeError, match=reason):
        segment(bytes(size), **arguments)


def test_user_data_without_concatenation_is_a_message_at_once() -> None:
    assert Reassembler().add(SENDER, UserData(payload=b"a")) == b"a"


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(user_data(number=2, reference=2), id="reference"),
        pytest.param(user_data(number=2, total=3), id="total"),
        pytest.param(replace(user_data(number=2), destination_port=2949), id="port"),
    ],
)
def test_segments_that_differ_in_more_than_their_number_are_not_joined(other: UserData) -> None:
    reassembler = Reassembler()
    assert reassembler.add(SENDER, user_data()) is None
    assert reassembler.add(SENDER, other) is None
    assert reassembler.add(SENDER, user_data(number=2, payload=b"b")) == b"ab"


def test_segments_of_two_senders_are_not_joined() -> None:
    reassembler = Reassembler()
    assert reassembler.add(SENDER, user_data()) is None
    assert reassembler.add("+4915700000002", user_data(number=2)) is None


def test_a_reference_used_again_begins_a_new_message() -> None:
    reassembler = Reassembler()
    assert reassembler.add(SENDER, user_data(total=3, number=1, payload=b"old")) is None
    assert reassembler.add(SENDER, user_data(total=3, number=2, payload=b"old")) is None
    assert reassembler.add(SENDER, user_data(total=3, number=1, payload=b"new")) is None
    assert reassembler.add(SENDER, user_data(total=3, number=3, payload=b".")) is None
    assert reassembler.add(SENDER, user_data(total=3, number=2, payload=b" one")) == b"new one."


def test_a_message_begun_too_long_ago_begins_anew() -> None:
    reassembler = Reassembler(lifetime_s=60)
    assert reassembler.add(SENDER, user_data(number=1), now=1000) is None
    assert reassembler.add(SENDER, user_data(number=2), now=1061) is None
    assert reassembler.add(SENDER, user_data(number=1, payload=b"b"), now=1121) == b"ba"


def test_when_too_many_segments_wait_the_oldest_message_is_given_up() -> None:
    reassembler = Reassembler(capacity=255)
    for reference in range(256):
        assert reassembler.add(SENDER, user_data(reference=reference)) is None
    assert reassembler.add(SENDER, user_data(reference=0, number=2)) is None, "the first one was given up"
    assert reassembler.add(SENDER, user_data(reference=255, number=2, payload=b"z")) == b"az"


def test_a_finished_message_leaves_its_room_to_others() -> None:
    reassembler = Reassembler(capacity=255)
    assert reassembler.add(SENDER, user_data(reference=0)) is None
    for reference in range(1, 255):
        reassembler.add("a", user_data(reference=reference))
        assert reassembler.add("a", user_data(reference=reference, number=2)) == b"aa"
    for reference in range(254):
        reassembler.add("b", user_data(reference=reference))
    assert reassembler.add(SENDER, user_data(reference=0, number=2)) == b"aa"


def test_a_reassembler_has_room_for_at_least_one_message() -> None:
    with pytest.raises(ValueError, match="255 segments"):
        Reassembler(capacity=254)


def test_payloads_are_kept_out_of_what_is_shown() -> None:
    assert "secret" not in repr(segment(b"secret", reference=0))
    assert "secret" not in repr(cut(b"secret"))
    assert "secret" not in repr(UserData(payload=b"secret"))
