"""What a SIM applet reports by SMS: the device it is in. The body is the vendor's own, so a rule describes it.

The applet asks the handset by PROVIDE LOCAL INFORMATION (3GPP TS 31.111 clause 6.4.15) and passes on what it got: the
IMEI in semi-octets as TS 24.008 clause 10.5.1.4 has them (half an octet of type before the digits), or plainly swapped
digits filled up with F, or text. Both of the first are told apart by what can be no digit.
"""

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

import msgspec

from encoders.errors import DecodeError
from encoders.octets import Cursor
from tps.decisions.inbound_text import text_of

BODY_MAX_OCTETS = 1024
"""An applet says a few dozen octets; longer messages are refused unread."""
_MOBILE_IDENTITY_OCTETS = 8
_IMEISV_OCTETS = 9
_IMEI_TYPE, _IMEISV_TYPE = "a", "3"
"""Type 2 (IMEI) with the bit for an odd number of digits; type 3 (IMEISV), whose number is even: clause 10.5.1.4."""
_IMSI_ODD, _IMSI_EVEN = "9", "1"
_EF_IMSI_OCTETS = 9
_LENGTH_OF_IMSI = 8
"""EF_IMSI has nine octets, the first of them a length (TS 31.102 clause 4.2.2), 8 where there are 14 or 15 digits. As
digits that were 80, and no country code begins so. In fewer octets the first one is no length: 07 are the first digits
of 704, which is Guatemala, and 06 those of 602, which is Egypt."""
_LONG_LENGTHS = {0x81: 1, 0x82: 2}
"""First octet of a length -> octets that follow with it (TS 101 220 clause 7.1.2)."""
_TAG_OF_THREE_OCTETS = 0x7F


class AppletRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which messages come from an applet, and how to read them. What is not given is not looked at."""

    name: str
    """Name in logs and metrics."""
    destination: str = ""
    """The short code it sends to."""
    port: int | None = None
    """Destination port of the user data header."""
    protocol_id: int | None = None
    """TS 23.040 clause 9.2.3.9."""
    data_coding: int | None = None
    """SMPP 3.4 clause 5.2.19."""
    form: Literal["tlv", "semi_octets", "text"] = "tlv"
    """How the body is written."""
    skip: int = 0
    """Octets before the first TLV: a header of the vendor."""
    imei_tags: tuple[int, ...] = (0x14, 0x62)
    """Tags of IMEI and IMEISV (TS 31.111 clause 9.3), without the comprehension bit."""
    imsi_tag: int | None = None
    imei_at: int = 0
    """Place of the IMEI among semi-octets, in octets."""
    imsi_at: int | None = None
    imei_label: str = ""
    """Text before the IMEI; without it the first 14 to 16 digits are taken."""
    imsi_label: str | None = None
    trusts_imsi: bool = False
    """Believe the IMSI in the body where the sender's number belongs to nobody here."""

    def __post_init__(self) -> None:
        """A rule without any mark would take every message for an applet's."""
        marks = (self.destination or None, self.port, self.protocol_id, self.data_coding)
        if all(mark is None for mark in marks):
            raise ValueError(f"applet {self.name!r}: give destination, port, protocol_id or data_coding")
        if min(self.skip, self.imei_at, self.imsi_at or 0) < 0:
            raise ValueError(f"applet {self.name!r}: places are counted from 0")

    def matches(self, destination: str, port: int | None, protocol_id: int, data_coding: int) -> bool:
        """Whether a message with these marks is for this rule."""
        return (
            self.destination in ("", destination)
            and self.port in (None, port)
            and self.protocol_id in (None, protocol_id)
            and self.data_coding in (None, data_coding)
        )


class AppletReport(NamedTuple):
    """The device, and the SIM where the applet tells; digits as they were told, not judged."""

    imei: str
    imsi: str | None

    def __repr__(self) -> str:
        """Without the identities: who was seen where belongs in no log."""
        return f"AppletReport(imsi={'given' if self.imsi else None})"


def read_applet_sms(rule: AppletRule, body: bytes, data_coding: int) -> AppletReport:
    """The report in the body of a whole message; `DecodeError` for everything else."""
    if len(body) > BODY_MAX_OCTETS:
        raise DecodeError(f"applet message of {len(body)} octets: at most {BODY_MAX_OCTETS}")
    match rule.form:
        case "tlv":
            return _from_tlvs(rule, body)
        case "semi_octets":
            return _from_places(rule, body)
        case "text":
            return _from_text(rule, text_of(body, data_coding))


def _from_tlvs(rule: AppletRule, body: bytes) -> AppletReport:
    imei: str | None = None
    imsi: str | None = None
    for tag, value in _tlvs(body[rule.skip :]):
        if tag in rule.imei_tags and imei is None:
            imei = _imei(value)
        elif tag == rule.imsi_tag and imsi is None:
            imsi = _imsi(value)
    if imei is None:
        raise DecodeError("no IMEI among the TLVs")
    return AppletReport(imei, imsi)


def _tlvs(octets: bytes) -> Iterator[tuple[int, bytes]]:
    """COMPREHENSION-TLVs (TS 101 220 clause 7.1): tag without the comprehension bit, value. FF and 00 are padding."""
    cursor = Cursor(octets)
    while not cursor.at_end:
        tag = cursor.octet()
        if tag in (0x00, 0xFF):
            continue
        if tag == _TAG_OF_THREE_OCTETS:
            tag = int.from_bytes(cursor.take(2), "big") & 0x7FFF
        else:
            tag &= 0x7F
        length = cursor.octet()
        if length in _LONG_LENGTHS:
            length = int.from_bytes(cursor.take(_LONG_LENGTHS[length]), "big")
        elif length > 0x7F:
            raise DecodeError(f"TLV 0x{tag:02X}: length begins with 0x{length:02X}")
        yield tag, cursor.take(length)


def _from_places(rule: AppletRule, body: bytes) -> AppletReport:
    imei = _imei(body[rule.imei_at : rule.imei_at + _MOBILE_IDENTITY_OCTETS])
    if rule.imsi_at is None:
        return AppletReport(imei, None)
    has_length = body[rule.imsi_at : rule.imsi_at + 1] == bytes((_LENGTH_OF_IMSI,))
    end = rule.imsi_at + _MOBILE_IDENTITY_OCTETS + has_length
    return AppletReport(imei, _imsi(body[rule.imsi_at : end]))


def _from_text(rule: AppletRule, text: str) -> AppletReport:
    imei = _labelled(text, rule.imei_label, 14, 16)
    if imei is None:
        raise DecodeError("no 14 to 16 digits of an IMEI in the text")
    return AppletReport(imei, None if rule.imsi_label is None else _labelled(text, rule.imsi_label, 6, 15))


def _labelled(text: str, label: str, least: int, most: int) -> str | None:
    """The digits that follow a label and at most three marks or blanks; without a label the first that fit."""
    beginning = rf"{re.escape(label)}[^0-9A-Za-z]{{0,3}}" if label else "(?<![0-9])"
    found = re.search(rf"{beginning}([0-9]{{{least},{most}}})(?![0-9])", text, re.IGNORECASE)
    return found[1] if found else None


def _imei(octets: bytes) -> str:
    """The 14 to 16 digits of an IMEI or IMEISV in semi-octets."""
    if len(octets) not in (_MOBILE_IDENTITY_OCTETS, _IMEISV_OCTETS):
        raise DecodeError(f"IMEI of {len(octets)} octets: 8, or 9 for an IMEISV, expected")
    digits = _swapped(octets)
    if digits.startswith(_IMEI_TYPE) or (len(octets) == _IMEISV_OCTETS and digits.startswith(_IMEISV_TYPE)):
        digits = digits[1:]
    return _decimal(digits.rstrip("f"), 14, 16, "IMEI")


def _imsi(octets: bytes) -> str:
    """The 6 to 15 digits of an IMSI in semi-octets: plain, as a mobile identity, or as EF_IMSI holds it."""
    if len(octets) == _EF_IMSI_OCTETS and octets[0] == _LENGTH_OF_IMSI:
        octets = octets[1:]
    swapped = _swapped(octets)
    digits = swapped.rstrip("f")
    is_filled = len(digits) < len(swapped)
    # A mobile identity is filled where its number of digits is even; a plain number where it is odd, and no country
    # code begins with 1.
    if (digits.startswith(_IMSI_ODD) and not is_filled) or (digits.startswith(_IMSI_EVEN) and is_filled):
        digits = digits[1:]
    return _decimal(digits, 6, 15, "IMSI")


def _swapped(octets: bytes) -> str:
    """Semi-octets in the order of their digits: the low half of each octet first."""
    return "".join(f"{octet & 0xF:x}{octet >> 4:x}" for octet in octets)


def _decimal(digits: str, least: int, most: int, what: str) -> str:
    if not (least <= len(digits) <= most and digits.isdecimal()):
        raise DecodeError(f"{what}: {least} to {most} decimal digits in semi-octets expected")
    return digits
