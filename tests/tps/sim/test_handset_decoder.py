"""User data headers and pushes as the handset reads them."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.facts import facts, name_of
from tests.tps.sim.pushes import DOCUMENT, signed, unsigned
from tps.sim.handset_decoder import Push, decode_push, decode_user_data
from tps.sim.handset_octets import DecodeError

MAC_HEX = b"0BB3BB551F0A93359EC29E6CEAC1440E4A617489".hex()


@pytest.mark.parametrize("fact", facts("sms.json"), ids=name_of)
def test_user_data_headers_are_read_like_the_standard(fact: dict[str, Any]) -> None:
    user_data = decode_user_data(bytes.fromhex(fact["octets"]))
    assert user_data.destination_port == fact["destination_port"]
    assert user_data.source_port == fact["source_port"]
    assert (user_data.total, user_data.number) == (fact["total"], fact["number"])
    assert user_data.reference & 0xFFFF == (fact["reference"] or 0)
    assert user_data.payload == bytes.fromhex(fact["payload"])


def test_an_8_bit_and_a_16_bit_reference_are_never_the_same() -> None:
    short = decode_user_data(bytes.fromhex("05000301" + "0201"))
    wide = decode_user_data(bytes.fromhex("0608040001" + "0201"))
    assert short.reference != wide.reference


@pytest.mark.parametrize("octets", ["", "05", "0205", "0605040B84", "03050100"])
def test_a_broken_header_is_an_error(octets: str) -> None:
    with pytest.raises(DecodeError):
        decode_user_data(bytes.fromhex(octets))


@pytest.mark.parametrize(
    "fact",
    [fact for fact in facts("wsp_push.json") if "connectivity" in fact["content_type"]["media_type"]],
    ids=name_of,
)
def test_pushes_are_read_like_the_standard(fact: dict[str, Any]) -> None:
    push = decode_push(bytes.fromhex(fact["octets"]))
    expected = fact["content_type"]
    assert push.transaction_id == fact["transaction_id"]
    assert push.content_type.media_type == expected["media_type"]
    assert push.content_type.security == expected["security"]
    assert push.content_type.mac == expected["mac"]
    assert push.body == bytes.fromhex(fact["body"])


@pytest.mark.parametrize("push", [signed(DOCUMENT), bytes.fromhex("0106051F03B69183")], ids=["MAC", "USERPINMAC"])
def test_the_one_form_that_all_take_is_exact(push: bytes) -> None:
    assert decode_push(push).is_exact


@pytest.mark.parametrize(
    "header",
    [
        "2DB69181" + "92" + MAC_HEX + "00",
        "1F2DB692" + MAC_HEX + "00" + "9181",
        "1F2EB6918192" + "22" + MAC_HEX + "00",
        "1F2FB6918192" + MAC_HEX + "00" + "81EA",
        "1F2DB6918192" + MAC_HEX + "00" + "AF82",
        "1F53" + b"application/vnd.wap.connectivity-wbxml\0".hex() + "918192" + MAC_HEX + "00",
        "1F2CB6918192" + MAC_HEX[:-2] + "00",
    ],
    ids=["no quote", "MAC before SEC", "quoted", "charset", "another header", "textual type", "short MAC"],
)
def test_other_forms_are_read_but_not_exact(header: str) -> None:
    octets = bytes.fromhex(header)
    if header.startswith("2D"):
        # 2D is above 30, so without the quote it is no length: a media type in text.
        push = decode_push(b"\x01\x06" + bytes((len(octets),)) + octets)
        assert push.content_type.security is None
    else:
        push = decode_push(b"\x01\x06" + bytes((len(octets),)) + octets)
        assert push.content_type.security == 1
        assert MAC_HEX.startswith((push.content_type.mac or "").encode().hex())
    assert not push.is_exact


def test_parameter_names_in_words_are_understood() -> None:
    value = bytes.fromhex("B6") + b"SEC\0\x81" + b"MAC\0" + b"AB\0" + b"other\0\x83"
    header = b"\x1f" + bytes((len(value),)) + value
    content_type = decode_push(b"\x01\x06" + bytes((len(header),)) + header).content_type
    assert (content_type.security, content_type.mac) == (1, "AB")


@pytest.mark.parametrize("octets", ["", "01", "010701B6", "010603B6", "01060403B691", "0106021F7F", "01060100"])
def test_a_broken_push_is_an_error(octets: str) -> None:
    with pytest.raises(DecodeError):
        decode_push(bytes.fromhex(octets))


@given(st.binary(max_size=180) | st.binary(max_size=60).map(lambda octets: unsigned(b"")[:2] + octets))
def test_any_octets_decode_or_say_what_is_wrong(octets: bytes) -> None:
    for decode in (decode_push, decode_user_data):
        try:
            decoded = decode(octets)
        except DecodeError:
            continue
        assert octets.endswith(decoded.body if isinstance(decoded, Push) else decoded.payload)
