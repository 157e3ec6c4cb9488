"""One simulated handset: takes SMS user data as the air brings it, and does what real handsets do with it."""

import enum
from collections import Counter, OrderedDict, deque
from dataclasses import dataclass, field, replace

from tps.sim.handset_behaviour import STRICT, HandsetBehaviour
from tps.sim.handset_decoder import Push, UserData, decode_push, decode_user_data
from tps.sim.handset_description import describe
from tps.sim.handset_octets import DecodeError
from tps.sim.handset_rejections import RefusedError, Rejection
from tps.sim.handset_rules import fit
from tps.sim.handset_settings import Plain, Settings
from tps.sim.handset_text import decode_text
from tps.sim.handset_trust import Security, imsi_octets, mac_matches
from tps.sim.handset_wbxml import decode_document

_PUSH_PORT = 2948
"""WAP push, connectionless (WAP-259 clause 6.1)."""
_PUSH_DATA_CODINGS = frozenset((0x04, 0xF5))
"""8-bit data, class unspecified or class 1 (TS 23.038 clause 4)."""
_MEDIA_TYPE = "application/vnd.wap.connectivity-wbxml"
_PARTIAL_MAX = 8
"""Messages that may be waiting for segments; the oldest is given up for a ninth."""
_INBOX_MAX = 20

_PartialKey = tuple[str, int, int]
"""Sender, reference, number of segments."""


class Outcome(enum.Enum):
    """What came of one SMS."""

    WAITING = "waits for more segments"
    TEXT = "a text for the owner"
    PIN_NEEDED = "the owner must type a PIN"
    INSTALLED = "settings installed"
    UNCHANGED = "the same settings were there already"
    REJECTED = "not taken"


@dataclass(slots=True)
class _Partial:
    """A message whose segments are not all here; the port is that of its first segment that has one."""

    port: int | None
    segments: dict[int, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Pending:
    """A push that waits for its PIN."""

    push: Push
    security: Security
    tries_left: int


class Handset:
    """A handset with a SIM in it; `pin` is what its owner types when asked, None leaves the question open.

    `receive` takes any octets and never raises: what cannot be taken is counted in `rejections`.
    """

    def __init__(
        self,
        imsi: str,
        imei: str,
        msisdn: str,
        pin: str | None = None,
        behaviour: HandsetBehaviour = STRICT,
    ) -> None:
        if not (imsi.isascii() and imsi.isdecimal() and len(imsi) <= 15):
            raise ValueError(f"IMSI {imsi!r}: up to 15 digits are expected (TS 23.003 clause 2.2)")
        self.imsi = imsi
        self.imei = imei
        self.msisdn = msisdn
        self.pin = pin
        self.behaviour = behaviour
        self.settings = Settings()
        self.inbox: deque[str] = deque(maxlen=_INBOX_MAX)
        self.installed = 0
        self.left_out: deque[str] = deque(maxlen=_INBOX_MAX)
        self.rejections: Counter[Rejection] = Counter()
        self.last_refusal = ""
        self._partial: OrderedDict[_PartialKey, _Partial] = OrderedDict()
        self._pending: _Pending | None = None

    def receive(self, octets: bytes, *, data_coding: int = 0x04, has_header: bool = True, sender: str = "") -> Outcome:
        """One SMS: its user data, TP-DCS, TP-UDHI and who sent it."""
        try:
            message = self._reassemble(self._user_data(octets, has_header=has_header), sender)
            if message is None:
                return Outcome.WAITING
            if message.destination_port is None:
                self.inbox.append(decode_text(message.payload, data_coding))
                return Outcome.TEXT
            return self._take_push(message.payload, data_coding)
        except RefusedError as refusal:
            return self._reject(refusal)

    def type_pin(self, pin: str) -> Outcome:
        """The owner types a PIN for the push that waits; after the last wrong one it is dropped."""
        pending, self._pending = self._pending, None
        if pending is None:
            return Outcome.REJECTED
        try:
            if self._mac_fits(pending.push, pending.security, pin):
                return self._install(pending.push, signed=True)
        except RefusedError as refusal:
            return self._reject(refusal)
        if pending.tries_left > 1:
            self._pending = _Pending(pending.push, pending.security, pending.tries_left - 1)
            return Outcome.PIN_NEEDED
        return self._reject(RefusedError(Rejection.PIN_EXHAUSTED))

    @property
    def waits_for_pin(self) -> bool:
        """Whether a push waits for a PIN."""
        return self._pending is not None

    def holds(self) -> tuple[Plain, ...]:
        """The installed characteristics and parameters as nested tuples, to be compared with what was expected."""
        return self.settings.plain()

    def describe(self) -> str:
        """Its settings in plain words, a line each."""
        return "\n".join(describe(self.settings))

    def _reject(self, refusal: RefusedError) -> Outcome:
        self.rejections[refusal.reason] += 1
        self.last_refusal = str(refusal)
        return Outcome.REJECTED

    def _user_data(self, octets: bytes, *, has_header: bool) -> UserData:
        if not has_header:
            return UserData(octets)
        try:
            user_data = decode_user_data(octets)
        except DecodeError as error:
            raise RefusedError(Rejection.HEADER, str(error)) from error
        port = user_data.destination_port
        if port is not None and port != _PUSH_PORT:
            raise RefusedError(Rejection.NOT_FOR_PROVISIONING, f"port {port}")
        return user_data

    def _reassemble(self, segment: UserData, sender: str) -> UserData | None:
        """The whole message once its last segment is here, in whatever order and however often they come."""
        if segment.total == 1:
            return segment
        if self.behaviour.narrow_references_only and segment.has_wide_reference:
            raise RefusedError(Rejection.REFERENCE_WIDE)
        if self.behaviour.segments_max is not None and segment.total > self.behaviour.segments_max:
            raise RefusedError(Rejection.SEGMENTS_TOO_MANY, f"{segment.total} of them")
        key = (sender, segment.reference, segment.total)
        partial = self._partial.setdefault(key, _Partial(segment.destination_port))
        self._agree_on_port(partial, segment)
        segments = partial.segments
        if segments.get(segment.number, segment.payload) != segment.payload:
            segments.clear()  # another message that uses the reference again
        segments[segment.number] = segment.payload
        if len(segments) < segment.total:
            self._partial.move_to_end(key)
            if len(self._partial) > _PARTIAL_MAX:
                self._partial.popitem(last=False)
            return None
        del self._partial[key]
        whole = b"".join(segments[number] for number in range(1, segment.total + 1))
        return replace(segment, payload=whole, destination_port=partial.port)

    def _agree_on_port(self, partial: _Partial, segment: UserData) -> None:
        """A segment without port belongs to the others, or to nothing where each of them must have one."""
        if partial.port == segment.destination_port:
            return
        if self.behaviour.port_in_every_segment:
            lost = RefusedError(Rejection.PORT_MISSING, f"segment of {segment.total}")
            if segment.destination_port is None:
                raise lost
            partial.segments.clear()
            self._reject(lost)
        partial.port = segment.destination_port or partial.port

    def _take_push(self, message: bytes, data_coding: int) -> Outcome:
        if data_coding not in _PUSH_DATA_CODINGS:
            raise RefusedError(Rejection.DATA_CODING, f"{data_coding:#04x}")
        try:
            push = decode_push(message)
        except DecodeError as error:
            raise RefusedError(Rejection.PUSH, str(error)) from error
        security = self._security(push)
        if security is None:
            return self._install(push, signed=False)
        if security.needs_pin:
            if self._pending is not None:
                self._reject(RefusedError(Rejection.SUPERSEDED))
            self._pending = _Pending(push, security, self.behaviour.pin_tries)
            return Outcome.PIN_NEEDED if self.pin is None else self.type_pin(self.pin)
        if not self._mac_fits(push, security, ""):
            raise RefusedError(Rejection.MAC_WRONG)
        return self._install(push, signed=True)

    def _security(self, push: Push) -> Security | None:
        """How the push is protected, None for not at all; raises `RefusedError` if this handset does not take that."""
        content_type = push.content_type
        if content_type.media_type != _MEDIA_TYPE:
            raise RefusedError(Rejection.MEDIA_TYPE, content_type.media_type)
        if content_type.security is None:
            if not self.behaviour.takes_unsigned:
                raise RefusedError(Rejection.UNSIGNED)
            return None
        if content_type.security not in self.behaviour.security:
            raise RefusedError(Rejection.SECURITY_UNKNOWN, f"SEC {content_type.security}")
        security = Security(content_type.security)
        if security is not Security.USERPINMAC and content_type.mac is None:
            raise RefusedError(Rejection.MAC_ABSENT, security.name)
        if self.behaviour.exact_content_type and not push.is_exact:
            raise RefusedError(Rejection.CONTENT_TYPE_FORM, (push.content_type_octets + push.other_headers).hex(" "))
        return security

    def _mac_fits(self, push: Push, security: Security, pin: str) -> bool:
        mac = push.content_type.mac or ""
        netwpin = imsi_octets(self.imsi, pads_even=self.behaviour.pads_even_imsi)
        if not self.behaviour.exact_mac_case:
            mac = mac.upper()
        return mac_matches(security, push.body, mac, netwpin=netwpin, pin=pin)

    def _install(self, push: Push, *, signed: bool) -> Outcome:
        try:
            document = decode_document(push.body, falls_back_to_page_0=self.behaviour.page_0_values_everywhere)
        except DecodeError as error:
            raise RefusedError(Rejection.DOCUMENT, str(error)) from error
        fitted = fit(document, self.behaviour, signed=signed)
        self.left_out.extend(fitted.left_out)
        self.installed += 1
        return Outcome.INSTALLED if self.settings.install(fitted.characteristics) else Outcome.UNCHANGED
