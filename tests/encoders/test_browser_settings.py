"""Nokia/Ericsson settings and bookmarks: as the standard says, both ways, and never an error of another kind."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from encoders.browser_settings import (
    MEDIA_TYPE_BOOKMARKS,
    MEDIA_TYPE_SETTINGS,
    Address,
    Bookmark,
    BrowserSettings,
    decode,
    encode,
    encode_xml,
    media_type,
)
from encoders.browser_settings_model import ADDRESS_PARMS
from encoders.browser_settings_tokens import ATTRIBUTE_STARTS, TAGS
from encoders.errors import DecodeError, EncodeError
from tests.browser_settings_strategies import browser_settings
from tests.facts import facts, name_of

EXAMPLES = facts("browser_settings.json")
HEADER = "01016A0045"


def octets_of(fact: dict[str, Any]) -> bytes:
    return bytes.fromhex(fact["octets"])


def settings_of(fact: dict[str, Any]) -> BrowserSettings:
    given = dict(fact["settings"])
    bookmarks = [
        Bookmark(name=one["name"], url=one["url"], icon=bytes.fromhex(one["icon"]))
        for one in given.pop("bookmarks", [])
    ]
    addresses = [Address(**one) for one in given.pop("addresses", [])]
    return BrowserSettings(addresses=tuple(addresses), bookmarks=tuple(bookmarks), **given)


@pytest.mark.parametrize("example", [example for example in EXAMPLES if example["sent"]], ids=name_of)
def test_settings_are_encoded_like_the_standard(example: dict[str, Any]) -> None:
    assert encode(settings_of(example)).hex() == octets_of(example).hex()


@pytest.mark.parametrize("example", EXAMPLES, ids=name_of)
def test_octets_are_decoded_like_the_standard(example: dict[str, Any]) -> None:
    assert decode(octets_of(example)) == settings_of(example)


@given(browser_settings())
def test_settings_come_back_unchanged(settings: BrowserSettings) -> None:
    assert decode(encode(settings)) == settings


@given(st.binary(max_size=60) | st.binary(max_size=60).map(lambda body: bytes.fromhex(HEADER + "C60601") + body))
def test_any_octets_are_settings_or_a_decode_error(octets: bytes) -> None:
    with suppress(DecodeError):
        decode(octets)


@given(browser_settings(), st.data())
def test_a_spoilt_document_is_settings_or_a_decode_error(settings: BrowserSettings, data: st.DataObject) -> None:
    octets = bytearray(encode(settings))
    octets[data.draw(st.integers(0, len(octets) - 1))] = data.draw(st.integers(0, 255))
    with suppress(DecodeError):
        decode(bytes(octets))


@given(browser_settings(), st.data())
def test_a_document_cut_short_is_refused(settings: BrowserSettings, data: st.DataObject) -> None:
    octets = encode(settings)
    with pytest.raises(DecodeError):
        decode(octets[: data.draw(st.integers(0, len(octets) - 1))])


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        ("01", "without content"),
        ("06 01", "TYPE of a CHARACTERISTIC: missing"),
        ("86 1103780001 01", "TYPE of a CHARACTERISTIC: missing"),
        ("86 0603780001 01", "unknown TYPE 'ADDRESSx'"),
        ("87 124901 01", "element 'PARM'; 'CHARACTERISTIC' expected"),
        ("86 06 01 01", "ADDRESS without BEARER"),
        ("C6 06 01 87 12 70 01 01 01", "BEARER: GPRS or GSM/CSD or .* expected; got 'PAP'"),
        ("C6 06 01 87 124901 87 124901 01 01", "BEARER given twice"),
        ("C6 06 01 87 124901 87 14 110330390001 01 01", "PORT: 1 to 65535 expected; got '09'"),
        ("C6 06 01 87 124901 87 14 1103363535333600 01 01 01", "got '65536'"),
        ("C6 06 01 87 124901 87 14 1103D9A100 01 01 01", "PORT: 1 to 65535 expected"),
        ("C6 06 01 87 124901 87 17 64 01 01 01", "ADDRESS: unknown PARM 'URL'"),
        ("C6 06 11 01 87 124901 01 01", "ADDRESS: VALUE beside TYPE; only MMSURL and URL"),
        ("C6 06 01 C7 12 49 01 03 78 00 01 01 01", "a 'PARM' without content"),
        ("C6 06 01 86 06 01 01 01", "element 'CHARACTERISTIC'; a 'PARM'"),
        ("C6 06 01 87 49 01 01 01", "NAME of a PARM: missing"),
        ("C6 06 01 87 13 11 C30178 01 01 01", "PROXY: OPAQUE octets; text expected"),
        ("86 07 01 01", "URL: missing"),
        ("C6 08 01 01 01", "NAME: missing"),
        ("86 07 64 01 86 07 64 01 01", "URL given twice"),
        ("C6 7F 01 87 15 64 01 01 01", "URL of a BOOKMARK: missing"),
        ("C6 7F 01 87 15 64 01 87 17 64 01 87 1003 49434F4E00 1103 7800 01 01 01", "ICON of a BOOKMARK: octets"),
        ("03 78 00 01", "between the elements"),
        ("86 07 64 07 64 01 01", "attribute 'TYPE' of 'CHARACTERISTIC' given twice"),
        ("C6 06 01 87 124901 87 13 06 01 01 01", "unknown attribute 'TYPE' of 'PARM'"),
    ],
)
def test_what_the_standard_lacks_is_refused_with_the_rule(body: str, rule: str) -> None:
    with pytest.raises(DecodeError, match=rule):
        decode(bytes.fromhex(HEADER + body))


def test_another_root_or_document_type_is_refused() -> None:
    with pytest.raises(DecodeError, match="root element 'PARM'; 'CHARACTERISTIC-LIST' expected"):
        decode(bytes.fromhex("01016A00 07"))
    with pytest.raises(DecodeError, match="public id 0xb"):
        decode(bytes.fromhex("010B6A00 4501"))
    with pytest.raises(DecodeError, match="public id 'x'; None expected"):
        decode(bytes.fromhex("0100006A027800 4501"))


@pytest.mark.parametrize(
    ("settings", "rule"),
    [
        (BrowserSettings(), "nothing to set; give an address"),
        (BrowserSettings(addresses=(Address(bearer="WLAN"),)), r"addresses\[0\].bearer: GPRS or .*; got 'WLAN'"),  # type: ignore[arg-type]
        (BrowserSettings(addresses=(Address(bearer="GPRS", port=0),)), r"addresses\[0\].port: 1 to 65535"),
        (BrowserSettings(addresses=(Address(bearer="GPRS", port=65536),)), "got 65536"),
        (BrowserSettings(home_page="a\x00b"), r"U\+0000"),
        (BrowserSettings(name="\ud800"), "lone surrogate"),
    ],
)
def test_what_cannot_be_said_is_refused_with_field_and_rule(settings: BrowserSettings, rule: str) -> None:
    with pytest.raises(EncodeError, match=rule):
        encode(settings)


def test_the_tables_hold_all_57_entries_once_and_the_model_knows_each_parm() -> None:
    rows = [("tag", *row[:2]) for row in TAGS] + [("start", *row[:2]) for row in ATTRIBUTE_STARTS]
    assert len(rows) == len(set(rows)) == 57
    names = {text for _, _, attribute, text in ATTRIBUTE_STARTS if attribute == "NAME" and text}
    assert names == {name for name, _, _ in ADDRESS_PARMS} | {"NAME", "URL"}
    values = {text for _, _, attribute, text in ATTRIBUTE_STARTS if attribute == "VALUE" and text}
    assert values - {"9200", "9201", "9202", "9203"} == {word for _, _, words in ADDRESS_PARMS for word in words}


@pytest.mark.parametrize(("attribute", "text"), [row[2:] for row in ATTRIBUTE_STARTS if row[2] == "VALUE" and row[3]])
def test_a_value_with_a_token_takes_one_octet_and_is_never_continued(attribute: str, text: str) -> None:
    token = next(row[1] for row in ATTRIBUTE_STARTS if row[2:] == (attribute, text))
    assert encode(BrowserSettings(home_page=text)) == bytes.fromhex(HEADER + "8607") + bytes((token, 1, 1))
    longer = encode(BrowserSettings(home_page=text + "x"))
    assert longer == bytes.fromhex(HEADER + "86071103") + text.encode() + b"x\x00\x01\x01"


def test_bookmarks_alone_have_a_media_type_of_their_own() -> None:
    bookmarks = (Bookmark(name="a", url="b"),)
    assert media_type(BrowserSettings(bookmarks=bookmarks)) == MEDIA_TYPE_BOOKMARKS
    assert media_type(BrowserSettings(bookmarks=bookmarks, home_page="c")) == MEDIA_TYPE_SETTINGS
    assert media_type(BrowserSettings(mmsc="d")) == MEDIA_TYPE_SETTINGS


def test_the_xml_is_what_a_person_reads() -> None:
    settings = BrowserSettings(home_page='a"&<', bookmarks=(Bookmark(name="b", url="c", icon=b"GIF"),))
    assert encode_xml(settings).decode() == (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<!DOCTYPE CHARACTERISTIC-LIST SYSTEM "characteristic-list.dtd">\n'
        "<CHARACTERISTIC-LIST>\n"
        '  <CHARACTERISTIC TYPE="URL" VALUE="a&quot;&amp;&lt;"/>\n'
        '  <CHARACTERISTIC TYPE="BOOKMARK">\n'
        '    <PARM NAME="NAME" VALUE="b"/>\n'
        '    <PARM NAME="URL" VALUE="c"/>\n'
        '    <PARM NAME="ICON" VALUE="R0lG"/>\n'
        "  </CHARACTERISTIC>\n"
        "</CHARACTERISTIC-LIST>\n"
    )
    with pytest.raises(EncodeError, match=r"XML cannot hold U\+0001"):
        encode_xml(BrowserSettings(name="\x01"))


def test_passwords_are_not_shown() -> None:
    shown = repr(Address(bearer="GPRS", ppp_password="hush", proxy_password="hush"))
    assert "hush" not in shown
