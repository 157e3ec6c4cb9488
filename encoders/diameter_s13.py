"""S13 and S13' (TS 29.272 clauses 5.2, 6.2): an MME or SGSN asks the EIR about a device.

Beside ME-Identity-Check the three exchanges of every Diameter connection (RFC 6733 clause 5): capabilities, watchdog,
disconnecting. `decode` and the two `encode` go by the same tables, so that they cannot drift apart.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

from encoders import diameter_tokens as tokens
from encoders.diameter import (
    HEADER_OCTETS,
    Avp,
    AvpError,
    Header,
    decode_avps,
    encode_avps,
    encode_message,
    legible_avps,
)
from encoders.diameter_fields import (
    ADDRESS,
    AVPS,
    IDENTITY,
    OCTETS,
    TEXT,
    UNSIGNED,
    Field,
    Kind,
    group,
    many,
    optional,
    read_fields,
    shortest_values,
    verify_known,
    write_fields,
)
from encoders.diameter_tokens import ResultCode
from encoders.errors import EncodeError

IMEI_MIN_DIGITS, IMEI_MAX_DIGITS = 14, 16
"""TS 29.272 clause 7.3.4 has 14 or 15 digits; some send the 16 of an IMEISV."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorApplication:
    """A Vendor-Specific-Application-Id (RFC 6733 clause 6.11)."""

    vendor_ids: tuple[int, ...]
    """One; RFC 3588 allowed more."""
    auth_application_id: int | None = None
    acct_application_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What both sides of a new connection tell of themselves (RFC 6733 clause 5.3)."""

    origin_host: str
    origin_realm: str
    host_ip_addresses: tuple[str | bytes, ...]
    """Of IPv4 and IPv6; what is of another family is kept as octets."""
    vendor_id: int
    product_name: str
    supported_vendor_ids: tuple[int, ...] = ()
    auth_application_ids: tuple[int, ...] = ()
    vendor_applications: tuple[VendorApplication, ...] = ()

    @property
    def applications(self) -> frozenset[int]:
        """Every application that the peer authorises, whichever way it says so."""
        inside = (each.auth_application_id for each in self.vendor_applications)
        return frozenset(self.auth_application_ids).union(each for each in inside if each is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class CapabilitiesExchangeRequest(Capabilities):
    """CER: who connects, and what for."""

    inband_security_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CapabilitiesExchangeAnswer(Capabilities):
    """CEA: the connection is open."""

    result_code: int = ResultCode.SUCCESS


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceWatchdogRequest:
    """DWR: are you there? (RFC 6733 clause 5.5)."""

    origin_host: str
    origin_realm: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceWatchdogAnswer:
    """DWA: yes."""

    origin_host: str
    origin_realm: str
    result_code: int = ResultCode.SUCCESS


@dataclass(frozen=True, slots=True, kw_only=True)
class DisconnectPeerRequest:
    """DPR: this connection is about to end (RFC 6733 clause 5.4)."""

    origin_host: str
    origin_realm: str
    disconnect_cause: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DisconnectPeerAnswer:
    """DPA: end it."""

    origin_host: str
    origin_realm: str
    result_code: int = ResultCode.SUCCESS


@dataclass(frozen=True, slots=True, kw_only=True)
class TerminalInformation:
    """The device (TS 29.272 clause 7.3.3)."""

    imei: str = field(repr=False)
    """14 digits, 15, or the 16 of an IMEISV."""
    software_version: str | None = None
    """The last two digits of an IMEISV."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EquipmentCheckRequest:
    """ECR, ME-Identity-Check-Request (TS 29.272 clause 7.2.19)."""

    session_id: str = field(repr=False)
    auth_session_state: int = tokens.NO_STATE_MAINTAINED
    origin_host: str
    origin_realm: str
    destination_host: str | None = None
    destination_realm: str
    terminal: TerminalInformation
    user_name: str | None = field(default=None, repr=False)
    """The IMSI."""
    proxy_infos: tuple[bytes, ...] = ()
    route_records: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ExperimentalResult:
    """A result that a vendor has defined (RFC 6733 clause 7.6)."""

    vendor_id: int
    code: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EquipmentCheckAnswer:
    """ECA, ME-Identity-Check-Answer (TS 29.272 clause 7.2.20): a status, or that the device is unknown."""

    session_id: str = field(repr=False)
    result_code: int | None = None
    experimental_result: ExperimentalResult | None = None
    auth_session_state: int = tokens.NO_STATE_MAINTAINED
    origin_host: str
    origin_realm: str
    equipment_status: int | None = None
    proxy_infos: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorAnswer:
    """The answer to any request that failed, with the E bit and its grammar (RFC 6733 clause 7.2).

    Clause 7.1.5 allows that for permanent failures too: the command's own grammar would want what a request that cannot
    be read does not tell.
    """

    session_id: str | None = field(default=None, repr=False)
    origin_host: str
    origin_realm: str
    result_code: int
    error_message: str | None = None
    failed_avps: tuple[Avp, ...] | None = None
    proxy_infos: tuple[bytes, ...] = ()


Request = CapabilitiesExchangeRequest | DeviceWatchdogRequest | DisconnectPeerRequest | EquipmentCheckRequest
Answer = CapabilitiesExchangeAnswer | DeviceWatchdogAnswer | DisconnectPeerAnswer | EquipmentCheckAnswer | ErrorAnswer
Body = Request | Answer


def _digits(least: int, most: int) -> Kind:
    """UTF8String of decimal digits."""

    def read(data: bytes) -> str:
        if not (least <= len(data) <= most and data.isdigit()):
            raise ValueError("no such digits")
        return data.decode()

    return Kind(read, str.encode)


_ORIGIN = (Field("origin_host", tokens.ORIGIN_HOST, IDENTITY), Field("origin_realm", tokens.ORIGIN_REALM, IDENTITY))
_RESULT = (Field("result_code", tokens.RESULT_CODE, UNSIGNED),)
_VENDOR_APPLICATION = group(
    VendorApplication,
    (
        many("vendor_ids", tokens.VENDOR_ID, UNSIGNED, is_required=True),
        optional("auth_application_id", tokens.AUTH_APPLICATION_ID, UNSIGNED),
        optional("acct_application_id", tokens.ACCT_APPLICATION_ID, UNSIGNED),
    ),
)
_CAPABILITIES = (
    *_ORIGIN,
    many("host_ip_addresses", tokens.HOST_IP_ADDRESS, ADDRESS, is_required=True),
    Field("vendor_id", tokens.VENDOR_ID, UNSIGNED),
    Field("product_name", tokens.PRODUCT_NAME, TEXT, is_mandatory=False),
    many("supported_vendor_ids", tokens.SUPPORTED_VENDOR_ID, UNSIGNED),
    many("auth_application_ids", tokens.AUTH_APPLICATION_ID, UNSIGNED),
    many("vendor_applications", tokens.VENDOR_SPECIFIC_APPLICATION_ID, _VENDOR_APPLICATION),
)
_TERMINAL = group(
    TerminalInformation,
    (
        Field("imei", tokens.IMEI, _digits(IMEI_MIN_DIGITS, IMEI_MAX_DIGITS)),
        optional("software_version", tokens.SOFTWARE_VERSION, _digits(2, 2)),
    ),
)
_EXPERIMENTAL_RESULT = group(
    ExperimentalResult,
    (
        Field("vendor_id", tokens.VENDOR_ID, UNSIGNED),
        Field("code", tokens.EXPERIMENTAL_RESULT_CODE, UNSIGNED),
    ),
)
_SESSION_ID = Field("session_id", tokens.SESSION_ID, TEXT)
_AUTH_SESSION_STATE = Field("auth_session_state", tokens.AUTH_SESSION_STATE, UNSIGNED)
_PROXY_INFOS = many("proxy_infos", tokens.PROXY_INFO, OCTETS)

_FIELDS: dict[type[Body], tuple[Field, ...]] = {
    CapabilitiesExchangeRequest: (
        *_CAPABILITIES,
        many("inband_security_ids", tokens.INBAND_SECURITY_ID, UNSIGNED),
    ),
    CapabilitiesExchangeAnswer: (*_RESULT, *_CAPABILITIES),
    DeviceWatchdogRequest: _ORIGIN,
    DeviceWatchdogAnswer: (*_RESULT, *_ORIGIN),
    DisconnectPeerRequest: (*_ORIGIN, Field("disconnect_cause", tokens.DISCONNECT_CAUSE, UNSIGNED)),
    DisconnectPeerAnswer: (*_RESULT, *_ORIGIN),
    EquipmentCheckRequest: (
        _SESSION_ID,
        _AUTH_SESSION_STATE,
        *_ORIGIN,
        optional("destination_host", tokens.DESTINATION_HOST, IDENTITY),
        Field("destination_realm", tokens.DESTINATION_REALM, IDENTITY),
        Field("terminal", tokens.TERMINAL_INFORMATION, _TERMINAL),
        optional("user_name", tokens.USER_NAME, TEXT),
        _PROXY_INFOS,
        many("route_records", tokens.ROUTE_RECORD, IDENTITY),
    ),
    EquipmentCheckAnswer: (
        _SESSION_ID,
        optional("result_code", tokens.RESULT_CODE, UNSIGNED),
        optional("experimental_result", tokens.EXPERIMENTAL_RESULT, _EXPERIMENTAL_RESULT),
        _AUTH_SESSION_STATE,
        *_ORIGIN,
        optional("equipment_status", tokens.EQUIPMENT_STATUS, UNSIGNED),
        _PROXY_INFOS,
    ),
    ErrorAnswer: (
        optional("session_id", tokens.SESSION_ID, TEXT),
        *_ORIGIN,
        *_RESULT,
        optional("error_message", tokens.ERROR_MESSAGE, TEXT)._replace(is_mandatory=False),
        optional("failed_avps", tokens.FAILED_AVP, AVPS),
        _PROXY_INFOS,
    ),
}
_SHORTEST = shortest_values(field for fields in _FIELDS.values() for field in fields)


class _Command(NamedTuple):
    """A command: its application, and the values of its request and its answer."""

    code: int
    application: int
    request: type[Request]
    answer: type[Answer]


_COMMANDS = {
    command.code: command
    for command in (
        _Command(
            tokens.CAPABILITIES_EXCHANGE,
            tokens.APPLICATION_BASE,
            CapabilitiesExchangeRequest,
            CapabilitiesExchangeAnswer,
        ),
        _Command(tokens.DEVICE_WATCHDOG, tokens.APPLICATION_BASE, DeviceWatchdogRequest, DeviceWatchdogAnswer),
        _Command(tokens.DISCONNECT_PEER, tokens.APPLICATION_BASE, DisconnectPeerRequest, DisconnectPeerAnswer),
        _Command(tokens.ME_IDENTITY_CHECK, tokens.APPLICATION_S13, EquipmentCheckRequest, EquipmentCheckAnswer),
    )
}
_BY_REQUEST = {command.request: command for command in _COMMANDS.values()}
_APPLICATIONS = frozenset(command.application for command in _COMMANDS.values())


def decode(header: Header, octets: bytes) -> Body:
    """What a message says, given its header and all its octets.

    `AvpError` for a request carries the result that its answer must tell (`failure` makes the answer), and for an
    answer only says what is wrong. An answer that reports a failure by its Result-Code is an `ErrorAnswer`.
    """
    if header.is_error and header.is_request:
        raise AvpError(ResultCode.INVALID_HEADER_BITS, "a request with the E bit")
    type_ = ErrorAnswer if header.is_error else _type_of(header)
    avps = decode_avps(octets, HEADER_OCTETS, _SHORTEST)
    if header.is_request:
        verify_known(avps)
    elif _tells_failure(avps):
        type_ = ErrorAnswer
    return type_(**read_fields(_FIELDS[type_], avps))


def _type_of(header: Header) -> type[Body]:
    if header.application not in _APPLICATIONS:
        raise AvpError(ResultCode.APPLICATION_UNSUPPORTED, f"application {header.application}: not served here")
    command = _COMMANDS.get(header.command)
    if command is None or command.application != header.application:
        raise AvpError(ResultCode.COMMAND_UNSUPPORTED, f"command {header.command}: not served here")
    return command.request if header.is_request else command.answer


def encode_request(request: Request, *, hop_by_hop: int, end_to_end: int) -> bytes:
    """A request as one message; both identifiers have 32 bits."""
    command = _BY_REQUEST[type(request)]
    is_proxiable = command.application != tokens.APPLICATION_BASE
    header = Header(command.code, command.application, hop_by_hop, end_to_end, True, is_proxiable=is_proxiable)
    return encode_message(header, encode_avps(write_fields(_FIELDS[type(request)], request)))


def encode_answer(answer: Answer, request: Header) -> bytes:
    """An answer as one message, given the header of its request."""
    is_error = isinstance(answer, ErrorAnswer)
    if not is_error and answer.result_code is not None and not _is_success(answer.result_code):
        raise EncodeError(f"Result-Code {answer.result_code}: a failure goes into an ErrorAnswer")
    return encode_message(request.answer(is_error=is_error), encode_avps(write_fields(_FIELDS[type(answer)], answer)))


def failure(error: AvpError, octets: bytes, *, origin_host: str, origin_realm: str) -> ErrorAnswer:
    """The answer to a request of which `decode` said that it is wrong: with as much of it as can be read.

    Its Session-Id and every Proxy-Info go back, in their order (RFC 6733 clause 6.2), as far as lengths are right.
    """
    avps = legible_avps(octets, HEADER_OCTETS)
    session_ids = [avp.data for avp in avps if (avp.code, avp.vendor) == tokens.SESSION_ID[:2]]
    return ErrorAnswer(
        session_id=session_ids[0].decode(errors="replace") if session_ids else None,
        origin_host=origin_host,
        origin_realm=origin_realm,
        result_code=error.result_code,
        error_message=str(error),
        failed_avps=None if error.failed is None else (error.failed,),
        proxy_infos=tuple(avp.data for avp in avps if (avp.code, avp.vendor) == tokens.PROXY_INFO[:2]),
    )


def _tells_failure(avps: tuple[Avp, ...]) -> bool:
    """Whether a Result-Code is there that is no success (RFC 6733 clause 7.1)."""
    results = [avp.data for avp in avps if (avp.code, avp.vendor) == tokens.RESULT_CODE[:2]]
    return any(not _is_success(int.from_bytes(data, "big")) for data in results)


def _is_success(result_code: int) -> bool:
    return result_code // 1000 == 2
