"""The WSP Content-Type value and the provisioning security in its parameters (WAP-230 clause 8.4.2.24)."""

from collections.abc import Callable
from dataclasses import dataclass

from encoders import wsp_tokens
from encoders.errors import DecodeError, EncodeError
from encoders.octets import Cursor
from encoders.wsp_values import (
    LENGTH_QUOTE,
    decode_field,
    decode_integer,
    decode_short_integer,
    decode_text,
    decode_token,
    decode_uintvar_value,
    decode_value,
    encode_integer,
    encode_raw,
    encode_short_integer,
    encode_text,
    encode_token,
    encode_value_length,
    is_text,
)


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter that this codec does not interpret: its assigned number or its name, and the octets of its value."""

    name: int | str
    value: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentType:
    """What the body is, and how it is secured."""

    media_type: str
    charset: int | None = None
    """IANA MIBenum number, 106 = UTF-8."""
    security: int | None = None
    """SEC: number of the security method, 0 to 127."""
    mac: str | None = None
    """MAC: the text as sent, upper or lower case, without quotes."""
    parameters: tuple[Parameter, ...] = ()


_TEXTUAL_NAMES = {
    "charset": wsp_tokens.PARAMETER_CHARSET,
    "sec": wsp_tokens.PARAMETER_SEC,
    "mac": wsp_tokens.PARAMETER_MAC,
}
_INTERPRETED = frozenset(_TEXTUAL_NAMES.values())
_CHARSET, _SEC, _MAC = (encode_integer(number) for number in _TEXTUAL_NAMES.values())


def encode_content_type(content_type: ContentType) -> bytes:
    """Octets of the value: charset, SEC, MAC, then the others; one number or text alone where there are none."""
    parameters = b"".join(
        (
            b"" if content_type.charset is None else _CHARSET + encode_integer(content_type.charset),
            b"" if content_type.security is None else _SEC + encode_short_integer(content_type.security),
            b"" if content_type.mac is None else _MAC + encode_token(content_type.mac),
            *map(_encode_parameter, content_type.parameters),
        )
    )
    media_type = _encode_media_type(content_type.media_type)
    return encode_value_length(len(media_type + parameters)) + media_type + parameters if parameters else media_type


def decode_content_type(cursor: Cursor) -> ContentType:
    """The value at this place: Constrained-media (one number or text), or a length, the media type and parameters."""
    first = cursor.peek()
    if first is None:
        raise DecodeError("Content-Type: missing")
    if first > LENGTH_QUOTE:
        return ContentType(media_type=_decode_media_type(cursor))
    general_form = decode_field(cursor)
    media_type = _decode_media_type(general_form)
    interpreted: dict[int, bytes] = {}
    others = []
    while not general_form.at_end:
        name, value = _decode_parameter(general_form)
        number = _interpreted_number(name, value)
        if number is None:
            others.append(Parameter(name, value))
        elif number in interpreted:
            # Of two MACs or two methods a handset may take the one that nobody has checked.
            raise DecodeError(f"Content-Type: parameter {number:02X} twice")
        else:
            interpreted[number] = value
    charset, security, mac = (interpreted.get(number) for number in _TEXTUAL_NAMES.values())
    return ContentType(
        media_type=media_type,
        charset=None if charset is None else _decode_charset(charset),
        security=None if security is None else decode_short_integer(security),
        mac=None if mac is None else _unquoted(mac),
        parameters=tuple(others),
    )


def _encode_media_type(media_type: str) -> bytes:
    """Well-known-media where a number is assigned, otherwise Extension-media."""
    if not media_type:
        raise EncodeError("media type: at least one character expected")
    number = wsp_tokens.MEDIA_TYPES.get(media_type)
    return encode_text(media_type) if number is None else encode_integer(number)


def _decode_media_type(cursor: Cursor) -> str:
    value = decode_value(cursor)
    if is_text(value):
        if not (text := decode_text(value)):
            raise DecodeError("media type: at least one character expected")
        return text
    number = decode_integer(value)
    name = wsp_tokens.MEDIA_TYPE_NAMES.get(number)
    if name is None:
        raise DecodeError(f"media type {number:#x}: not an assigned number known here")
    return name


def _encode_parameter(parameter: Parameter) -> bytes:
    name = parameter.name
    value = encode_raw(parameter.value, _value_reader(name))
    if _interpreted_number(name, value) is not None:
        raise EncodeError(f"parameter {name}: the content type has a field of its own for it")
    return (encode_token(name) if isinstance(name, str) else encode_integer(name)) + value


def _decode_parameter(cursor: Cursor) -> tuple[int | str, bytes]:
    token = decode_value(cursor)
    name = decode_token(token) if is_text(token) else decode_integer(token)
    return name, _value_reader(name)(cursor)


def _value_reader(name: int | str) -> Callable[[Cursor], bytes]:
    """Q is the one parameter whose value does not tell its own length (WAP-230 clause 8.4.2.3)."""
    return decode_uintvar_value if name == wsp_tokens.PARAMETER_Q else decode_value


def _interpreted_number(name: int | str, value: bytes) -> int | None:
    """The number of a parameter that `ContentType` has a field for, however it was named; None for all others."""
    if isinstance(name, int):
        return name if name in _INTERPRETED else None
    number = _TEXTUAL_NAMES.get(name.lower())
    if number == wsp_tokens.PARAMETER_CHARSET and is_text(value) and _charset_number(value) is None:
        return None
    return number


def _charset_number(text: bytes) -> int | None:
    return wsp_tokens.CHARSETS.get(text[:-1].decode("latin-1").strip('"').lower())


def _decode_charset(value: bytes) -> int:
    number = _charset_number(value) if is_text(value) else None
    return decode_integer(value) if number is None else number


def _unquoted(value: bytes) -> str:
    """Text-value: a quoted-string has a leading mark (clause 8.4.2.1), by some senders a closing one too."""
    return decode_text(value).removeprefix('"').removesuffix('"')
