"""RADIUS accounting as a GGSN, PGW or SMF speaks it: records in, the answers that acknowledge them out.

RFC 2866 and RFC 2865, the vendor-specific attributes of TS 29.061 clause 16.4.7, and the probe of RFC 5997. First
`verify` that whoever knows the secret has sent the octets, then `decode` them.
"""

import hmac
from collections.abc import Callable, Mapping
from functools import lru_cache
from hashlib import md5
from ipaddress import IPv6Address
from struct import Struct
from typing import Any

import msgspec

from encoders.errors import DecodeError, EncodeError
from encoders.radius_tokens import (
    ACCOUNTING_REQUEST,
    ACCOUNTING_RESPONSE,
    ATTRIBUTES,
    ATTRIBUTES_3GPP,
    MESSAGE_AUTHENTICATOR,
    PROXY_STATE,
    STATUS_SERVER,
    VENDOR_3GPP,
    VENDOR_SPECIFIC,
)

HEADER_OCTETS = 20
PACKET_MAX_OCTETS = 4096
"""RFC 2865 clause 3: a packet is 20 to 4096 octets long."""
AUTHENTICATOR_OCTETS = 16
IMSI_MIN_DIGITS, IMSI_MAX_DIGITS = 6, 15
"""TS 23.003 clause 2.2: MCC of 3, MNC of 2 or 3, at least one digit more, 15 altogether."""

_HEADER = Struct(">BBH")
_NO_AUTHENTICATOR = bytes(AUTHENTICATOR_OCTETS)
_MESSAGE_AUTHENTICATOR_START = bytes((MESSAGE_AUTHENTICATOR, 2 + AUTHENTICATOR_OCTETS))
_VENDOR_3GPP = VENDOR_3GPP.to_bytes(4, "big")
_FILLER = "f"


class StatusServer(msgspec.Struct, frozen=True, gc=False):
    """A question whether the server is alive (RFC 5997)."""

    identifier: int
    authenticator: bytes
    proxy_states: tuple[bytes, ...] = ()


class AccountingRequest(msgspec.Struct, frozen=True, gc=False):
    """One accounting record. What it does not say is None; identities stand as they came."""

    identifier: int
    authenticator: bytes
    """The Request Authenticator, 16 octets."""
    status_type: int
    """Acct-Status-Type; a value that `AcctStatusType` does not know is none of ours."""
    proxy_states: tuple[bytes, ...] = ()
    session_id: str = ""
    """Acct-Session-Id."""
    imsi: bytes | None = None
    """3GPP-IMSI; `decode_imsi` reads it."""
    imeisv: bytes | None = None
    """3GPP-IMEISV; `decode_imeisv` reads it."""
    calling_station_id: str | None = None
    """The MSISDN, where the network is a mobile one."""
    nas_address: str | None = None
    """NAS-IP-Address or NAS-IPv6-Address."""
    nas_identifier: str | None = None
    event_timestamp_s: int | None = None
    """When it happened, in seconds since 1970-01-01 UTC."""
    session_s: int = 0
    """Acct-Session-Time: for how long the session has lasted; 0 where the record does not tell."""
    delay_s: int = 0
    """Acct-Delay-Time: for how long the client has been trying to send the record."""

    def __repr__(self) -> str:
        """Without the identities: whose record it is belongs in no log."""
        return f"AccountingRequest(identifier={self.identifier}, status_type={self.status_type})"


Request = AccountingRequest | StatusServer


def verify(octets: bytes, secret: bytes) -> None:
    """That the sender knows the shared secret; `DecodeError` otherwise, and for what is no request.

    An Accounting-Request proves it by its Request Authenticator (RFC 2866 clause 3), and by its Message-Authenticator
    where it has one; a Status-Server by that alone (RFC 5997 clause 3).
    """
    packet = _packet(octets)
    authenticator = packet[4:HEADER_OCTETS]
    # In the HMAC of an Accounting-Request its authenticator counts as zeros: it is made after and over the HMAC.
    signed_with = authenticator if packet[0] == STATUS_SERVER else _NO_AUTHENTICATOR
    if packet[0] == ACCOUNTING_REQUEST:
        expected = md5(
            b"".join((packet[:4], _NO_AUTHENTICATOR, packet[HEADER_OCTETS:], secret)), usedforsecurity=False
        ).digest()
        if not hmac.compare_digest(authenticator, expected):
            raise DecodeError("Request Authenticator: not made with the secret of this client")
        if _MESSAGE_AUTHENTICATOR_START not in packet:  # as most packets: saves going through the attributes
            return
    place = _message_authenticator(packet)
    if place is not None:
        _verify_message_authenticator(packet, place, signed_with, secret)
    elif packet[0] == STATUS_SERVER:
        raise DecodeError("Status-Server without a Message-Authenticator")


def _verify_message_authenticator(packet: bytes, place: int, signed_with: bytes, secret: bytes) -> None:
    end = place + AUTHENTICATOR_OCTETS
    signed = b"".join((packet[:4], signed_with, packet[HEADER_OCTETS:place], _NO_AUTHENTICATOR, packet[end:]))
    if not hmac.compare_digest(packet[place:end], hmac.digest(secret, signed, "md5")):
        raise DecodeError("Message-Authenticator: not made with the secret of this client")


def decode(octets: bytes) -> Request:
    """The record or the probe in a datagram; octets after its end are padding (RFC 2865 clause 3).

    Of an attribute that comes twice the first one counts: proxies add theirs behind the client's. One whose value has
    not the form of its type is as if it were not there, and no reason to refuse the packet (RFC 6929 clause 2.8): a
    client without an answer would send the record again for ever.
    """
    packet = _packet(octets)
    values: dict[str, Any] = {}
    proxy_states: list[bytes] = []
    place, end = HEADER_OCTETS, len(packet)
    # In place, as thousands come a second: a list of attributes costs half as much again.
    while place < end:
        length = packet[place + 1] if place + 1 < end else 0
        after = place + length
        if length < 2 or after > end:
            raise _wrong_length(place, length, end)
        number = packet[place]
        if number == VENDOR_SPECIFIC:
            if packet.startswith(_VENDOR_3GPP, place + 2, after):
                _read_3gpp(packet, place + 2 + len(_VENDOR_3GPP), after, values)
        elif number in _FIELDS:
            field, read = _FIELDS[number]
            if field not in values and (value := read(packet[place + 2 : after])) is not None:
                values[field] = value
        elif number == PROXY_STATE:
            proxy_states.append(packet[place + 2 : after])
        place = after
    if packet[0] == STATUS_SERVER:
        return StatusServer(packet[1], packet[4:HEADER_OCTETS], tuple(proxy_states))
    if "status_type" not in values:
        raise DecodeError("Acct-Status-Type: required in an Accounting-Request, with a value of 4 octets")
    return AccountingRequest(packet[1], packet[4:HEADER_OCTETS], proxy_states=tuple(proxy_states), **values)


def encode_response(request: Request, secret: bytes) -> bytes:
    """The Accounting-Response to a request, with its Response Authenticator (RFC 2866 clause 3).

    Proxies find in it what they have put into the request (RFC 2865 clause 5.33).
    """
    attributes = b"".join([bytes((PROXY_STATE, 2 + len(state))) + state for state in request.proxy_states])
    length = HEADER_OCTETS + len(attributes)
    if length > PACKET_MAX_OCTETS:
        raise EncodeError(f"Proxy-State: an answer of {length} octets; at most {PACKET_MAX_OCTETS} fit a packet")
    start = _HEADER.pack(ACCOUNTING_RESPONSE, request.identifier, length)
    signed = b"".join((start, request.authenticator, attributes, secret))
    return start + md5(signed, usedforsecurity=False).digest() + attributes


def decode_imsi(octets: bytes) -> str:
    """The digits of a 3GPP-IMSI: 6 to 15, in ASCII (TS 29.061 clause 16.4.7.2)."""
    if not (IMSI_MIN_DIGITS <= len(octets) <= IMSI_MAX_DIGITS and octets.isdigit()):
        raise DecodeError(f"3GPP-IMSI of {len(octets)} octets: {IMSI_MIN_DIGITS} to {IMSI_MAX_DIGITS} digits expected")
    return octets.decode()


def decode_imeisv(octets: bytes) -> str:
    """The digits of a 3GPP-IMEISV: 14 (TAC and serial number), 15 (IMEI) or 16 (IMEISV).

    The standard wants 16 digits in ASCII; the field sends 14 and 15 as well, or seven or eight octets of semi-octets,
    the first digit in the low one, filled up with F. Seven or eight octets that are all digits in ASCII are text that
    was cut short: as semi-octets every second digit would be 3.
    """
    if len(octets) in (14, 15, 16) and octets.isdigit():
        return octets.decode()
    if len(octets) in (7, 8) and not octets.isdigit():
        digits = octets.translate(_SWAPPED).hex().rstrip(_FILLER)
        if len(digits) >= 14 and digits.isdigit():
            return digits
    raise DecodeError(f"3GPP-IMEISV of {len(octets)} octets: 14 to 16 digits in ASCII or in semi-octets expected")


_SWAPPED = bytes((octet & 0x0F) << 4 | octet >> 4 for octet in range(256))
"""Each octet with its two semi-octets in the order of reading."""


def _packet(octets: bytes) -> bytes:
    """The request in a datagram, without padding; `DecodeError` where the lengths disagree or it is no request."""
    if len(octets) < HEADER_OCTETS:
        raise DecodeError(f"datagram of {len(octets)} octets: a packet has at least {HEADER_OCTETS}")
    code, _, length = _HEADER.unpack_from(octets)
    if code not in (ACCOUNTING_REQUEST, STATUS_SERVER):
        raise DecodeError(f"code {code}: an Accounting-Request ({ACCOUNTING_REQUEST}) or a Status-Server expected")
    if not HEADER_OCTETS <= length <= PACKET_MAX_OCTETS:
        raise DecodeError(f"length {length}: {HEADER_OCTETS} to {PACKET_MAX_OCTETS} octets")
    if length > len(octets):
        raise DecodeError(f"length {length}: the datagram has {len(octets)} octets")
    return octets[:length]


def _message_authenticator(packet: bytes) -> int | None:
    """The place of the value of the first Message-Authenticator; None where there is none."""
    place, end = HEADER_OCTETS, len(packet)
    found = None
    while place < end:
        length = packet[place + 1] if place + 1 < end else 0
        if length < 2 or place + length > end:
            raise _wrong_length(place, length, end)
        if packet[place] == MESSAGE_AUTHENTICATOR and found is None:
            found = place + 2
        place += length
    return found


def _read_3gpp(packet: bytes, place: int, end: int, values: dict[str, Any]) -> None:
    """Take the fields out of one Vendor-Specific of 3GPP, which may hold several attributes.

    That a vendor writes them so is a SHOULD (RFC 2865 clause 5.26): where it goes on otherwise, such as with a filling
    octet, what stood before that counts.
    """
    while place + 1 < end:
        length = packet[place + 1]
        after = place + length
        if length < 2 or after > end:
            return
        number = packet[place]
        if number in _FIELDS_3GPP:
            field, read = _FIELDS_3GPP[number]
            if field not in values and (value := read(packet[place + 2 : after])) is not None:
                values[field] = value
        place = after


def _wrong_length(place: int, length: int, end: int) -> DecodeError:
    """An attribute that is shorter than its own header, or longer than what it is in (RFC 2865 clause 5)."""
    return DecodeError(f"octet {place}: attribute of length {length}; 2 to {end - place} expected")


def _read_text(value: bytes) -> str:
    return str(value, "utf-8", "backslashreplace")


def _read_integer(value: bytes) -> int | None:
    return int.from_bytes(value, "big") if len(value) == 4 else None


def _read_address(value: bytes) -> str | None:
    return _address(value) if len(value) in (4, 16) else None


@lru_cache(maxsize=256)
def _address(value: bytes) -> str:
    """Of 4 octets or 16; kept, as all records of a client name the same one."""
    return ".".join(map(str, value)) if len(value) == 4 else str(IPv6Address(value))


def _read_octets(value: bytes) -> bytes:
    return value


_Read = Callable[[bytes], object]
"""A value of the type, or None where it has not its form."""
_KINDS: Mapping[str, _Read] = {
    "text": _read_text,
    "integer": _read_integer,
    "address": _read_address,
    "octets": _read_octets,
}


def _fields(table: Mapping[int, tuple[str, str]]) -> dict[int, tuple[str, _Read]]:
    """Of each attribute the field that it is read into, and how."""
    return {number: (field, _KINDS[kind]) for number, (field, kind) in table.items()}


_FIELDS = _fields(ATTRIBUTES)
_FIELDS_3GPP = _fields(ATTRIBUTES_3GPP)
