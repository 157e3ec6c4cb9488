"""What the string table of a document holds, and that it is never there in vain."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from encoders.client_provisioning import Characteristic, Document, Parm, decode, encode
from encoders.octets import Cursor
from encoders.wbxml_string_table import laid_out
from tests.strategies import plain_texts


def document(*values: str) -> Document:
    return Document((Characteristic("NAPDEF", tuple(Parm("DOMAIN", value) for value in values)),))


def table_of(*values: str) -> bytes:
    cursor = Cursor(encode(document(*values)))
    cursor.take(3)
    return cursor.take(cursor.uintvar())


@pytest.mark.parametrize(
    ("values", "table"),
    [
        (("internet",), b""),
        (("internet", "mms"), b""),
        (("internet", "internet"), b"internet\x00"),
        (("a", "a"), b""),
        (("a", "a", "a"), b"a\x00"),
        (("wap.operator.com", "mms.operator.com"), b"wap.operator.com\x00"),
        (("internet", "internet", "the internet", "the internet"), b"the internet\x00"),
        (("Operator Internet", "Operator MMS"), b"Operator \x00"),
        (("operator", "operator", "http://operator/"), b"operator\x00"),
        (("Märkte", "Mörder"), b""),
        (("APN", "APN"), b""),
        (("operator é", "operator è"), b"operator \x00"),
        (("ü operator", "¼ operator"), b"\xc3\xbc operator\x00"),
        (("http://mms.operator.com/a", "http://mms.operator.com/b"), b"http://mms.operator.com/\x00"),
        (("http://mms.operator.com/a", "wap.operator.com/b", "www.operator.com/c"), b".operator.com/\x00"),
        (("mms.operator.com", "wap.operator.com", "operator.com/"), b"mms.operator.com\x00"),
    ],
)
def test_the_table_holds_what_saves_octets_and_no_more(values: tuple[str, ...], table: bytes) -> None:
    assert table_of(*values) == table
    assert decode(encode(document(*values))) == document(*values)


def test_the_end_of_an_entry_is_had_for_nothing() -> None:
    octets = encode(document(".com", "/.com", "/.commms"))
    parm = bytes.fromhex("8717 06")
    assert octets == b"\x03\x0b\x6a\x06/.com\x00\x45\xc6\x55\x01" + b"".join(
        parm + value + b"\x01" for value in (b"\x83\x01", b"\x83\x00", b"\x83\x00\x03mms\x00")
    ) + bytes.fromhex("01 01")


@given(st.lists(plain_texts, max_size=12))
def test_the_table_never_makes_a_document_longer(values: list[str]) -> None:
    inline = sum(len(value.encode()) + 2 for value in values)
    overhead = len(encode(document())) - len(encode(Document(()))) + 4 * len(values)
    assert len(encode(document(*values))) <= len(encode(Document(()))) + overhead + inline + 1


@given(st.dictionaries(st.text("abc", min_size=1, max_size=5).map(str.encode), st.integers(1, 5)))
def test_every_string_is_found_at_its_offset(uses: dict[bytes, int]) -> None:
    table, offsets = laid_out(uses)
    assert {string: table[at : table.index(0, at)] for string, at in offsets.items()} == {
        string: string for string in uses
    }


def test_the_most_used_strings_get_the_offsets_of_one_octet() -> None:
    table, offsets = laid_out({b"x" * 100: 1, b"y" * 100: 9, b"z" * 20: 9})
    assert sorted(offsets, key=lambda string: offsets[string]) == [b"z" * 20, b"y" * 100, b"x" * 100]
    assert len(table) == 223


@pytest.mark.parametrize("text", ["wap.operator.com/{}", ",HA,{}", "NAP{}"])
def test_a_document_beyond_any_handset_is_written_in_proportionate_time(text: str) -> None:
    values = [text.format(number % 2000) for number in range(4000)]
    start = time.process_time()
    octets = encode(document(*values))
    assert time.process_time() - start < 3
    assert decode(octets) == document(*values)


def test_what_was_written_before_makes_no_difference() -> None:
    first = document("wap.operator.com", "mms.operator.com", "user-1", "user-1")
    octets = encode(first)
    encode(document("wap.operator.com", "mms.operator.com", "user-2", "user-3"))
    assert encode(first) == octets
