"""A gateway that sends RADIUS accounting: records made beforehand, sent again while they are not answered, all counted.

It proves and checks every authenticator by itself (RFC 2866 clause 3), so it shares no code with what it measures.
"""

import asyncio
import contextlib
import hmac
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import md5
from struct import Struct
from typing import Final

SECRET: Final = "secret of the load tests"  # noqa: S105 - of a server that is there for the load test only
RESEND_AFTER_S: Final = 2.0
TRIES_MAX: Final = 10
IDENTIFIERS: Final = 256
"""Records that a socket may have under way (RFC 2865 clause 3)."""
_LOOK_EVERY_S: Final = 0.1
_TICK_S: Final = 0.002
_BUFFER_OCTETS: Final = 4_194_304
_BURST_MAX: Final = 64
"""Answers that are read from a socket in one turn."""
_HEADER_OCTETS: Final = 20
_ANSWER_MAX_OCTETS: Final = 4096
_SECRET: Final = SECRET.encode()
_REQUEST, _RESPONSE = 4, 5
_START: Final = 1
_HEADER = Struct(">BBH")


def _attribute(number: int, value: bytes) -> bytes:
    return bytes((number, 2 + len(value))) + value


def _integer(number: int, value: int) -> bytes:
    return _attribute(number, value.to_bytes(4, "big"))


def _of_3gpp(number: int, value: bytes) -> bytes:
    return _attribute(26, (10415).to_bytes(4, "big") + _attribute(number, value))


_SAME_IN_ALL = b"".join(
    (
        _integer(6, 2),  # Service-Type = Framed
        _integer(7, 7),  # Framed-Protocol = GPRS-PDP-Context
        _attribute(4, bytes((10, 20, 0, 1))),  # NAS-IP-Address
        _attribute(8, bytes((10, 64, 0, 1))),  # Framed-IP-Address
        _attribute(30, b"internet.example"),  # Called-Station-Id
        _attribute(32, b"pgw-1.epc.example"),  # NAS-Identifier
        _integer(45, 1),  # Acct-Authentic = RADIUS
        _of_3gpp(8, b"00101"),  # 3GPP-IMSI-MCC-MNC
        _of_3gpp(10, b"5"),  # 3GPP-NSAPI
        _of_3gpp(21, b"\x06"),  # 3GPP-RAT-Type = EUTRAN
        _of_3gpp(22, bytes.fromhex("8200f110000100f11000000101")),  # 3GPP-User-Location-Info
    )
)
"""What a PGW tells beside who is in which device: a record has some 250 octets."""


def record(imsi: str, imeisv: str, *, session: int, msisdn: str = "", at_s: int | None = None) -> bytes:
    """The attributes of one record; `at_s` is its Event-Timestamp, in seconds since 1970-01-01 UTC."""
    return b"".join(
        (
            _integer(40, _START),
            _attribute(44, f"0A140001{session:08X}".encode()),
            _attribute(31, msisdn.encode()) if msisdn else b"",
            _integer(55, at_s) if at_s is not None else b"",
            _SAME_IN_ALL,
            _of_3gpp(1, imsi.encode()),
            _of_3gpp(20, imeisv.encode()),
        )
    )


@dataclass(slots=True, kw_only=True)
class Sent:
    """What became of the records."""

    answered: int = 0
    lost: int = 0
    """Never answered, however often they were sent."""
    resent: int = 0
    """Datagrams sent again."""
    forged: int = 0
    """Answers that fit no record under way: second ones to a record that was sent twice, or with a wrong secret."""
    answered_by: list[tuple[float, int]] = field(default_factory=list)
    """Milliseconds since 1970-01-01 UTC, and how many were answered until then."""
    times_ms: list[float] = field(default_factory=list)
    """From the first time a record was sent until its answer."""


async def send(
    port: int,
    records: Sequence[bytes],
    *,
    at_once: int,
    rate_per_s: float = 0.0,
    resend_after_s: float = RESEND_AFTER_S,
    tries_max: int = TRIES_MAX,
) -> Sent:
    """Send all records to a port of this machine, `at_once` under way at most; returns when none is any more.

    At `rate_per_s`, or as soon as one is answered. One without an answer is sent again after `resend_after_s`, at most
    `tries_max` times in all: then it counts as lost.
    """
    gateway = _Gateway(records, rate_per_s, resend_after_s, tries_max)
    loop = asyncio.get_running_loop()
    with contextlib.ExitStack() as leaving:
        for first in range(0, at_once, IDENTIFIERS):
            connected = leaving.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            connected.setblocking(False)
            # As many answers as are under way must find room, or this client would lose what the server has answered.
            connected.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER_OCTETS)
            connected.connect(("127.0.0.1", port))
            link = _Link(connected, gateway)
            loop.add_reader(connected, link.hear)
            leaving.callback(loop.remove_reader, connected)
            gateway.add(link, min(IDENTIFIERS, at_once - first))
        await gateway.run()
    return gateway.sent


class _Slot:
    """An identifier of a socket, with the record that has it."""

    __slots__ = ("first_s", "identifier", "link", "octets", "sent_s", "tries")

    def __init__(self, link: "_Link", identifier: int) -> None:
        self.link = link
        self.identifier = identifier
        self.octets = b""
        """The datagram under way; none of a slot that is free."""
        self.first_s = self.sent_s = 0.0
        self.tries = 0


class _Gateway:
    """The records that are left, and those that are under way."""

    def __init__(self, records: Sequence[bytes], rate_per_s: float, resend_after_s: float, tries_max: int) -> None:
        self.sent = Sent()
        self._records = iter(records)
        self._left = len(records)
        self._rate_per_s = rate_per_s
        self._resend_after_s = resend_after_s
        self._tries_max = tries_max
        self._slots: list[_Slot] = []
        self._free: list[_Slot] = []
        self._begun = 0
        self._began_s = 0.0
        self._ended = asyncio.Event()

    def add(self, link: "_Link", identifiers: int) -> None:
        """One more socket."""
        link.slots = [_Slot(link, identifier) for identifier in range(identifiers)]
        self._slots += link.slots
        self._free += link.slots

    async def run(self) -> None:
        """Until all records are answered, or lost."""
        self._began_s = looked_s = time.perf_counter()
        while self._left:
            self.fill()
            if time.perf_counter() - looked_s >= _LOOK_EVERY_S:
                looked_s = time.perf_counter()
                self._send_again(looked_s)
                self._note()
            pause_s = max(1 / self._rate_per_s, _TICK_S) if self._rate_per_s else _LOOK_EVERY_S
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause_s):
                    await self._ended.wait()
        self._note()

    def heard(self, link: "_Link", answer: bytes) -> None:
        """An answer: its slot is free for the next record."""
        slot = link.slots[answer[1]] if len(answer) >= _HEADER_OCTETS and answer[1] < len(link.slots) else None
        if slot is None or not slot.octets or not self._is_proven(answer, slot.octets):
            self.sent.forged += 1
            return
        self.sent.answered += 1
        self.sent.times_ms.append((time.perf_counter() - slot.first_s) * 1000)
        self._release(slot)

    def _is_proven(self, answer: bytes, request: bytes) -> bool:
        proof = md5(b"".join((answer[:4], request[4:20], answer[20:], _SECRET)), usedforsecurity=False).digest()
        return answer[0] == _RESPONSE and hmac.compare_digest(answer[4:20], proof)

    def _release(self, slot: _Slot) -> None:
        slot.octets = b""
        self._free.append(slot)
        self._left -= 1
        if not self._left:
            self._ended.set()

    def fill(self) -> None:
        """Send what is due, as far as slots are free."""
        now_s = time.perf_counter()
        due = int((now_s - self._began_s) * self._rate_per_s) + 1 - self._begun if self._rate_per_s else len(self._free)
        for _ in range(min(due, len(self._free))):
            attributes = next(self._records, None)
            if attributes is None:
                return
            self._begun += 1
            slot = self._free.pop()
            slot.octets = self._request(slot.identifier, attributes)
            slot.first_s = slot.sent_s = time.perf_counter()
            slot.tries = 1
            slot.link.send(slot.octets)

    def _request(self, identifier: int, attributes: bytes) -> bytes:
        start = _HEADER.pack(_REQUEST, identifier, _HEADER_OCTETS + len(attributes))
        proof = md5(b"".join((start, bytes(16), attributes, _SECRET)), usedforsecurity=False).digest()
        return b"".join((start, proof, attributes))

    def _send_again(self, now_s: float) -> None:
        for slot in self._slots:
            if not slot.octets or now_s - slot.sent_s < self._resend_after_s:
                continue
            if slot.tries >= self._tries_max:
                self.sent.lost += 1
                self._release(slot)
                continue
            slot.tries += 1
            slot.sent_s = now_s
            self.sent.resent += 1
            slot.link.send(slot.octets)

    def _note(self) -> None:
        self.sent.answered_by.append((time.time() * 1000, self.sent.answered))


class _Link:
    """A socket of the gateway."""

    def __init__(self, connected: socket.socket, gateway: _Gateway) -> None:
        self.slots: list[_Slot] = []
        self._connected = connected
        self._gateway = gateway

    def send(self, octets: bytes) -> None:
        """Send a request; one that does not leave is sent again like one that has no answer."""
        with contextlib.suppress(OSError):
            self._connected.send(octets)

    def hear(self) -> None:
        """Take what has come, a burst of it at most; then send what is due."""
        for _ in range(_BURST_MAX):
            try:
                answer = self._connected.recv(_ANSWER_MAX_OCTETS)
            except OSError:  # nothing waits; or nobody listens there now: what is not answered is sent again
                break
            self._gateway.heard(self, answer)
        self._gateway.fill()
