"""What WSP header values are made of (WAP-230 clause 8.4.2): integers, texts, value lengths, values left as octets."""

import re
from collections.abc import Callable

from encoders.errors import DecodeError, EncodeError
from encoders.octets import Cursor, encode_uintvar

SHORT_LENGTH_MAX = 30
"""Clause 8.4.2.2: a first octet of 0 to 30 is itself the length of the value."""
LENGTH_QUOTE = 0x1F
"""Clause 8.4.2.2: the length follows as a uintvar."""
TEXT_QUOTE = 0x7F
"""Clause 8.4.2.1: stands before a text whose first octet would look like a short-integer."""
SHORT_INTEGER_FLAG = 0x80
"""Clause 8.4.2.1: an octet with the high bit set is an integer of seven bits."""
SHORT_INTEGER_MAX = 0x7F
LONG_INTEGER_MAX_OCTETS = 30
"""Clause 8.4.2.1: a long-integer has 1 to 30 octets after its length octet."""

_CONTROL = re.compile(r"[\x00-\x1F\x7F]")
_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")  # RFC 2616 clause 2.2, to which clause 8.4.2.1 refers


def encode_integer(value: int) -> bytes:
    """Integer-value: a short-integer up to 127, otherwise a long-integer (clause 8.4.2.3)."""
    if 0 <= value < SHORT_INTEGER_FLAG:
        return bytes((value | SHORT_INTEGER_FLAG,))
    size = (value.bit_length() + 7) // 8
    if value < 0 or size > LONG_INTEGER_MAX_OCTETS:
        raise EncodeError(f"integer {value}: not negative, and at most {LONG_INTEGER_MAX_OCTETS} octets")
    return bytes((size,)) + value.to_bytes(size, "big")


def encode_short_integer(value: int) -> bytes:
    """Short-integer: one octet, 0 to 127 (clause 8.4.2.1)."""
    if not 0 <= value <= SHORT_INTEGER_MAX:
        raise EncodeError(f"integer {value}: 0 to {SHORT_INTEGER_MAX} fit a short-integer")
    return bytes((value | SHORT_INTEGER_FLAG,))


def encode_text(text: str) -> bytes:
    """Text-string: the characters as ISO 8859-1 (the text of HTTP/1.1), NUL at the end (clause 8.4.2.1)."""
    if _CONTROL.search(text):
        raise EncodeError("text: control characters have no place in a WSP header")
    try:
        octets = text.encode("latin-1")
    except UnicodeEncodeError as error:
        raise EncodeError(f"text: character {error.start} is not in ISO 8859-1") from error
    quote = bytes((TEXT_QUOTE,)) if octets[:1] >= b"\x80" else b""
    return quote + octets + b"\0"


def encode_token(text: str) -> bytes:
    """Token-text: a name without separators, NUL at the end (clause 8.4.2.1)."""
    if not _TOKEN.fullmatch(text):
        raise EncodeError(f"{text!r}: one or more characters of a token expected (no space, no separator)")
    return text.encode("ascii") + b"\0"


def encode_value_length(count: int) -> bytes:
    """Value-length, always with the length quote: the form that every handset takes, also below 31 (clause 8.4.2.2)."""
    return bytes((LENGTH_QUOTE,)) + encode_uintvar(count)


def decode_value(cursor: Cursor) -> bytes:
    """The octets of the next value, whatever it means: its first octet tells where it ends (clause 8.4.1.2)."""
    start = cursor.position
    first = cursor.octet()
    if first == LENGTH_QUOTE:
        cursor.take(cursor.uintvar())
    elif first <= SHORT_LENGTH_MAX:
        cursor.take(first)
    elif first < SHORT_INTEGER_FLAG:
        cursor.c_string()
    return cursor.octets[start : cursor.position]


def decode_uintvar_value(cursor: Cursor) -> bytes:
    """The octets of the next value where the standard has a bare uintvar: only the parameter Q (clause 8.4.2.3)."""
    start = cursor.position
    cursor.uintvar()
    return cursor.octets[start : cursor.position]


def encode_raw(value: bytes, read: Callable[[Cursor], bytes] = decode_value) -> bytes:
    """`value` itself, once it is sure that a reader will find its end where it ends."""
    cursor = Cursor(value)
    try:
        read(cursor)
    except DecodeError as error:
        raise EncodeError(f"raw value: not the octets of a WSP value: {error}") from error
    if not cursor.at_end:
        raise EncodeError(f"raw value: {len(value) - cursor.position} octets after its end")
    return value


def decode_field(cursor: Cursor) -> Cursor:
    """A cursor over the octets that the value-length here counts: one that begins with 0 to 31 (clause 8.4.2.2)."""
    first = cursor.octet()
    return Cursor(cursor.take(cursor.uintvar() if first == LENGTH_QUOTE else first))


def is_text(value: bytes) -> bool:
    """True when `value` is a text: printable first octet, text quote, or the empty text 00."""
    return value == b"\0" or LENGTH_QUOTE < value[0] < SHORT_INTEGER_FLAG


def decode_integer(value: bytes) -> int:
    """Integer-value: short-integer or long-integer, from all of `value`; decimal text is taken too."""
    if value[0] >= SHORT_INTEGER_FLAG:
        return value[0] & ~SHORT_INTEGER_FLAG
    if 1 <= value[0] <= LONG_INTEGER_MAX_OCTETS:
        return int.from_bytes(value[1:], "big")
    # A parameter or header that is named in text carries its number in text (clause 8.4.2.4, untyped parameters).
    digits = value[:-1]
    if 1 <= len(digits) <= len("4294967295") and digits.isdigit():
        return int(digits)
    raise DecodeError(f"integer expected, got a value that begins with {value[0]:02X}")


def decode_short_integer(value: bytes) -> int:
    """Short-integer, 0 to 127; the longer forms of a number as small are taken too."""
    number = decode_integer(value)
    if number > SHORT_INTEGER_MAX:
        raise DecodeError(f"integer {number}: 0 to {SHORT_INTEGER_MAX} fit a short-integer")
    return number


def decode_text(value: bytes) -> str:
    """Text-string: all of `value` without its text quote and NUL."""
    if not is_text(value):
        raise DecodeError(f"text expected, got a value that begins with {value[0]:02X}")
    text = value[value[0] == TEXT_QUOTE : -1].decode("latin-1")
    if _CONTROL.search(text):
        raise DecodeError("text: control characters have no place in a WSP header")
    return text


def decode_token(value: bytes) -> str:
    """Token-text: all of `value` without its NUL."""
    text = decode_text(value)
    if not _TOKEN.fullmatch(text):
        raise DecodeError("name: one or more characters of a token expected (no space, no separator)")
    return text
