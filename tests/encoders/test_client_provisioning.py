"""Client provisioning documents in WBXML: as published, both ways, and never an error of another kind."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from encoders.client_provisioning import Characteristic, Document, Parm, decode, decode_xml, encode
from encoders.client_provisioning_document import MAX_NESTED_CHARACTERISTICS
from encoders.client_provisioning_tokens import ATTRIBUTE_STARTS, ATTRIBUTE_VALUES, TAGS
from encoders.errors import DecodeError, EncodeError
from tests.facts import facts, name_of
from tests.strategies import documents

EXAMPLES = facts("client_provisioning_wbxml.json")
REFUSED = facts("client_provisioning_refused.json")


def octets_of(fact: dict[str, Any]) -> bytes:
    return bytes.fromhex(fact["octets"])


@pytest.mark.parametrize("example", [e for e in EXAMPLES if e["sent"]], ids=name_of)
def test_a_document_is_encoded_as_published(example: dict[str, Any]) -> None:
    assert encode(decode_xml(example["xml"].encode())).hex() == octets_of(example).hex()


@pytest.mark.parametrize("example", EXAMPLES, ids=name_of)
def test_octets_are_decoded_as_published(example: dict[str, Any]) -> None:
    assert decode(octets_of(example)) == decode_xml(example["xml"].encode())


@pytest.mark.parametrize("example", REFUSED, ids=name_of)
def test_wrong_octets_are_refused_with_the_rule(example: dict[str, Any]) -> None:
    with pytest.raises(DecodeError, match=example["rule"]):
        decode(octets_of(example))


@given(documents())
def test_a_document_comes_back_unchanged(document: Document) -> None:
    assert decode(encode(document)) == document


@given(
    st.binary(max_size=60) | st.binary(max_size=60).map(lambda body: b"\x03\x0b\x6a\x04ab\x00c\xc5\x46\x01\xc6" + body)
)
def test_any_octets_are_a_document_or_a_decode_error(octets: bytes) -> None:
    with suppress(DecodeError):
        decode(octets)


@given(documents(), st.data())
def test_a_spoilt_document_is_a_document_or_a_decode_error(document: Document, data: st.DataObject) -> None:
    octets = bytearray(encode(document))
    octets[data.draw(st.integers(0, len(octets) - 1))] = data.draw(st.integers(0, 255))
    with suppress(DecodeError):
        decode(bytes(octets))


@given(documents(min_size=1), st.data())
def test_a_document_cut_short_is_refused(document: Document, data: st.DataObject) -> None:
    octets = encode(document)
    with pytest.raises(DecodeError):
        decode(octets[: data.draw(st.integers(0, len(octets) - 1))])


def test_the_tables_hold_all_182_entries_of_both_pages_once() -> None:
    rows = [("tag", *row[:2]) for row in TAGS]
    rows += [("start", *row[:2]) for row in ATTRIBUTE_STARTS] + [("value", *row[:2]) for row in ATTRIBUTE_VALUES]
    assert len(rows) == len(set(rows)) == 182


@pytest.mark.parametrize(
    ("name", "prefix"), sorted({row[2:] for row in ATTRIBUTE_STARTS if row[3] and row[2] != "version"})
)
def test_every_name_and_type_with_a_token_is_written_in_one_octet(name: str, prefix: str) -> None:
    item = Parm(prefix, None) if name == "name" else Characteristic(prefix, ())
    octets = encode(Document((Characteristic("VENDORCONFIG", (item,)),)))
    pages = {page: token for page, token, *start in ATTRIBUTE_STARTS if start == [name, prefix]}
    switch = b"" if 0 in pages else b"\x00\x01"
    tag = b"\x87" if name == "name" else b"\x86"
    assert octets == b"\x03\x0b\x6a\x00\x45\xc6\x57\x01" + tag + switch + bytes(
        (pages.get(0, pages.get(1, 0)), 1, 1, 1)
    )


@pytest.mark.parametrize(("value", "octets"), [("HA", "03484100"), ("AAA", "0000E0"), ("PAP", "00009A")])
def test_a_token_of_page_0_is_worth_a_switch_from_page_1_only_when_it_saves_as_much(value: str, octets: str) -> None:
    parms = (Parm("AAUTHNAME", value), Parm("AAUTHSECRET", "x"))
    written = encode(Document((Characteristic("APPAUTH", parms),)))
    there_and_back = "0001" if octets.startswith("00") else ""
    body = f"45 C6000157 01 8731 06{octets}01 87{there_and_back}32 06037800 01 01 01"
    assert written == b"\x03\x0b\x6a\x00" + bytes.fromhex(body)


@pytest.mark.parametrize("text", ["a\x00b", "\ud800", "\x00"])
def test_a_text_that_no_string_can_hold_is_refused(text: str) -> None:
    with pytest.raises(EncodeError):
        encode(Document((Characteristic("NAPDEF", (Parm("NAME", text),)),)))


@pytest.mark.parametrize("item", [Parm("", "x"), Parm("", None), Characteristic("", ())])
def test_nameless_things_are_refused(item: Parm | Characteristic) -> None:
    with pytest.raises(EncodeError, match="without"):
        encode(Document((Characteristic("NAPDEF", (item,)),)))


def nested(depth: int) -> Document:
    inner = Characteristic("X", ())
    for _ in range(depth - 1):
        inner = Characteristic("X", (inner,))
    return Document((inner,))


def test_characteristics_nest_as_deep_as_they_are_read_and_no_deeper() -> None:
    deepest = nested(MAX_NESTED_CHARACTERISTICS)
    assert decode(encode(deepest)) == deepest
    with pytest.raises(EncodeError, match="inside one another"):
        encode(nested(MAX_NESTED_CHARACTERISTICS + 1))
    level = b"\xc6\x51\x01"
    octets = (
        b"\x03\x0b\x6a\x00\x45" + level * (MAX_NESTED_CHARACTERISTICS + 1) + b"\x01" * (MAX_NESTED_CHARACTERISTICS + 2)
    )
    with pytest.raises(DecodeError, match="inside one another"):
        decode(octets)
