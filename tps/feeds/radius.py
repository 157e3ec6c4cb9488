"""The RADIUS accounting feed: records in, an answer for each that is safe in the queue, detections out.

What is not answered the client sends again. So nothing is answered that is not in the queue: not while the queue is
full, not beyond a client's rate, not when it does not prove the secret. A request that comes again is answered again
and detects nothing.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final, TypeVar

import structlog

from encoders.errors import DecodeError
from encoders.radius_accounting import (
    PACKET_MAX_OCTETS,
    AccountingRequest,
    StatusServer,
    decode,
    decode_imeisv,
    decode_imsi,
    encode_response,
    verify,
)
from encoders.radius_tokens import AcctStatusType
from tps.decisions import identities
from tps.errors import RejectedError
from tps.feeds.address_book import AddressBook
from tps.feeds.allowance import Allowance
from tps.feeds.datagram_socket import Address, DatagramSocket, Peer, bound_to
from tps.feeds.detected import Detected
from tps.feeds.detection_queue import DetectionQueue
from tps.feeds.radius_config import RadiusClient, RadiusFeed
from tps.feeds.recent_requests import RecentRequests
from tps.feeds.sparse_log import SparseLog

SOURCE: Final = "radius"
REMEMBERED_S: Final = 30.0
"""RFC 5080 clause 2.2.2: 5 to 30 seconds after the answer nobody asks again."""
_CLOCK_SET_S: Final = 946_684_800
"""2000-01-01: an earlier Event-Timestamp is that of a clock that nobody has set."""
_STOP: Final = int(AcctStatusType.STOP)
_SIGHTINGS: Final = frozenset({int(AcctStatusType.START), _STOP, int(AcctStatusType.INTERIM_UPDATE)})
"""As plain integers: a member of the enumeration takes a look-up of its own, at each record."""

_Written = TypeVar("_Written", bytes, str)
_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class RadiusCounters:
    """What has happened since the start, in datagrams."""

    received: int = 0
    answered: int = 0
    detected: int = 0
    """Records that named a SIM and a device, and were put into the queue."""
    repeated: int = 0
    """Requests that had been answered before."""
    probes: int = 0
    """Status-Server."""
    without_pair: int = 0
    """Records that are no sighting, or name no SIM or no device: answered, nothing detected."""
    unreadable: int = 0
    """Identities of no known form."""
    refused_full: int = 0
    """Records that were not answered because the queue was full; in copy-only mode they are lost."""
    refused_rate: int = 0
    """Records beyond their client's rate, not answered."""
    unknown_client: int = 0
    unproven: int = 0
    """Datagrams that do not prove the secret of their client, or are no requests at all."""
    malformed: int = 0
    """Requests with the right secret that cannot be read."""
    unsent: int = 0
    """Answers that the socket did not take; the client asks again."""
    dropped: int = 0
    """Datagrams that the system threw away before they were read, because the socket's buffer was full."""


@dataclass(slots=True)
class _Client:
    """A client of the configuration at work."""

    name: str
    secret: bytes = field(repr=False)
    allowance: Allowance


class RadiusListener:
    """Answers records, and puts what they detect into the queue."""

    def __init__(
        self, feed: RadiusFeed, queue: DetectionQueue, datagrams: DatagramSocket, *, clock: Callable[[], int]
    ) -> None:
        """`clock` gives milliseconds since 1970-01-01 UTC."""
        self._counters = RadiusCounters()
        self._now_s = asyncio.get_running_loop().time
        self._clients = AddressBook((client.prefix, self._at_work(client)) for client in feed.clients)
        self._answers = not feed.copy_only
        self._queue = queue
        self._recent = RecentRequests(feed.remembered_requests, REMEMBERED_S)
        self._clock = clock
        self._datagrams = datagrams
        self._sparse_log = SparseLog(_log)

    def _at_work(self, client: RadiusClient) -> _Client:
        return _Client(client.name, client.secret.encode(), Allowance(client.rate_per_s, self._now_s()))

    @property
    def counters(self) -> RadiusCounters:
        """What has happened until now."""
        self._counters.dropped = self._datagrams.dropped
        return self._counters

    @property
    def port(self) -> int:
        """The UDP port it listens on."""
        return self._datagrams.port

    def hear(self) -> None:
        """Take in what waits in the socket, a burst of it at most; then answer."""
        answers: defaultdict[Peer, list[bytes]] = defaultdict(list)
        try:
            for octets, peer in self._datagrams.receive():
                answer = self._answer_to(octets, peer[0])
                if answer is not None:
                    answers[peer].append(answer)
        finally:  # a defect that one datagram comes upon is not the others'
            due = sum(map(len, answers.values()))
            unsent = self._datagrams.send(answers)
            self._counters.answered += due - unsent
            self._counters.unsent += unsent

    def _answer_to(self, octets: bytes, address: Address) -> bytes | None:
        """One datagram: known client, right secret, not answered yet, room for it; then the answer."""
        counters = self._counters
        counters.received += 1
        clients = self._clients.find(address[0])
        if not clients:
            counters.unknown_client += 1
            self._sparse_log.tell("radius.unknown_client", address=address[0])
            return None
        client = clients[0]
        try:
            verify(octets, client.secret)
        except DecodeError as error:
            counters.unproven += 1
            self._sparse_log.tell("radius.unproven", client=client.name, reason=str(error))
            return None
        try:
            request = decode(octets)
        except DecodeError as error:
            counters.malformed += 1
            self._sparse_log.tell("radius.malformed", client=client.name, reason=str(error))
            return None
        if isinstance(request, StatusServer):
            counters.probes += 1
        elif not self._take_in(request, client, (address, octets[1:20])):
            return None
        # It always fits: of the request it holds no more than the Proxy-State.
        return encode_response(request, client.secret) if self._answers else None

    def _take_in(self, request: AccountingRequest, client: _Client, key: tuple[Address, bytes]) -> bool:
        """Whether the record is to be answered; `key` is what it has in common with the same request come again."""
        counters, now_s = self._counters, self._now_s()
        if self._recent.knows(key, now_s):
            counters.repeated += 1
            return True
        if not client.allowance.take(now_s):
            counters.refused_rate += 1
            self._sparse_log.tell("radius.beyond_rate", client=client.name)
            return False
        detected = self._detected(request, client.name)
        if detected is None:
            counters.without_pair += 1
        elif self._queue.offer(detected):
            counters.detected += 1
        else:
            counters.refused_full += 1
            self._sparse_log.tell("radius.queue_full", client=client.name)
            return False
        self._recent.add(key, now_s)
        return True

    def _detected(self, request: AccountingRequest, peer: str) -> Detected | None:
        """The sighting in a record, if it is one."""
        if request.status_type not in _SIGHTINGS or request.imeisv is None:
            return None
        number = request.calling_station_id
        imei = self._read(decode_imeisv, request.imeisv, "3GPP-IMEISV", peer)
        imsi = None if request.imsi is None else self._read(decode_imsi, request.imsi, "3GPP-IMSI", peer)
        msisdn = self._read(identities.msisdn, number, "Calling-Station-Id", peer) if number else None
        if imei is None or (imsi is None and msisdn is None):
            return None
        return Detected(imsi, imei, msisdn, SOURCE, peer, seen_at(request, self._clock()), request.session_id)

    def _read(self, reader: Callable[[_Written], str], written: _Written, attribute: str, peer: str) -> str | None:
        """An identity brought to its form; None for one that has none, which is counted and told, not what it was."""
        try:
            return reader(written)
        except (DecodeError, RejectedError):
            self._counters.unreadable += 1
            self._sparse_log.tell("radius.unreadable", client=peer, attribute=attribute, octets=len(written))
            return None


def seen_at(request: AccountingRequest, now_ms: int) -> int:
    """The moment for which a record proves that the SIM was in the device, in milliseconds since 1970-01-01 UTC.

    A Stop proves that it has left, perhaps for the device whose Start came first; so of it the start of the session
    counts, as far as it tells for how long that lasted.
    """
    lasted_ms = request.session_s * 1000 if request.status_type == _STOP else 0
    return max(_happened_at(request, now_ms) - lasted_ms, 0)


def _happened_at(request: AccountingRequest, now_ms: int) -> int:
    """When a record's event happened, in milliseconds since 1970-01-01 UTC, by the earlier of what its client tells.

    Acct-Delay-Time, for how long the client has been trying to tell (RFC 2866 clause 5.2), is measured without a clock
    that is set; a record that was buffered before that has only its Event-Timestamp to say so. By a clock that runs
    ahead that is too late, even in the future.
    """
    tried_since_ms = now_ms - request.delay_s * 1000
    if request.event_timestamp_s is None or request.event_timestamp_s < _CLOCK_SET_S:
        return tried_since_ms
    return min(request.event_timestamp_s * 1000, tried_since_ms)


@asynccontextmanager
async def listening(
    feed: RadiusFeed, queue: DetectionQueue, *, clock: Callable[[], int]
) -> AsyncIterator[RadiusListener]:
    """The feed at work; on leaving it hears and answers nothing any more. `OSError` where it cannot listen."""
    loop = asyncio.get_running_loop()
    with await bound_to(feed.host, feed.port) as bound:
        datagrams = DatagramSocket(bound, datagram_max_octets=PACKET_MAX_OCTETS)
        _give_room(datagrams, feed.receive_buffer_octets)
        listener = RadiusListener(feed, queue, datagrams, clock=clock)
        loop.add_reader(bound, listener.hear)
        _log.info("radius.listening", host=feed.host, port=listener.port, copy_only=feed.copy_only)
        try:
            yield listener
        finally:
            loop.remove_reader(bound)


def _give_room(datagrams: DatagramSocket, octets: int) -> None:
    allowed = datagrams.give_room(octets)
    if allowed < octets:
        _log.warning("radius.small_receive_buffer", octets=allowed, wanted=octets, mend="raise net.core.rmem_max")
