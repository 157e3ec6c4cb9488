"""Which AVPs make up a value, and how each is read and written: one table of fields drives both directions.

The kinds of data are those of RFC 6733 clauses 4.2, 4.3 and 4.4.
"""

from collections.abc import Callable, Iterable, Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any, NamedTuple

from encoders import diameter_tokens
from encoders.diameter import Avp, AvpError, decode_avps, encode_avps, named
from encoders.diameter_tokens import AvpName, ResultCode
from encoders.errors import EncodeError

_IP_FAMILIES = {b"\0\1": IPv4Address, b"\0\2": IPv6Address}
"""By the IANA register of address family numbers."""
_FAMILY_OF = {type_: family for family, type_ in _IP_FAMILIES.items()}
_UINT32_MAX = 0xFFFF_FFFF
_KNOWN_AVPS = frozenset(name[:2] for name in vars(diameter_tokens).values() if isinstance(name, AvpName))


class Kind(NamedTuple):
    """How the data of an AVP are read (`ValueError` where they are no such value) and written."""

    read: Callable[[bytes], Any]
    write: Callable[[Any], bytes]
    shortest: int = 0
    """Octets of the shortest value: with so many zeros Failed-AVP shows an AVP that is missing, or of a wrong
    length."""


class Field(NamedTuple):
    """One AVP of a value. A field that is `many` holds a tuple; another that is not there, None."""

    name: str
    avp: AvpName
    kind: Kind
    is_required: bool = True
    is_many: bool = False
    is_mandatory: bool = True
    """The M bit."""


def optional(name: str, avp: AvpName, kind: Kind) -> Field:
    """A field that may be None."""
    return Field(name, avp, kind, is_required=False)


def many(name: str, avp: AvpName, kind: Kind, *, is_required: bool = False) -> Field:
    """A field that holds a tuple, which may be empty unless it is required."""
    return Field(name, avp, kind, is_required=is_required, is_many=True)


def _read_unsigned(data: bytes) -> int:
    if len(data) != 4:
        raise AvpError(ResultCode.INVALID_AVP_LENGTH, f"Unsigned32 of {len(data)} octets")
    return int.from_bytes(data, "big")


def _write_unsigned(value: int) -> bytes:
    if not 0 <= value <= _UINT32_MAX:
        raise EncodeError(f"{value}: 0 to {_UINT32_MAX} fit an Unsigned32")
    return value.to_bytes(4, "big")


def _read_address(data: bytes) -> str | bytes:
    if len(data) < 2:
        raise ValueError("no address family")
    of_family = _IP_FAMILIES.get(data[:2])
    return data if of_family is None else str(of_family(data[2:]))


def _write_address(value: str | bytes) -> bytes:
    if isinstance(value, bytes):
        return value
    try:
        address = ip_address(value)
    except ValueError:
        raise EncodeError(f"address {value!r}: of IPv4 or IPv6 expected") from None
    return _FAMILY_OF[type(address)] + address.packed


def _read_identity(data: bytes) -> str:
    if not data or not data.isascii() or any(octet <= 0x20 or octet == 0x7F for octet in data):
        raise ValueError("no host name")
    return data.decode()


OCTETS = Kind(bytes, bytes)
TEXT = Kind(bytes.decode, str.encode)
IDENTITY = Kind(_read_identity, str.encode)
"""DiameterIdentity (clause 4.3.1): a fully qualified host name or a realm."""
UNSIGNED = Kind(_read_unsigned, _write_unsigned, 4)
ADDRESS = Kind(_read_address, _write_address, 6)
"""Address (clause 4.3.1): of IPv4 and IPv6 as text; of another family, such as E.164, the octets as they stand."""
AVPS = Kind(decode_avps, encode_avps)
"""A group whose members are left as they are."""


def group(type_: Callable[..., Any], fields: tuple[Field, ...]) -> Kind:
    """A grouped AVP that is a value of its own."""
    shortest = shortest_values(fields)

    def read(data: bytes) -> object:
        avps = decode_avps(data, shortest=shortest)
        verify_known(avps)
        return type_(**read_fields(fields, avps))

    def write(value: object) -> bytes:
        return encode_avps(write_fields(fields, value))

    return Kind(read, write)


def shortest_values(fields: Iterable[Field]) -> dict[tuple[int, int], int]:
    """Octets of the shortest value by code and vendor, for `decode_avps`."""
    return {field.avp[:2]: field.kind.shortest for field in fields}


def verify_known(avps: Iterable[Avp]) -> None:
    """`AvpError` for an AVP that nobody here knows, and must be known: it has the M bit (RFC 6733 clause 4.1)."""
    for avp in avps:
        if avp.is_mandatory and (avp.code, avp.vendor) not in _KNOWN_AVPS:
            raise AvpError(ResultCode.AVP_UNSUPPORTED, f"AVP {avp.code} of vendor {avp.vendor}: not known here", avp)


def read_fields(fields: Iterable[Field], avps: tuple[Avp, ...]) -> dict[str, Any]:
    """The values of all fields by name; `AvpError` says what is missing, there too often, or no such value."""
    by_name: dict[tuple[int, int], list[Avp]] = {}
    for avp in avps:
        by_name.setdefault((avp.code, avp.vendor), []).append(avp)
    return {field.name: _read_field(field, by_name) for field in fields}


def _read_field(field: Field, by_name: Mapping[tuple[int, int], list[Avp]]) -> object:
    found = by_name.get(field.avp[:2], [])
    if not found and field.is_required:
        missing = named(field.avp, bytes(field.kind.shortest))
        raise AvpError(ResultCode.MISSING_AVP, f"{field.avp.name}: required", missing)
    if field.is_many:
        return tuple(_read_value(field, avp) for avp in found)
    if len(found) > 1:
        raise AvpError(ResultCode.AVP_OCCURS_TOO_MANY_TIMES, f"{field.avp.name}: may occur once", found[1])
    return _read_value(field, found[0]) if found else None


def _read_value(field: Field, avp: Avp) -> object:
    try:
        return field.kind.read(avp.data)
    except AvpError as error:
        # The fault is in a member of this group: Failed-AVP shows the way to it (RFC 6733 clause 7.5).
        failed = avp if error.failed is None else avp._replace(data=encode_avps((error.failed,)))
        raise AvpError(error.result_code, f"{field.avp.name}: {error}", failed) from None
    except ValueError:
        raise AvpError(ResultCode.INVALID_AVP_VALUE, f"{field.avp.name}: no such value", avp) from None


def write_fields(fields: Iterable[Field], value: object) -> tuple[Avp, ...]:
    """The AVPs of a value, in the order of its fields."""
    avps: list[Avp] = []
    for field in fields:
        held = getattr(value, field.name)
        if held is None or (field.is_many and not held):
            if field.is_required:
                raise EncodeError(f"{field.avp.name}: required")
            continue
        values = held if field.is_many else (held,)
        avps += [named(field.avp, field.kind.write(each), is_mandatory=field.is_mandatory) for each in values]
    return tuple(avps)
