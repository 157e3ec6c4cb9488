"""The WSP push PDU."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from encoders.errors import DecodeError, EncodeError
from encoders.octets import UINT32_MAX, encode_uintvar
from encoders.wsp import ContentType, Header, Parameter, PushPdu, decode_push, encode_push
from encoders.wsp_tokens import MEDIA_TYPES
from tests.facts import facts, name_of

PUSHES = facts("wsp_push.json")
WBXML = "application/vnd.wap.connectivity-wbxml"


def value_of(fact: dict[str, Any]) -> PushPdu:
    """The push that a fact describes; header values under names that nobody knows are in hexadecimal."""
    known = ("X-Wap-Application-Id", "X-Wap-Content-URI", "X-Wap-Initiator-URI", "Push-Flag")
    return PushPdu(
        transaction_id=fact["transaction_id"],
        content_type=ContentType(**fact["content_type"]),
        headers=tuple(
            Header(name, value if name in known else bytes.fromhex(value)) for name, value in fact["headers"]
        ),
        body=bytes.fromhex(fact["body"]),
    )


@pytest.mark.parametrize("fact", [fact for fact in PUSHES if fact["sent"]], ids=name_of)
def test_a_push_is_written_in_the_form_that_handsets_take(fact: dict[str, Any]) -> None:
    assert encode_push(value_of(fact)).hex().upper() == fact["octets"]


@pytest.mark.parametrize("fact", PUSHES, ids=name_of)
def test_a_push_is_read_in_every_form(fact: dict[str, Any]) -> None:
    assert decode_push(bytes.fromhex(fact["octets"])) == value_of(fact)


TOKENS = st.text("-.0123456789ABCXYZabcxyz_", min_size=1, max_size=12)
TEXTS = st.text(
    st.characters(codec="latin-1", exclude_characters=[chr(code) for code in (*range(32), 127)]), max_size=20
)
RAW_VALUES = st.one_of(
    st.integers(0x80, 0xFF).map(lambda octet: bytes((octet,))),
    st.binary(max_size=30).map(lambda data: bytes((len(data),)) + data),
    st.binary(max_size=200).map(lambda data: b"\x1f" + encode_uintvar(len(data)) + data),
    TOKENS.map(lambda text: text.encode("ascii") + b"\0"),
)
OTHER_PARAMETERS = st.one_of(
    st.builds(
        Parameter, st.one_of(TOKENS.map("x-{}".format), st.integers(2, 0x10), st.integers(0x13, 2**200)), RAW_VALUES
    ),
    st.builds(Parameter, st.just(0), st.integers(0, UINT32_MAX).map(encode_uintvar)),
)
CONTENT_TYPES = st.builds(
    ContentType,
    media_type=st.one_of(st.sampled_from(sorted(MEDIA_TYPES)), TEXTS.filter(bool)),
    charset=st.none() | st.integers(0, 2**16),
    security=st.none() | st.integers(0, 127),
    mac=st.none() | TOKENS,
    parameters=st.lists(OTHER_PARAMETERS, max_size=3).map(tuple),
)
HEADERS = st.one_of(
    st.builds(Header, st.just("X-Wap-Application-Id"), st.integers(0, 2**32) | TEXTS),
    st.builds(Header, st.sampled_from(["X-Wap-Content-URI", "X-Wap-Initiator-URI"]), TEXTS),
    st.builds(Header, st.just("Push-Flag"), st.integers(0, 127)),
    st.builds(Header, st.integers(0, 0x2E) | st.integers(0x35, 0x7F) | TOKENS.map("X-{}".format), RAW_VALUES),
)
PUSH_PDUS = st.builds(
    PushPdu,
    transaction_id=st.integers(0, 255),
    content_type=CONTENT_TYPES,
    headers=st.lists(HEADERS, max_size=4).map(tuple),
    body=st.binary(max_size=64),
)


@given(pdu=PUSH_PDUS)
def test_a_push_comes_back_unchanged(pdu: PushPdu) -> None:
    assert decode_push(encode_push(pdu)) == pdu


@given(octets=st.binary(max_size=80) | st.binary(max_size=40).map(lambda tail: b"\x01\x06\x10\x1f\x0c\xb6" + tail))
def test_any_octets_are_a_push_or_say_why_not(octets: bytes) -> None:
    try:
        pdu = decode_push(octets)
    except DecodeError:
        return
    assert octets.endswith(pdu.body)


@given(fact=st.sampled_from(PUSHES), place=st.integers(0, 100), octet=st.integers(0, 255), size=st.integers(0, 100))
def test_a_damaged_push_is_read_or_refused(fact: dict[str, Any], place: int, octet: int, size: int) -> None:
    octets = bytearray.fromhex(fact["octets"])
    octets[place % len(octets)] = octet
    damaged = bytes(octets[:size])
    try:
        pdu = decode_push(damaged)
    except DecodeError:
        return
    assert damaged.endswith(pdu.body)


def signed(content: str) -> bytes:
    """A push of which the content type holds these octets."""
    octets = bytes.fromhex(content)
    return bytes((1, 6, len(octets) + 1, len(octets))) + octets


@pytest.mark.parametrize(
    ("octets", "reason"),
    [
        (b"", "none left"),
        (b"\x01\x07\x01\xb6", "PDU type 07"),
        (b"\x01\x06\x00", "Content-Type: missing"),
        (b"\x01\x06\x02\xb6", "2 octets expected, 1 left"),
        (b"\x01\x06\x01\x00", "one more expected"),
        (b"\x01\x06\x01\xff", "not an assigned number"),
        (b"\x01\x06\x02\x01\x00", "media type: at least one character"),
        (b"\x01\x06\x03\x61\x0a\x00", "control characters"),
        (signed("B6 91 81 91 80"), "parameter 11 twice"),
        (signed("B6 91 81 53 45 43 00 80"), "parameter 11 twice"),
        (signed("B6 91 01 80"), "0 to 127"),
        (signed("B6 91 41 00"), "integer expected"),
        (signed("B6 92 81"), "text expected"),
        (signed("B6 81 41 00"), "integer expected"),
        (signed("B6 20 00 81"), "a token expected"),
        (b"\x01\x06\x02\xb6\xaf", "one more expected"),
        (b"\x01\x06\x03\xb6\xb1\x81", "text expected"),
        (b"\x01\x06\x03\xb6\x7f\x02", "code pages"),
        (b"\x01\x06\x03\xb6\x02\x81", "code pages"),
        (b"\x01\x06\x03\xb6\x00\x81", "a token expected"),
        (b"\x01\x06\x04\xb6\x20\x00\x81", "a token expected"),
    ],
)
def test_what_is_no_push_is_refused_with_the_reason(octets: bytes, reason: str) -> None:
    with pytest.raises(DecodeError, match=reason):
        decode_push(octets)


def push(*headers: Header, **content_type: Any) -> PushPdu:
    """A push of which only the content type and the headers matter."""
    return PushPdu(
        transaction_id=1, content_type=ContentType(**{"media_type": WBXML} | content_type), headers=headers, body=b""
    )


@pytest.mark.parametrize(
    ("pdu", "reason"),
    [
        (PushPdu(transaction_id=256, content_type=ContentType(media_type=WBXML), body=b""), "transaction id 256"),
        (push(media_type=""), "media type: at least one character"),
        (push(media_type="a\nb"), "control characters"),
        (push(media_type="a/€"), "character 2 is not in ISO 8859-1"),
        (push(charset=-1), "integer -1"),
        (push(charset=1 << 240), "at most 30 octets"),
        (push(security=128), "0 to 127 fit a short-integer"),
        (push(mac=""), "a token expected"),
        (push(mac='"AB'), "a token expected"),
        (push(parameters=(Parameter(0x11, b"\x81"),)), "parameter 17: the content type has a field"),
        (push(parameters=(Parameter("Mac", b"A\0"),)), "parameter Mac: the content type has a field"),
        (push(parameters=(Parameter(5, b"A"),)), "without its final NUL"),
        (push(parameters=(Parameter(5, b""),)), "not the octets of a WSP value"),
        (push(parameters=(Parameter(5, b"A\0B"),)), "1 octets after its end"),
        (push(Header("Push-Flag", 128)), "header Push-Flag: integer 128"),
        (push(Header("Push-Flag", "1")), "header Push-Flag: integer expected, got str"),
        (push(Header("X-Wap-Content-URI", 1)), "header X-Wap-Content-URI: URI expected, got int"),
        (push(Header(0x0D, 2)), "header 13: not a header known here"),
        (push(Header(0x80, b"\x81")), "header 128: integer 128"),
        (push(Header("a b", b"\x81")), "a token expected"),
    ],
)
def test_what_no_push_can_carry_is_refused_with_the_reason(pdu: PushPdu, reason: str) -> None:
    with pytest.raises(EncodeError, match=reason):
        encode_push(pdu)


def test_a_charset_without_a_number_here_stays_a_parameter() -> None:
    octets = signed("B6 63 68 61 72 73 65 74 00 6B 6F 69 38 2D 72 00")
    pdu = decode_push(octets)
    assert pdu.content_type.charset is None
    assert pdu.content_type.parameters == (Parameter("charset", b"koi8-r\0"),)
    assert decode_push(encode_push(pdu)) == pdu


def test_a_charset_may_be_named_in_either_case() -> None:
    assert decode_push(signed("B6 81 55 54 46 2D 38 00")).content_type.charset == 106


def test_names_of_headers_may_be_text_in_either_case() -> None:
    octets = b"\x01\x06\x0d\xb6push-flag\x003\0" + b"\xff"
    assert decode_push(octets).headers == (Header("Push-Flag", 3),)
    assert decode_push(octets).body == b"\xff"


def test_the_body_is_kept_out_of_what_is_shown() -> None:
    assert "secret" not in repr(PushPdu(transaction_id=1, content_type=ContentType(media_type=WBXML), body=b"secret"))
