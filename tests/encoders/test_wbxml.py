"""WBXML of any document type: what client provisioning never sends is read and written too, within bounds."""

import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from encoders.errors import DecodeError, EncodeError
from encoders.wbxml import MAX_DEPTH, MAX_TABLE_TEXT_OCTETS, Element, decode, encode
from encoders.wbxml_vocabulary import Vocabulary
from tests.strategies import characters

BOOKMARKS = Vocabulary(
    public_id=1,
    public_id_text="-//EXAMPLE//DTD BOOKMARKS 1.0//EN",
    tags=[(0, 0x05, "list"), (0, 0x06, "entry"), (1, 0x05, "note")],
    attribute_starts=[
        (0, 0x05, "name", ""), (0, 0x06, "name", "Home"), (0, 0x07, "icon", ""),
        (1, 0x05, "kind", ""), (1, 0x06, "kind", "page"), (2, 0x05, "name", ""), (2, 0x06, "date", ""),
    ],
    attribute_values=[(0, 0x85, "http://"), (0, 0x86, ".com"), (1, 0x85, "page"), (2, 0x85, "!"), (2, 0x86, "2002")],
)  # fmt: skip
"""A document type with three attribute pages, two tag pages and short tokens."""

HEADER = bytes.fromhex("03016A00")

texts = st.text(characters, max_size=12) | st.lists(
    st.sampled_from(["http://", ".com", "page", "!", "2002", "wap", "Home"]), max_size=4
).map("".join)
attributes = st.lists(
    st.tuples(st.sampled_from(["name", "kind", "date", "icon", "other"]), texts | st.binary(max_size=4)),
    max_size=4,
).map(tuple)
elements = st.recursive(
    st.builds(Element, st.sampled_from(["list", "entry", "note", "strange"]), attributes),
    lambda inner: st.builds(
        Element,
        st.sampled_from(["list", "entry", "note", "strange"]),
        attributes,
        st.lists(inner | st.binary(max_size=4), max_size=3).map(tuple),
    ),
    max_leaves=6,
)


def test_content_and_opaque_values_are_written_as_the_standard_says() -> None:
    root = Element("list", (("icon", b"GIF"),), ("hi", Element("entry", (("name", "Home"),)), b"\x01"))
    octets = HEADER + bytes.fromhex("C5 07 C3 03 474946 01 03 6869 00 86 06 01 C3 01 01 01")
    assert encode(root, BOOKMARKS) == octets
    assert decode(octets, BOOKMARKS) == root


def test_names_without_token_are_literals_of_the_string_table() -> None:
    root = Element("strange", (("odd", "x"),), (Element("strange"), Element("strange", (), (b"",))))
    octets = encode(root, BOOKMARKS)
    assert octets[:4] == bytes.fromhex("03016A0C")
    assert sorted(octets[4:16].split(b"\x00")) == [b"", b"odd", b"strange"]
    assert octets[16::3].startswith(b"\xc4")
    assert decode(octets, BOOKMARKS) == root


def test_a_tag_of_another_page_is_reached_by_a_switch_in_tag_space() -> None:
    root = Element("list", (), (Element("note"), Element("note"), Element("entry")))
    octets = HEADER + bytes.fromhex("45 0001 05 05 0000 06 01")
    assert encode(root, BOOKMARKS) == octets
    assert decode(octets, BOOKMARKS) == root


def test_a_start_token_is_never_continued() -> None:
    octets = encode(Element("entry", (("name", "Homeless"),)), BOOKMARKS)
    assert octets == HEADER + b"\x86\x05\x03Homeless\x00\x01"
    assert decode(HEADER + b"\x86\x06\x03less\x00\x01", BOOKMARKS) == Element("entry", (("name", "Homeless"),))


@given(elements)
def test_an_element_comes_back_unchanged(root: Element) -> None:
    assert decode(encode(root, BOOKMARKS), BOOKMARKS) == root


@given(st.binary(max_size=80) | st.binary(max_size=80).map(HEADER.__add__))
def test_any_octets_are_an_element_or_a_decode_error(octets: bytes) -> None:
    with suppress(DecodeError):
        decode(octets, BOOKMARKS)


def nested(depth: int) -> Element:
    element = Element("list")
    for _ in range(depth - 1):
        element = Element("list", (), (element,))
    return element


def test_elements_nest_as_deep_as_they_are_read_and_no_deeper() -> None:
    assert decode(encode(nested(MAX_DEPTH), BOOKMARKS), BOOKMARKS) == nested(MAX_DEPTH)
    with pytest.raises(EncodeError, match="inside one another"):
        encode(nested(MAX_DEPTH + 1), BOOKMARKS)
    with pytest.raises(DecodeError, match="inside one another"):
        decode(HEADER + b"\x45" * 100_000, BOOKMARKS)


def test_references_to_a_long_table_are_bounded() -> None:
    table = b"A" * 16_000
    length = bytes((0x80 | len(table) >> 7, len(table) & 0x7F))
    bomb = b"\x03\x01\x6a" + length + table + b"\x86\x05" + b"\x83\x00" * 16_000 + b"\x01"
    with pytest.raises(DecodeError, match=f"more than {MAX_TABLE_TEXT_OCTETS} octets"):
        decode(bomb, BOOKMARKS)


@pytest.mark.parametrize(
    "body",
    [
        b"\x86\x05" + b"\x02\x41" * 50_000 + b"\x01",
        b"\x86" + b"\x05" * 100_000 + b"\x01",
        b"\x45" + b"\x06" * 100_000 + b"\x01",
        b"\x45" + b"\x03A\x00" * 30_000 + b"\x01",
        b"\x86" + b"\x00\x01" * 50_000 + b"\x01",
    ],
)
def test_a_long_document_takes_time_in_proportion(body: bytes) -> None:
    def seconds(octets: bytes) -> float:
        start = time.process_time()
        decode(octets, BOOKMARKS)
        return time.process_time() - start

    assert seconds(HEADER + body) < 3


def test_a_string_may_end_with_the_table() -> None:
    assert decode(b"\x03\x01\x6a\x02hi\x86\x05\x83\x00\x01", BOOKMARKS) == Element("entry", (("name", "hi"),))
