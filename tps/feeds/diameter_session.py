"""One connection of Diameter without its socket: octets and times in, octets and the next time out.

Theory of operation
-------------------
An MME, an SGSN or a relay connects; the server is the EIR and never connects itself. First the peer tells its
capabilities: it must be a peer of the configuration, at an address of that peer, on its only connection, and speak S13
(or relay everything). From then on each request is answered in the order of arrival, and nothing of it waits for
anything: the status of a device comes from memory, the sighting goes into a queue.

*Silence.* After `watchdog_s` without a message the peer is probed (DWR), after as many more the connection is broken.
Any message is a sign of life (RFC 3539 clause 3.4.1).

*Errors.* A request that can be told apart is answered with what is wrong with it. Where its header has another
version, or a length that no message has, the connection ends behind the answer: there is no place at which to go on.
Other octets that are no Diameter end it without one, and so does anything before the capabilities; only capabilities
are told what is wrong with them.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from encoders import diameter_s13 as s13
from encoders.diameter import HEADER_OCTETS, AvpError, Header, decode_header, header_of, length_of
from encoders.diameter_tokens import (
    APPLICATION_RELAY,
    APPLICATION_S13,
    CAPABILITIES_EXCHANGE,
    EQUIPMENT_UNKNOWN,
    NO_INBAND_SECURITY,
    VENDOR_3GPP,
    DisconnectCause,
    EquipmentStatus,
    ResultCode,
)
from encoders.errors import DecodeError
from tps.decisions import identities
from tps.errors import RejectedError
from tps.feeds.detected import Detected
from tps.feeds.diameter_config import DiameterFeed
from tps.feeds.diameter_states import MOVES, Event, State
from tps.feeds.sparse_log import SparseLog

SOURCE: Final = "s13"
PRODUCT_NAME: Final = "tps"
_NUMBERS: Final = 1 << 32
_SHOWN_MAX: Final = 100
"""Characters of a name of somebody's choice that are shown."""

StatusOf = Callable[[str, str | None], EquipmentStatus | None]
"""The status of a device, by its IMEI or IMEISV (14 to 16 digits) and its IMSI, if it was told; None: unknown to us.

It is asked on the event loop while an attach waits, so it answers from memory.
"""


@dataclass(slots=True)
class DiameterCounters:
    """What has happened since the start, over all connections."""

    connected: int = 0
    """Connections that told capabilities we took."""
    refused_peer: int = 0
    """Connections of strangers, of peers from elsewhere, of peers that have one already, one too many, or reset before
    it could be told whose they are."""
    broken: int = 0
    """Connections that ended by silence, or by octets that are no Diameter."""
    checks: int = 0
    """ME-Identity-Check requests that were answered with a status, or that the device is unknown."""
    detected: int = 0
    """Checks that named a SIM, and were put into the queue."""
    without_imsi: int = 0
    """Checks that named no SIM, or none that can be read."""
    not_queued: int = 0
    """Checks for which the queue had no room: sightings lost, or answered that we are busy."""
    failures: int = 0
    """Requests of any kind that were answered with a failure."""


class Session:
    """One connection, from the peer's first octet to its end."""

    def __init__(
        self,
        feed: DiameterFeed,
        now: float,
        *,
        local_address: str,
        allowed: tuple[str, ...],
        claim: Callable[[str], bool],
        status_of: StatusOf,
        offer: Callable[[Detected], bool],
        clock: Callable[[], int],
        counters: DiameterCounters,
        log: SparseLog,
    ) -> None:
        """`allowed` are the Origin-Hosts that may speak from the peer's address.

        `claim` gives one its connection, False where it has one; `offer` puts a detection into the queue, False where
        that is full; `clock` gives milliseconds since 1970-01-01 UTC; `log` hears what is refused and why; `now` and
        the times after it are seconds of any steady clock.
        """
        self.state = State.WAITING
        self.peer = ""
        """The Origin-Host of the peer as configured, once it was accepted."""
        self.reason = ""
        """Why the connection ended, once it did."""
        self._feed = feed
        self._host, self._realm = feed.origin_host, feed.origin_realm
        self._local_address = local_address
        self._allowed = {host.lower(): host for host in allowed}
        self._claim = claim
        self._status_of = status_of
        self._offer = offer
        self._clock = clock
        self._counters = counters
        self._log = log
        self._received = bytearray()
        self._to_send: list[bytes] = []
        self._since = self._heard_at = now
        self._probed_at: float | None = None
        self._number = int(now * 1000) % _NUMBERS

    # Octets and time

    def receive(self, octets: bytes, now: float) -> None:
        """Take in octets of the peer."""
        self._received += octets
        try:
            for message in self._messages():
                self._heard_at, self._probed_at = now, None
                self._take(message, now)
                if self.state is State.CLOSED:
                    return
        except DecodeError as error:
            self._break(str(error))

    def octets_to_send(self) -> bytes:
        """What has to go out."""
        octets = b"".join(self._to_send)
        self._to_send.clear()
        return octets

    def next_timer(self) -> float | None:
        """When to call `tick` at the latest, if nothing comes before."""
        if self.state is State.CLOSED:
            return None
        if self.state is not State.OPEN:
            return self._since + self._feed.handshake_timeout_s
        return (self._heard_at if self._probed_at is None else self._probed_at) + self._feed.watchdog_s

    def tick(self, now: float) -> None:
        """Do what is due."""
        when = self.next_timer()
        if when is None or now < when:
            return
        if self.state is not State.OPEN:
            self._break(f"nothing came while {self.state}")
        elif self._probed_at is None:
            self.probe(now)
        else:
            self._break("the watchdog was not answered")

    def probe(self, now: float) -> None:
        """Ask whether the peer is still there."""
        if self.state is State.OPEN and self._probed_at is None:
            self._probed_at = now
            self._ask(s13.DeviceWatchdogRequest(origin_host=self._host, origin_realm=self._realm))

    def stop(self, now: float) -> None:
        """Ask the peer to let us go."""
        was_open = self.state is State.OPEN
        self._move(Event.STOP, now)
        if was_open:
            self._ask(
                s13.DisconnectPeerRequest(
                    origin_host=self._host, origin_realm=self._realm, disconnect_cause=DisconnectCause.REBOOTING
                )
            )
        elif self.state is State.CLOSED and not self.reason:
            self.reason = "the server stops"

    def lost(self, reason: str) -> None:
        """The socket is gone."""
        self.reason = self.reason or reason
        self.state = MOVES[self.state][Event.BREAK]

    # Messages

    def _messages(self) -> Iterator[bytes]:
        """Whole messages out of what has been received."""
        received = self._received
        start = 0
        try:
            while len(received) - start >= HEADER_OCTETS:
                length = self._length_of(bytes(received[start : start + HEADER_OCTETS]))
                if len(received) - start < length:
                    return
                start += length
                yield bytes(received[start - length : start])
        finally:
            del received[:start]

    def _length_of(self, header: bytes) -> int:
        """Octets of the message with this header; `DecodeError` where there is none, or too large a one."""
        try:
            length = length_of(header)
        except AvpError as error:
            self._refuse_unread(header_of(header), header, error)
            raise
        if length > self._feed.max_message_octets:
            raise DecodeError(f"message of {length} octets: at most {self._feed.max_message_octets} are read")
        return length

    def _take(self, octets: bytes, now: float) -> None:
        header = decode_header(octets)
        try:
            body = s13.decode(header, octets)
        except AvpError as error:
            self._refuse_unread(header, octets, error)
            if self.state is State.WAITING:
                raise DecodeError(f"no capabilities: {error}") from None
            return
        if self.state is State.WAITING and not isinstance(body, s13.CapabilitiesExchangeRequest):
            raise DecodeError("something before the capabilities")
        match body:
            case s13.EquipmentCheckRequest():
                self._check(header, octets, body)
            case s13.DeviceWatchdogRequest():
                self._answer(s13.DeviceWatchdogAnswer(origin_host=self._host, origin_realm=self._realm), header)
            case s13.DisconnectPeerRequest():
                self._answer(s13.DisconnectPeerAnswer(origin_host=self._host, origin_realm=self._realm), header)
                self.reason = "the peer ends the connection"
                self._move(Event.GOODBYE, now)
            case s13.CapabilitiesExchangeRequest():
                self._exchange(header, octets, body, now)
            case s13.DisconnectPeerAnswer() if self.state in (State.LEAVING, State.PARTING):
                self.reason = self.reason or "the server stops"
                self._move(Event.AGREE, now)
            case _:  # an answer: it was a sign of life
                pass

    def _exchange(self, header: Header, octets: bytes, body: s13.CapabilitiesExchangeRequest, now: float) -> None:
        """Take the peer, or tell it why not (RFC 6733 clause 5.3)."""
        if self.state is not State.WAITING:
            self._refuse(header, octets, AvpError(ResultCode.UNABLE_TO_COMPLY, "capabilities are told once"))
            return
        fault = self._fault_of(body)
        if fault is not None:
            self._counters.refused_peer += 1
            self.reason = f"{fault}; it calls itself {body.origin_host[:_SHOWN_MAX]!r}"
            self._refuse(header, octets, fault)
            self._move(Event.REFUSE, now)
            return
        self.peer = self._allowed[body.origin_host.lower()]
        self._counters.connected += 1
        self._move(Event.ACCEPT, now)
        self._answer(
            s13.CapabilitiesExchangeAnswer(
                origin_host=self._host,
                origin_realm=self._realm,
                host_ip_addresses=(self._local_address,),
                vendor_id=0,
                product_name=PRODUCT_NAME,
                supported_vendor_ids=(VENDOR_3GPP,),
                auth_application_ids=(APPLICATION_S13,),
                vendor_applications=(
                    s13.VendorApplication(vendor_ids=(VENDOR_3GPP,), auth_application_id=APPLICATION_S13),
                ),
            ),
            header,
        )

    def _fault_of(self, body: s13.CapabilitiesExchangeRequest) -> AvpError | None:
        """Why this peer is not taken, if so."""
        host = body.origin_host.lower()
        if host not in self._allowed:
            return AvpError(ResultCode.UNKNOWN_PEER, "not a peer that may connect from this address")
        if not body.applications & {APPLICATION_S13, APPLICATION_RELAY}:
            return AvpError(ResultCode.NO_COMMON_APPLICATION, "S13 is all that is served here")
        if body.inband_security_ids and NO_INBAND_SECURITY not in body.inband_security_ids:
            return AvpError(ResultCode.NO_COMMON_SECURITY, "no security is negotiated here")
        if not self._claim(self._allowed[host]):
            return AvpError(ResultCode.UNABLE_TO_COMPLY, "the peer has a connection already")
        return None

    def _check(self, header: Header, octets: bytes, body: s13.EquipmentCheckRequest) -> None:
        """Tell a device's status, and that it was seen."""
        if body.destination_host is not None and body.destination_host.lower() != self._host.lower():
            self._refuse(header, octets, AvpError(ResultCode.UNABLE_TO_DELIVER, "Destination-Host: not this server"))
            return
        if body.destination_realm.lower() != self._realm.lower():
            self._refuse(header, octets, AvpError(ResultCode.REALM_NOT_SERVED, "Destination-Realm: not this one"))
            return
        imei, imsi = _imei(body.terminal), _imsi(body.user_name)
        if imsi is None:
            self._counters.without_imsi += 1
            if body.user_name is not None:
                self._log.tell("diameter.unreadable_imsi", peer=self.peer)
        elif self._offer(Detected(imsi, imei, None, SOURCE, self.peer, self._clock(), body.session_id)):
            self._counters.detected += 1
        else:
            self._counters.not_queued += 1
            if self._feed.when_full == "busy":
                self._refuse(header, octets, AvpError(ResultCode.TOO_BUSY, "come again"))
                return
        self._counters.checks += 1
        self._answer(self._verdict(body, self._status_of(imei, imsi)), header)

    def _verdict(self, body: s13.EquipmentCheckRequest, status: EquipmentStatus | None) -> s13.EquipmentCheckAnswer:
        unknown = s13.ExperimentalResult(vendor_id=VENDOR_3GPP, code=EQUIPMENT_UNKNOWN)
        return s13.EquipmentCheckAnswer(
            session_id=body.session_id,
            result_code=None if status is None else ResultCode.SUCCESS,
            experimental_result=unknown if status is None else None,
            origin_host=self._host,
            origin_realm=self._realm,
            equipment_status=status,
            proxy_infos=body.proxy_infos,
        )

    # What goes out

    def _answer(self, answer: s13.Answer, header: Header) -> None:
        self._to_send.append(s13.encode_answer(answer, header))

    def _refuse_unread(self, header: Header, octets: bytes, error: AvpError) -> None:
        """Tell what is wrong with a request that cannot be read, to one who has begun as a peer begins."""
        if header.is_request and (self.state is not State.WAITING or header.command == CAPABILITIES_EXCHANGE):
            self._refuse(header, octets, error)

    def _refuse(self, header: Header, octets: bytes, error: AvpError) -> None:
        self._counters.failures += 1
        self._log.tell("diameter.failure", peer=self.peer, result_code=int(error.result_code), reason=str(error))
        self._answer(s13.failure(error, octets, origin_host=self._host, origin_realm=self._realm), header)

    def _ask(self, request: s13.Request) -> None:
        self._number = (self._number + 1) % _NUMBERS
        self._to_send.append(s13.encode_request(request, hop_by_hop=self._number, end_to_end=self._number))

    def _break(self, reason: str) -> None:
        self._counters.broken += 1
        self.lost(reason)

    def _move(self, event: Event, now: float) -> None:
        self.state, before = MOVES[self.state][event], self.state
        if self.state is not before:
            self._since = now


def _imei(terminal: s13.TerminalInformation) -> str:
    """The device as seen: with its software version the 16 digits of an IMEISV, otherwise as it stands."""
    if terminal.software_version is None or len(terminal.imei) == s13.IMEI_MAX_DIGITS:
        return terminal.imei
    return terminal.imei[: s13.IMEI_MIN_DIGITS] + terminal.software_version


def _imsi(user_name: str | None) -> str | None:
    try:
        return None if user_name is None else identities.imsi(user_name)
    except RejectedError:
        return None
