"""Text in SMS: alphabets, septets with their fill bits, and cuts that leave every character whole."""

from contextlib import suppress
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from encoders.errors import DecodeError, EncodeError
from encoders.sms import Reassembler, Segment
from encoders.sms_text import (
    Alphabet,
    TextUserData,
    cheapest_alphabet,
    decode_text,
    decode_text_user_data,
    encode_text,
    pack,
    segment_text,
    text_of,
    unpack,
    user_data,
)
from encoders.sms_text_tokens import DEFAULT_ALPHABET, ESCAPE, EXTENSION
from tests.facts import facts, name_of

GSM, UCS_2 = Alphabet.GSM_7_BIT, Alphabet.UCS_2
EXAMPLES = facts("sms_text.json")
HEADER_OCTETS = {False: 6, True: 7}

gsm_characters = st.sampled_from(DEFAULT_ALPHABET.replace(chr(ESCAPE), "") + "".join(EXTENSION.values()))
characters = {GSM: gsm_characters, UCS_2: st.characters(exclude_categories=["Cs"]) | st.sampled_from("😀𝄞")}


def long_texts(alphabet: Alphabet) -> st.SearchStrategy[str]:
    """As often of several SMS as of one: few characters are drawn, then many chosen among them."""
    few = st.lists(characters[alphabet], min_size=1, max_size=8)
    return st.builds(
        lambda chosen, size, seed: "".join(Random(seed).choices(chosen, k=size)),
        few,
        st.integers(0, 700),
        st.integers(),
    )


messages = st.sampled_from(Alphabet).flatmap(lambda alphabet: st.tuples(st.just(alphabet), long_texts(alphabet)))


def arrived(segment: Segment, alphabet: Alphabet) -> Any:
    """What a handset makes of a segment."""
    return decode_text_user_data(user_data(segment, alphabet), alphabet, has_header=bool(segment.header))


@pytest.mark.parametrize("fact", EXAMPLES, ids=name_of)
def test_user_data_is_written_and_read_like_the_standard(fact: dict[str, Any]) -> None:
    alphabet, header = Alphabet(fact["alphabet"]), bytes.fromhex(fact["header"])
    data = TextUserData(fact["length"], bytes.fromhex(fact["octets"]))
    assert user_data(Segment(header, encode_text(fact["text"], alphabet), 1, 1), alphabet) == data
    read = decode_text_user_data(data, alphabet, has_header=bool(header))
    assert decode_text(read.payload, alphabet) == fact["text"]
    assert (read.total, read.number) == ((2, 2) if header else (1, 1))


@given(message=messages, wide=st.booleans(), reference=st.integers(0, 255), random=st.randoms(use_true_random=False))
def test_a_text_comes_back_unchanged_in_any_order(
    message: tuple[Alphabet, str], wide: bool, reference: int, random: Random
) -> None:
    alphabet, text = message
    sent = segment_text(text, alphabet, reference=reference, wide=wide)
    assert text_of(sent) == text
    assert all(len(user_data(segment, alphabet).octets) <= 140 for segment in sent.segments)
    reassembler = Reassembler()
    shuffled = random.sample(sent.segments, len(sent.segments))
    *early, last = (reassembler.add("7700", arrived(segment, alphabet)) for segment in shuffled)
    assert early == [None] * len(early)
    assert decode_text(last or b"", alphabet) == text


@given(message=messages, wide=st.booleans())
def test_every_sms_of_a_message_is_text_of_its_own(message: tuple[Alphabet, str], wide: bool) -> None:
    alphabet, text = message
    sent = segment_text(text, alphabet, reference=1, wide=wide)
    assert "".join(decode_text(segment.payload, alphabet) for segment in sent.segments) == text


@given(message=messages, wide=st.booleans())
def test_a_text_takes_as_few_sms_as_hold_its_characters_whole(message: tuple[Alphabet, str], wide: bool) -> None:
    alphabet, text = message
    sent = segment_text(text, alphabet, reference=1, wide=wide)
    for segment, following in zip(sent.segments, sent.segments[1:], strict=False):
        character = decode_text(following.payload, alphabet)[0]
        longer = segment._replace(payload=segment.payload + encode_text(character, alphabet))
        assert len(user_data(longer, alphabet).octets) > 140


@pytest.mark.parametrize(
    ("text", "alphabet", "wide", "sizes"),
    [
        ("", GSM, False, [0]),
        ("a" * 160, GSM, False, [160]),
        ("a" * 161, GSM, False, [153, 8]),
        ("a" * 161, GSM, True, [152, 9]),
        ("€" * 80, GSM, False, [160]),
        ("€" * 81, GSM, False, [152, 10]),
        ("a" * 152 + "€" * 5, GSM, False, [152, 10]),
        ("я" * 70, UCS_2, False, [140]),
        ("я" * 71, UCS_2, False, [134, 8]),
        ("я" * 71, UCS_2, True, [132, 10]),
        ("я" * 66 + "😀" * 3, UCS_2, False, [132, 12]),
    ],
)
def test_messages_are_cut_like_the_standard(text: str, alphabet: Alphabet, wide: bool, sizes: list[int]) -> None:
    sent = segment_text(text, alphabet, reference=1, wide=wide)
    assert [len(segment.payload) for segment in sent.segments] == sizes
    assert {len(segment.header) for segment in sent.segments} == {HEADER_OCTETS[wide] if sizes[1:] else 0}


def test_the_header_of_a_text_has_no_ports() -> None:
    first, second = segment_text("a" * 161, GSM, reference=0xAA).segments
    assert (first.header.hex(), second.header.hex()) == ("050003aa0201", "050003aa0202")
    wide, _ = segment_text("a" * 161, GSM, reference=0xAABB, wide=True).segments
    assert wide.header.hex() == "060804aabb0201"


def test_the_longest_text_takes_255_sms() -> None:
    assert len(segment_text("a" * 153 * 255, GSM, reference=1).segments) == 255
    with pytest.raises(EncodeError, match="message of 256 SMS: 1 to 255"):
        segment_text("a" * (153 * 255 + 1), GSM, reference=1)
    with pytest.raises(EncodeError, match="reference 256"):
        segment_text("a" * 161, GSM, reference=256)


@given(messages)
def test_the_cheapest_alphabet_holds_the_text_and_no_other_takes_fewer_sms(message: tuple[Alphabet, str]) -> None:
    _, text = message
    chosen = segment_text(text, cheapest_alphabet(text), reference=1)
    in_ucs_2 = segment_text(text, UCS_2, reference=1)
    assert text_of(chosen) == text
    assert len(chosen.segments) <= len(in_ucs_2.segments)


def test_a_character_that_the_alphabet_lacks_is_named() -> None:
    with pytest.raises(EncodeError, match="'я' is not in the GSM 7-bit alphabet; write it in UCS-2"):
        encode_text("aя", GSM)
    with pytest.raises(EncodeError, match="'\\\\x1b' is not in the GSM"):
        encode_text("\x1b", GSM)
    with pytest.raises(EncodeError, match="lone surrogate"):
        encode_text("\ud800", UCS_2)


def test_the_alphabet_has_128_codes_and_the_extension_ten() -> None:
    assert len(DEFAULT_ALPHABET) == len(set(DEFAULT_ALPHABET)) == 128
    assert not set(EXTENSION.values()) & set(DEFAULT_ALPHABET)
    assert len(set(EXTENSION.values())) == 10


@pytest.mark.parametrize(
    ("payload", "text"), [(b"\x1b\x41", "A"), (b"\x1b\x1b\x65", " e"), (b"\x1b\x1b", " "), (b"\x1b\x65", "€")]
)
def test_codes_that_the_extension_lacks_are_shown_as_the_standard_says(payload: bytes, text: str) -> None:
    assert decode_text(payload, GSM) == text


@pytest.mark.parametrize(
    ("payload", "alphabet", "rule"),
    [
        (b"\x80", GSM, "octet 0: 80 is no septet"),
        (b"a\x1b", GSM, "octet 1: escape without the code"),
        (b"\x04", UCS_2, "octet 0: not UCS-2: truncated"),
        (b"\xd8\x00\x00\x41", UCS_2, "octet 0: not UCS-2"),
    ],
)
def test_what_is_no_text_is_refused_with_the_rule(payload: bytes, alphabet: Alphabet, rule: str) -> None:
    with pytest.raises(DecodeError, match=rule):
        decode_text(payload, alphabet)


@pytest.mark.parametrize(
    ("length", "octets", "alphabet", "has_header", "rule"),
    [
        (2, b"a", GSM, False, "user data of 1 octets; its length field says 2"),
        (161, bytes(141), GSM, False, "user data of 141 octets"),
        (0, b"", GSM, True, "none left"),
        (0, b"", UCS_2, True, "none left"),
        (8, b"\x05\x00\x03\x01\x02\x01\x00", GSM, True, None),
        (6, b"\x05\x00\x03\x01\x02\x01", GSM, True, "6 septets: its header alone takes 7"),
        (3, b"\xff\x00\x00", GSM, True, "its header alone"),
        (3, b"\x02\x00\x03", UCS_2, True, "octets expected"),
    ],
)
def test_user_data_that_contradicts_itself_is_refused(
    length: int, octets: bytes, alphabet: Alphabet, has_header: bool, rule: str | None
) -> None:
    if rule is None:
        assert decode_text_user_data(TextUserData(length, octets), alphabet, has_header=has_header).payload == b"\x00"
        return
    with pytest.raises(DecodeError, match=rule):
        decode_text_user_data(TextUserData(length, octets), alphabet, has_header=has_header)


@given(st.binary(max_size=150), st.integers(0, 200), st.sampled_from(Alphabet), st.booleans(), st.booleans())
def test_any_user_data_is_text_or_a_decode_error(
    octets: bytes, length: int, alphabet: Alphabet, has_header: bool, fits: bool
) -> None:
    length = (len(octets) * 8 // 7 if alphabet is GSM else len(octets)) if fits else length
    with suppress(DecodeError):
        data = decode_text_user_data(TextUserData(length, octets), alphabet, has_header=has_header)
        decode_text(data.payload, alphabet)


@given(st.lists(st.integers(0, 0x7F), max_size=160).map(bytes), st.integers(0, 6))
def test_septets_come_back_from_any_fill(septets: bytes, fill_bits: int) -> None:
    packed = pack(septets, fill_bits)
    assert len(packed) == -(-(7 * len(septets) + fill_bits) // 8)
    assert unpack(packed, len(septets), fill_bits) == septets


def test_more_septets_than_there_are_is_refused() -> None:
    with pytest.raises(DecodeError, match="2 septets expected; 1 octets hold fewer"):
        unpack(b"a", 2)


def test_the_text_is_kept_out_of_what_is_shown() -> None:
    assert "secret" not in repr(segment_text("secret", GSM, reference=1))
    assert repr(TextUserData(6, b"secret")) == "TextUserData(length=6, 6 octets)"
