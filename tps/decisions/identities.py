"""IMSI, IMEI and MSISDN as operators and networks write them, brought to one form. TS 23.003 clauses 2, 3 and 6."""

import re
import zlib

import msgspec

from tps.errors import RejectedError

BUCKETS = 64
"""Number of buckets a subscriber-keyed table is spread over; fixed for the life of a store."""

_SEPARATORS = re.compile(r"[ \-./()]")
_TEST_RANGES = ("0044", "00499901")
ALL_DIGITS_ALIKE = "all digits alike"
TEST_RANGE = "test range"
"""Why an identity proves nothing, by its digits alone."""
_ALL_ALIKE = frozenset(str(digit) * 14 for digit in range(10))
_DOUBLED = bytes(sum(divmod(2 * (octet - ord("0")) % 20, 10)) for octet in range(256))
"""ASCII digits at odd places -> what they count: the digits of their double."""
_CHECK_DIGITS = tuple(str(-(total - 7 * ord("0")) % 10) for total in range(10))
"""The check digit by the last digit of the sum, in which the seven others count as their octets."""
SPARE_DIGIT = "0"
"""What the network sends as digit 15 (TS 23.003 clause 6.2.1)."""
DEVICE_UNKNOWN = ""
"""The device of a push whose handset nobody has named yet."""


class Device(msgspec.Struct, frozen=True, array_like=True):
    """A handset as a key: the first 14 digits of its IMEI; the software version of an IMEISV stands apart."""

    number: str
    """TAC and serial number, 14 decimal digits; the check digit and the software version are no part of the key."""
    software_version: str | None = None
    """Digits 15 and 16 of an IMEISV; a new one is a software update, not another device."""
    dirty: str | None = None
    """Why this identity proves nothing (zeroed, test range); None for a plausible one. Never acted upon."""


def bucket_of(key: str) -> int:
    """The bucket (0 to 63) of an IMSI or another key: stable over versions, machines and databases."""
    return zlib.crc32(key.encode()) & (BUCKETS - 1)


def imsi(text: str, field: str = "imsi") -> str:
    """`text` as an IMSI: 6 to 15 digits (TS 23.003 clause 2.2: at most 15)."""
    if not (6 <= len(text) <= 15 and text.isascii() and text.isdigit()):
        raise RejectedError(field, f"6 to 15 decimal digits expected, such as 001010123456789; got {_shown(text)}")
    return text


def msisdn(text: str, field: str = "msisdn") -> str:
    """`text` as an international number without the leading +: 5 to 15 digits (E.164)."""
    number = text if text.isdigit() else _SEPARATORS.sub("", text).removeprefix("+")
    if not (5 <= len(number) <= 15 and number.isascii() and number.isdigit()):
        raise RejectedError(
            field, f"5 to 15 decimal digits in international form expected, such as +4917012345; got {_shown(text)}"
        )
    return number


def device(text: str, field: str = "imei") -> Device:
    """`text` as a device: 14 digits (TAC and serial), 15 (IMEI) or 16 (IMEISV).

    The network sends a zero or anything else as digit 15, so it is never held against the sender (TS 23.003 clause
    6.2.1).
    """
    digits = device_digits(text, field)
    number = digits[:14]
    return Device(number, digits[14:] if len(digits) == 16 else None, dirty_by_digits(number))


def dirty_by_digits(number: str) -> str | None:
    """Why a device of these 14 digits proves nothing, by its digits alone; None for a plausible one."""
    if number in _ALL_ALIKE:
        return ALL_DIGITS_ALIKE
    return TEST_RANGE if number.startswith(_TEST_RANGES) else None


def device_digits(text: str, field: str = "imei") -> str:
    """The 14 to 16 digits of a device identity; `RejectedError` where it is none."""
    if 14 <= len(text) <= 16 and text.isascii() and text.isdigit():
        return text
    digits = _SEPARATORS.sub("", text)
    if not (14 <= len(digits) <= 16 and digits.isascii() and digits.isdigit()):
        raise RejectedError(field, f"an IMEI of 14 or 15 digits or an IMEISV of 16 expected; got {_shown(text)}")
    return digits


def imei_of(number: str) -> str:
    """The 15-digit IMEI of a 14-digit device number: with its check digit."""
    return number + check_digit(number)


def check_digit(number: str) -> str:
    """The Luhn check digit of a 14-digit device number (TS 23.003 annex B)."""
    # Octets and tables, because this is done for each sighting: a third of the time that a loop over digits takes.
    octets = number.encode()
    return _CHECK_DIGITS[(sum(octets[::2]) + sum(octets[1::2].translate(_DOUBLED))) % 10]


def _shown(text: str) -> str:
    """A wrong value as an error shows it: enough to find it, not the whole of a long one."""
    return repr(text if len(text) <= 20 else text[:17] + "...")
