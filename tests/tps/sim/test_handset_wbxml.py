"""The handset's WBXML decoder against octets written by hand from WAP-192 and the token tables."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tps.sim.pushes import DOCUMENT, DOCUMENT_PLAIN, PROLOGUE, parm, text
from tps.sim.handset_octets import DecodeError
from tps.sim.handset_settings import Plain, Settings
from tps.sim.handset_wbxml import decode_document


def plain(octets: bytes, *, falls_back_to_page_0: bool = False) -> tuple[Plain, ...]:
    settings = Settings()
    settings.install(list(decode_document(octets, falls_back_to_page_0=falls_back_to_page_0).characteristics))
    return settings.plain()


def reads_or_refuses(octets: bytes) -> bool:
    try:
        decode_document(octets)
    except DecodeError:
        return True
    return octets[1:2] in (b"\x00", b"\x0b")


def in_access_point(hexadecimal: str, prologue: str = PROLOGUE) -> bytes:
    return bytes.fromhex(f"{prologue}45C65501{hexadecimal}0101")


def test_a_document_is_read_as_it_stands() -> None:
    assert plain(DOCUMENT) == DOCUMENT_PLAIN


@pytest.mark.parametrize(
    ("octets", "version"),
    [("4501", None), ("05", None), ("C5460101", "1.0"), ("C54503312E31000101", "1.1")],
)
def test_the_version_is_a_token_or_text(octets: str, version: str | None) -> None:
    document = decode_document(bytes.fromhex(PROLOGUE + octets))
    assert document.version == version
    assert document.characteristics == ()


@pytest.mark.parametrize(
    ("written", "value"),
    [
        (text("a") + text("b"), "ab"),
        ("85" + "0300", "IPV4"),
        ("0261", "a"),
        ("028207", "ć"),
        ("0300", ""),
        ("", ""),
        (text("é"), "é"),
    ],
    ids=["pieces", "token and empty text", "entity", "entity of two octets", "empty text", "no piece", "UTF-8"],
)
def test_a_value_is_all_its_pieces(written: str, value: str) -> None:
    assert plain(in_access_point(parm("07", written))) == (("NAPDEF", (("NAME", value),)),)


@pytest.mark.parametrize(("offset", "value"), [("00", "NAP1"), ("02", "P1"), ("04", "")])
def test_a_string_of_the_table_may_begin_in_the_middle(offset: str, value: str) -> None:
    octets = in_access_point(parm("11", "83" + offset), prologue="030B6A05" + b"NAP1\0".hex())
    assert plain(octets) == (("NAPDEF", (("NAPID", value),)),)


@pytest.mark.parametrize(
    "prologue",
    ["000B00", "010B6A00", "020B6A00", "030B6A00", "030B0300", "0300006A1E" + b"-//WAPFORUM//DTD PROV 1.0//EN\0".hex()],
    ids=["1.0 without charset", "1.1", "1.2", "1.3", "ASCII", "public id as text"],
)
def test_all_versions_and_known_charsets_are_read(prologue: str) -> None:
    assert plain(in_access_point(parm("11", text("a")), prologue)) == (("NAPDEF", (("NAPID", "a"),)),)


def test_the_attribute_page_stays_after_end_and_the_tag_page_is_another() -> None:
    # On attribute page 1 token 36 is APPID; on page 0 it is nothing.
    octets = bytes.fromhex(PROLOGUE + "45C600015501" + parm("36", text("w2")) + parm("07", text("n")) + "01000001")
    assert plain(octets) == (("APPLICATION", (("APPID", "w2"), ("NAME", "n"))),)


def test_names_and_types_may_be_text() -> None:
    octets = bytes.fromhex(
        PROLOGUE + "45C650" + text("WLAN") + "01" + "8705" + text("SSID") + "06" + text("x") + "010101"
    )
    assert plain(octets) == (("WLAN", (("SSID", "x"),)),)


def test_literal_elements_are_looked_up_in_the_string_table() -> None:
    table = b"parm\0".hex()
    octets = bytes.fromhex("030B6A05" + table + "45C65501" + "8400" + "11" + "06" + text("a") + "01" + "0101")
    assert plain(octets) == (("NAPDEF", (("NAPID", "a"),)),)


def test_a_value_token_of_page_0_is_known_on_page_1_only_to_tolerant_handsets() -> None:
    octets = in_access_point("87000107" + "06AB" + "01")
    with pytest.raises(DecodeError, match="value token 0xab means nothing on code page 1"):
        decode_document(octets)
    assert plain(octets, falls_back_to_page_0=True) == (("NAPDEF", (("NAME", "GSM-GPRS"),)),)


@pytest.mark.parametrize(
    ("octets", "says"),
    [
        ("", "ends after 0 octets"),
        ("040B6A00", "WBXML version octet 0x04"),
        ("030B6B004501", "charset 107"),
        ("03A20E6A004501", "public id 0x110e"),
        ("030B6A004501" + "00", "more after the end"),
        ("030B6A0006", "characteristic without type"),
        ("030B6A008655" + "01", "characteristic as the root"),
        ("030B6A0047", "parm without name"),
        (PROLOGUE + "45871101" + "01", "parm inside wap-provisioningdoc"),
        (PROLOGUE + "4545", "wap-provisioningdoc inside wap-provisioningdoc"),
        (PROLOGUE + "45C65501C71101" + "871101", "parm inside parm"),
        (PROLOGUE + "45" + "C65501" * 17, "more than 16 levels"),
        (PROLOGUE + "45C65501874D01", "attribute token 0x4d"),
        (PROLOGUE + "45C65501870101", "parm without name"),
        (PROLOGUE + "45C6550187030001", "value 0x03 before any attribute"),
        (PROLOGUE + "45C65501871106FF01", "value token 0xff"),
        (PROLOGUE + "45C655018711118501", "attribute name twice"),
        (PROLOGUE + "45C6550187110603FF0001", "text is not utf-8"),
        (PROLOGUE + "45C655018711068305", "string table offset 5"),
        (PROLOGUE + "45C655018711060283B00001", "ENTITY 0xd800"),
        (PROLOGUE + "45C6550103610001", "text between elements"),
        (PROLOGUE + "4508", "tag token 0x08 means nothing on code page 0"),
        (PROLOGUE + "45000206", "tag token 0x06 means nothing on code page 2"),
        ("010B6A0045C600015501", "SWITCH_PAGE among attributes needs WBXML 1.2"),
        ("030B6A0045C65501", "another was expected"),
        ("030B6A0FFF", "15 announced"),
        ("03FFFFFFFFFF", "does not fit 32 bits"),
    ],
)
def test_what_is_wrong_is_named(octets: str, says: str) -> None:
    with pytest.raises(DecodeError) as caught:
        decode_document(bytes.fromhex(octets))
    assert says in str(caught.value)


def test_opaque_data_is_noticed() -> None:
    assert decode_document(in_access_point(parm("07", "C30161"))).has_opaque


def test_a_string_table_named_over_and_over_is_refused_quickly() -> None:
    table = b"a" * 16_000 + b"\0"
    octets = bytes.fromhex("030B6AFD01") + table + bytes.fromhex("45C65501" + "871106830001" * 4000)
    began = time.process_time()
    with pytest.raises(DecodeError, match="octets of text"):
        decode_document(octets)
    assert time.process_time() - began < 1.0


@given(st.binary(max_size=200) | st.binary(max_size=100).map(lambda octets: bytes.fromhex(PROLOGUE + "45") + octets))
def test_any_octets_decode_or_say_what_is_wrong(octets: bytes) -> None:
    assert reads_or_refuses(octets)


@given(st.data())
def test_a_damaged_document_decodes_or_says_what_is_wrong(data: st.DataObject) -> None:
    damaged = bytearray(DOCUMENT)
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    assert reads_or_refuses(bytes(damaged))
