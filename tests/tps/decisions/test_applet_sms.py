"""What SIM applets report, in every form that rules describe, and in none."""

import contextlib
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from encoders.errors import DecodeError
from tps.decisions.applet_sms import BODY_MAX_OCTETS, AppletRule, read_applet_sms

IMEI = "359009123456789"
IMSI = "001010123456789"
ODD_IMEI_TYPE, IMEISV_TYPE, ODD_IMSI_TYPE, EVEN_IMSI_TYPE = "a", "3", "9", "1"

imeis = st.from_regex(r"\A[0-9]{14,16}\Z")
imsis = st.from_regex(r"\A[02-79][0-9]{5,14}\Z")


def semi_octets(digits: str) -> bytes:
    """Digits swapped in pairs and filled up with F (TS 24.008 clause 10.5.1.4)."""
    digits += "f" * (len(digits) % 2)
    return bytes(int(second + first, 16) for first, second in zip(digits[::2], digits[1::2], strict=True))


def tlv(tag: int, value: bytes) -> bytes:
    return bytes((tag, len(value))) + value


def rule(**values: Any) -> AppletRule:
    given: dict[str, Any] = {"name": "applet", "destination": "7701", "imsi_tag": 0x40, "imsi_label": "IMSI"}
    return AppletRule(**(given | values))


@pytest.mark.parametrize(
    ("body", "imei", "imsi"),
    [
        pytest.param(tlv(0x14, semi_octets("a" + IMEI)), IMEI, None, id="a mobile identity"),
        pytest.param(tlv(0x94, semi_octets(IMEI)), IMEI, None, id="plain digits, with the comprehension bit"),
        pytest.param(tlv(0x62, semi_octets(IMEI + "0")), IMEI + "0", None, id="16 digits"),
        pytest.param(tlv(0xE2, semi_octets("3" + IMEI + "0")), IMEI + "0", None, id="an IMEISV as mobile identity"),
        pytest.param(b"\x81\x03\1\x26\1" + tlv(0x14, semi_octets(IMEI)), IMEI, None, id="after other TLVs"),
        pytest.param(b"\x14\x81\x08" + semi_octets(IMEI), IMEI, None, id="a length of two octets"),
        pytest.param(b"\x7f\x00\x21\x00\xff\x00" + tlv(0x14, semi_octets(IMEI)), IMEI, None, id="after a long tag"),
        pytest.param(
            tlv(0x40, b"\x08" + semi_octets("9" + IMSI)) + tlv(0x14, semi_octets(IMEI)), IMEI, IMSI, id="EF_IMSI"
        ),
        pytest.param(
            tlv(0x14, semi_octets(IMEI)) + tlv(0xC0, semi_octets("1" + IMSI[:14])), IMEI, IMSI[:14], id="even IMSI"
        ),
        pytest.param(tlv(0x14, semi_octets(IMEI)) + tlv(0x40, semi_octets(IMSI)), IMEI, IMSI, id="a plain IMSI"),
    ],
)
def test_tlvs(body: bytes, imei: str, imsi: str | None) -> None:
    assert read_applet_sms(rule(), body, 4) == (imei, imsi)
    assert read_applet_sms(rule(skip=3), b"\x01\x02\x03" + body, 4) == (imei, imsi)


def test_semi_octets_at_places() -> None:
    places = rule(form="semi_octets", imei_at=2, imsi_at=10)
    assert read_applet_sms(places, b"\0\1" + semi_octets(IMEI) + semi_octets(IMSI), 4) == (IMEI, IMSI)
    card = b"\x08" + semi_octets("9" + IMSI)
    assert read_applet_sms(places, b"\0\1" + semi_octets("a" + IMEI) + card + b"more", 4) == (IMEI, IMSI)
    assert read_applet_sms(rule(form="semi_octets"), semi_octets(IMEI), 4) == (IMEI, None)


@given(
    country=st.integers(200, 799) | st.integers(600, 609) | st.integers(700, 709),
    rest=st.from_regex(r"\A[0-9]{11,12}\Z"),
)
def test_an_imsi_of_any_country_is_read_in_every_form(country: int, rest: str) -> None:
    """14 or 15 digits: plain, as a mobile identity, and as EF_IMSI holds them (TS 31.102 clause 4.2.2)."""
    imsi = f"{country}{rest}"
    identity = semi_octets((ODD_IMSI_TYPE if len(imsi) % 2 else EVEN_IMSI_TYPE) + imsi)
    for value in (semi_octets(imsi), identity, b"\x08" + identity):
        assert read_applet_sms(rule(), tlv(0x14, semi_octets(IMEI)) + tlv(0x40, value), 4).imsi == imsi
        places = rule(form="semi_octets", imsi_at=8)
        assert read_applet_sms(places, semi_octets(IMEI) + value.ljust(9, b"\xff"), 4).imsi == imsi


@pytest.mark.parametrize("imsi", ["704010123456789", "70401012345678", "602010123456789", "60201012345678"])
def test_the_beginning_of_a_plain_imsi_is_not_taken_for_its_length(imsi: str) -> None:
    assert read_applet_sms(rule(), tlv(0x14, semi_octets(IMEI)) + tlv(0x40, semi_octets(imsi)), 4).imsi == imsi
    places = rule(form="semi_octets", imsi_at=8)
    assert read_applet_sms(places, semi_octets(IMEI) + semi_octets(imsi), 4).imsi == imsi


@pytest.mark.parametrize(
    ("values", "text", "imei", "imsi"),
    [
        ({}, f"I{IMEI}", IMEI, None),
        ({}, f"IMSI={IMSI},{IMEI[:14]}", IMSI, IMSI),
        ({"imei_label": "imei"}, f"IMSI={IMSI};IMEI: {IMEI}", IMEI, IMSI),
        ({"imei_label": "IMEI", "imsi_label": None}, f"IMSI={IMSI};IMEI{IMEI}0", IMEI + "0", None),
    ],
)
def test_text(values: dict[str, Any], text: str, imei: str, imsi: str | None) -> None:
    assert read_applet_sms(rule(form="text", **values), text.encode(), 0) == (imei, imsi)
    assert read_applet_sms(rule(form="text", **values), text.encode("utf-16-be"), 8) == (imei, imsi)


@pytest.mark.parametrize(
    ("values", "body", "complaint"),
    [
        ({}, b"", "no IMEI among the TLVs"),
        ({}, b"\x14", "one more expected, none left"),
        ({}, b"\x14\x08\x01", "8 octets expected, 1 left"),
        ({}, b"\x14\x85", "length begins with 0x85"),
        ({}, tlv(0x14, b"1234567"), "IMEI of 7 octets"),
        ({}, tlv(0x14, b"\xbb" * 8), "IMEI: 14 to 16 decimal digits"),
        ({}, tlv(0x14, semi_octets(IMEI)) + tlv(0x40, b""), "IMSI: 6 to 15 decimal digits"),
        ({}, bytes(BODY_MAX_OCTETS + 1), "at most 1024"),
        ({"form": "semi_octets", "imei_at": 4}, semi_octets(IMEI), "IMEI of 4 octets"),
        ({"form": "text"}, b"1234567890123", "no 14 to 16 digits"),
        ({"form": "text"}, b"1" * 17, "no 14 to 16 digits"),
        ({"form": "text", "imei_label": "IMEI"}, b"IMEI none 359009123456789", "no 14 to 16 digits"),
    ],
)
def test_what_is_no_report_is_refused(values: dict[str, Any], body: bytes, complaint: str) -> None:
    with pytest.raises(DecodeError, match=complaint):
        read_applet_sms(rule(**values), body, 0)


@given(
    st.sampled_from(["tlv", "semi_octets", "text"]),
    st.binary(max_size=200),
    st.integers(0, 255),
    st.integers(0, 20),
    st.integers(0, 20),
)
def test_any_octets_are_a_report_in_digits_or_the_one_error(
    form: str, body: bytes, data_coding: int, imei_at: int, imsi_at: int
) -> None:
    with contextlib.suppress(DecodeError):
        report = read_applet_sms(rule(form=form, imei_at=imei_at, imsi_at=imsi_at), body, data_coding)
        assert 14 <= len(report.imei) <= 16
        assert report.imei.isascii()
        assert report.imei.isdecimal()
        assert report.imsi is None or (report.imsi.isascii() and report.imsi.isdecimal() and len(report.imsi) <= 15)


@given(imeis.filter(lambda digits: len(digits) > 14), imsis)
def test_digits_come_back_whichever_way_they_were_written(imei: str, imsi: str) -> None:
    odd = len(imsi) % 2
    for value in (semi_octets(imsi) if odd else None, semi_octets((ODD_IMSI_TYPE if odd else EVEN_IMSI_TYPE) + imsi)):
        if value is not None and len(imei) == 15:
            for identity in (imei, ODD_IMEI_TYPE + imei):
                body = tlv(0x14, semi_octets(identity)) + tlv(0x40, value)
                assert read_applet_sms(rule(), body, 4) == (imei, imsi)
    if len(imei) == 16:
        for identity in (imei, IMEISV_TYPE + imei):
            assert read_applet_sms(rule(), tlv(0x62, semi_octets(identity)), 4).imei == imei


@pytest.mark.parametrize(
    ("values", "fits"),
    [
        ({}, True),
        ({"port": 9000, "protocol_id": 0x7F, "data_coding": 4}, True),
        ({"destination": ""}, False),
        ({"destination": "7702"}, False),
        ({"port": 1}, False),
        ({"protocol_id": 0}, False),
        ({"data_coding": 0}, False),
    ],
)
def test_all_marks_of_a_rule_must_fit(values: dict[str, Any], fits: bool) -> None:
    if values == {"destination": ""}:
        with pytest.raises(ValueError, match="give destination, port, protocol_id or data_coding"):
            rule(**values)
    else:
        assert rule(**values).matches("7701", 9000, 0x7F, 4) is fits


def test_places_are_not_negative_and_a_report_shows_nobody() -> None:
    with pytest.raises(msgspec.ValidationError, match="counted from 0"):
        msgspec.convert({"name": "a", "port": 1, "skip": -1}, AppletRule)
    report = read_applet_sms(rule(), tlv(0x14, semi_octets(IMEI)), 4)
    assert IMEI not in repr(report)
