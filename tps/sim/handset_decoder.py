"""SMS user data headers (TS 23.040) and WSP pushes (WAP-230), read by the handset's own decoder."""

from dataclasses import dataclass

from tps.sim.handset_octets import DecodeError, Reader

_IE_CONCATENATION_8, _IE_PORTS_8, _IE_PORTS_16, _IE_CONCATENATION_16 = 0x00, 0x04, 0x05, 0x08
"""Information elements (TS 23.040 clause 9.2.3.24)."""
_PUSH = 0x06
"""PDU type (WAP-230 clause 8.2.1)."""
_LENGTH_QUOTE = 0x1F
"""Value-length of more than 30 octets follows as uintvar (clause 8.4.2.2)."""
_QUOTE, _DOUBLE_QUOTE = 0x7F, 0x22
_SHORT_INTEGER = 0x80
_SEC, _MAC = 0x11, 0x12
"""Well-known parameters (WAP-230 table 38, encoding version 1.4); no handset acts on any other here."""
_MEDIA_TYPES = {
    0x35: "text/vnd.wap.connectivity-xml",
    0x36: "application/vnd.wap.connectivity-wbxml",
}
"""Those of the well-known media types (table 40) that carry provisioning documents."""
_EXACT_START = b"\x1f\x2d\xb6\x91"
_MAC_CHARACTERS = 40


@dataclass(frozen=True, slots=True)
class UserData:
    """The payload of one SMS and what its header says of it; number and total are 1 for a message in one piece."""

    payload: bytes
    destination_port: int | None = None
    source_port: int | None = None
    reference: int = 0
    number: int = 1
    total: int = 1

    @property
    def has_wide_reference(self) -> bool:
        """Whether its reference has 16 bits."""
        return self.reference >> 16 == _IE_CONCATENATION_16


@dataclass(frozen=True, slots=True)
class ContentType:
    """The Content-Type of a push (OMA ProvBoot clause 5.2: SEC and MAC)."""

    media_type: str
    security: int | None = None
    mac: str | None = None


@dataclass(frozen=True, slots=True)
class Push:
    """A connectionless push (WAP-230 clause 8.2.4.1); `content_type_octets` are as received."""

    transaction_id: int
    content_type: ContentType
    content_type_octets: bytes
    other_headers: bytes
    body: bytes

    @property
    def is_exact(self) -> bool:
        """Whether the headers have the one form that every known handset takes: 1F 2D B6 91 8s 92 <MAC> 00, alone.

        USERPINMAC has no MAC: 1F 03 B6 91 83.
        """
        if self.other_headers:
            return False
        if self.content_type.security == 3:
            return self.content_type_octets == b"\x1f\x03\xb6\x91\x83"
        octets, mac = self.content_type_octets, self.content_type.mac or ""
        expected = _EXACT_START + bytes((octets[4] if len(octets) > 4 else 0, 0x92)) + mac.encode() + b"\0"
        return len(mac) == _MAC_CHARACTERS and octets == expected and octets[4] in b"\x80\x81\x82"


def decode_user_data(octets: bytes) -> UserData:
    """User data that begins with a header (TP-UDHI set); raises `DecodeError`."""
    reader = Reader(octets)
    header = Reader(reader.take(reader.octet()))
    destination_port = source_port = None
    reference, number, total = 0, 1, 1
    while header:
        element, value = header.octet(), header.take(header.octet())
        if element == _IE_PORTS_16:
            _expect_length(element, value, 4)
            destination_port, source_port = int.from_bytes(value[:2], "big"), int.from_bytes(value[2:], "big")
        elif element == _IE_PORTS_8:
            _expect_length(element, value, 2)
            destination_port, source_port = value[0], value[1]
        elif element in (_IE_CONCATENATION_8, _IE_CONCATENATION_16):
            _expect_length(element, value, 3 if element == _IE_CONCATENATION_8 else 4)
            # The two kinds of reference are kept apart: 8-bit 1 and 16-bit 1 are different messages.
            if 1 <= value[-1] <= value[-2]:  # else the element shall be ignored (clause 9.2.3.24.1)
                reference = int.from_bytes(value[:-2], "big") + (element << 16)
                total, number = value[-2], value[-1]
    return UserData(reader.rest(), destination_port, source_port, reference, number, total)


def decode_push(octets: bytes) -> Push:
    """The push in the octets of a whole message; raises `DecodeError`."""
    reader = Reader(octets)
    transaction_id = reader.octet()
    kind = reader.octet()
    if kind != _PUSH:
        raise DecodeError(f"WSP PDU type {kind:#04x}: Push is 0x06")
    headers = reader.take(reader.uintvar())
    header_reader = Reader(headers)
    content_type = _content_type(header_reader)
    end = header_reader.at
    while header_reader:
        _skip_header(header_reader)
    return Push(transaction_id, content_type, headers[:end], headers[end:], reader.rest())


def _expect_length(element: int, value: bytes, expected: int) -> None:
    if len(value) != expected:
        raise DecodeError(f"information element {element:#04x} of {len(value)} octets, {expected} expected")


def _content_type(reader: Reader) -> ContentType:
    """Content-type-value (clause 8.4.2.24): constrained media, or value-length, media and parameters."""
    first = reader.octet()
    if first >= _SHORT_INTEGER:
        return ContentType(_media_type(first - _SHORT_INTEGER))
    if first > _LENGTH_QUOTE:
        return ContentType((bytes((first,)) + reader.text()).decode("latin-1").lower())
    value = Reader(reader.take(reader.uintvar() if first == _LENGTH_QUOTE else first))
    media_type = _media_in_general_form(value)
    security: int | None = None
    mac: str | None = None
    while value:
        name = _parameter_name(value)
        if name == _SEC:
            security = _security(value)
        elif name == _MAC:
            mac = _text_value(value)
        else:
            _skip_value(value)
    return ContentType(media_type, security, mac)


def _media_in_general_form(reader: Reader) -> str:
    if _begins_integer(reader.peek()):
        return _media_type(_integer(reader))
    return _text_value(reader).lower()


def _media_type(number: int) -> str:
    return _MEDIA_TYPES.get(number, f"well-known media type {number:#x}")


_PARAMETER_NAMES = {"sec": _SEC, "mac": _MAC}


def _parameter_name(reader: Reader) -> int | str:
    """A well-known parameter by number, also when its name is written out; any other by its name."""
    if reader.peek() >= _SHORT_INTEGER:
        return _integer(reader)
    name = _text_value(reader).lower()
    return _PARAMETER_NAMES.get(name, name)


def _security(reader: Reader) -> int:
    """The value of SEC: an integer, or its decimal digits as text after a parameter name that is text."""
    if _begins_integer(reader.peek()):
        return _integer(reader)
    digits = _text_value(reader)
    if not (len(digits) == 1 and digits in "0123456789"):
        raise DecodeError(f"SEC {digits!r}: a digit expected")
    return int(digits)


def _begins_integer(octet: int) -> bool:
    return 1 <= octet < _LENGTH_QUOTE or octet >= _SHORT_INTEGER


def _integer(reader: Reader) -> int:
    """Integer-value: short (bit 8 set), or a length of at most 30 and that many octets (clause 8.4.2.3)."""
    first = reader.octet()
    if first >= _SHORT_INTEGER:
        return first - _SHORT_INTEGER
    return int.from_bytes(reader.take(first), "big")


def _text_value(reader: Reader) -> str:
    """Text-value: NUL-ended, after a Quote octet 7F or a quotation mark if there is one (clause 8.4.2.1)."""
    text = reader.text()
    if text[:1] in (bytes((_QUOTE,)), bytes((_DOUBLE_QUOTE,))):
        text = text[1:]
    return text.removesuffix(b'"').decode("latin-1")


def _skip_value(reader: Reader) -> None:
    """Any value, by the meaning of its first octet (clause 8.4.1.2)."""
    first = reader.octet()
    if first < _LENGTH_QUOTE:
        reader.take(first)
    elif first == _LENGTH_QUOTE:
        reader.take(reader.uintvar())
    elif first < _SHORT_INTEGER:
        reader.text()


def _skip_header(reader: Reader) -> None:
    """Field name, well-known or text, and its value."""
    if reader.octet() < _SHORT_INTEGER:
        reader.text()
    _skip_value(reader)
