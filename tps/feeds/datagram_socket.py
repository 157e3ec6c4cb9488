"""A UDP socket in bursts: what waits is read at once, and what is due to one address sent in one call where it can be.

Of a short answer nearly all that it costs is its way through the system. Linux takes many of one length for one
address at once and cuts them apart by itself (UDP_SEGMENT, udp(7)): measured over the loopback, a datagram read and
answered so costs 6 us, and 11 us where each answer is sent on its own.

An answer leaves from the address that was asked: who asked takes it for nobody's otherwise. A socket that is bound to
all addresses of the system is told that one with each datagram, and tells it with each answer (IP_PKTINFO, ip(7);
IPV6_PKTINFO, RFC 3542 clause 6). That takes 2 us more, measured so, and one that is bound to a single address does
without.
"""

import asyncio
import errno
import socket
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from ipaddress import ip_address
from itertools import groupby
from struct import Struct
from typing import Final

BURST_MAX: Final = 64
"""Datagrams that are read in one turn: the event loop has other work too, and those after them wait in the socket."""
SEGMENTS_MAX: Final = 64
"""Linux, include/linux/udp.h: UDP_MAX_SEGMENTS, which was 64 at first and is 128 now."""
SEGMENT_MAX_OCTETS: Final = 512
"""Segments are never broken into fragments. With 28 octets of IPv4 or 48 of IPv6 before it, one of this length fits the
576 octets of RFC 791 or the 1280 of RFC 8200, whatever lies on the way."""
_UDP_SEGMENT: Final = 103
_SEGMENT_OCTETS: Final = Struct("=H")
"""Linux, include/uapi/linux/udp.h: option and control message of the level of UDP, an unsigned short."""
_NO_BUNDLES: Final = frozenset({errno.EIO, errno.EINVAL, errno.EMSGSIZE, errno.EOPNOTSUPP})
"""What the system says where some way of packets does not take bundles; each alone may still be taken."""
_SO_MEMINFO: Final = 55
_MEMINFO: Final = Struct("=9I")
_MEMINFO_DROPS: Final = 8
"""Linux, include/uapi/asm-generic/socket.h and sock_diag.h: SK_MEMINFO_DROPS is the ninth of nine numbers."""

Address = tuple[str, int] | tuple[str, int, int, int]
"""Host and port; of IPv6 the flow and the scope as well."""
ControlMessage = tuple[int, int, bytes]
"""Level, type and value (RFC 3542 clause 20.2)."""
Peer = tuple[Address, tuple[ControlMessage, ...]]
"""Where a datagram came from, and what makes an answer leave from where it was sent to; nothing where that is given."""

_AsSource = Callable[[bytes], bytes]
"""Of what the system tells of a datagram's way the address alone: by which interface to answer its routes know."""
# fmt: off
_PACKET_INFORMATION: Final[Mapping[int, tuple[int, int, _AsSource]]] = {
    socket.AF_INET:  (socket.IPPROTO_IP,    8, lambda told: bytes(4) + told[4:8] + bytes(4)),
    socket.AF_INET6: (socket.IPPROTO_IPV6, 49, lambda told: told[:16] + bytes(4)),
}
# fmt: on
"""Family -> level and option that ask for it. Linux, include/uapi/linux/in.h: IP_PKTINFO; in_pktinfo has the interface,
the own address, the destination. in6.h: IPV6_RECVPKTINFO; in6_pktinfo has the destination and the interface."""
_INFORMATION_ROOM: Final = socket.CMSG_SPACE(20)
"""Octets of a control message with the longer of the two."""


class DatagramSocket:
    """Reads and sends datagrams and never waits; a sender that is not heard now sends again."""

    def __init__(self, bound: socket.socket, *, datagram_max_octets: int) -> None:
        """`bound` is not to block. What is longer than `datagram_max_octets` is cut off."""
        self._bound = bound
        self._datagram_max_octets = datagram_max_octets
        self._bundles = _can_segment(bound)
        self._as_source = _informed(bound)
        self._dropped = 0

    @property
    def port(self) -> int:
        """The UDP port it is bound to."""
        return int(self._bound.getsockname()[1])

    @property
    def dropped(self) -> int:
        """Datagrams that the system threw away because the socket was full; 0 where it does not tell."""
        if sys.platform.startswith("linux") and self._bound.fileno() != -1:
            told = self._bound.getsockopt(socket.SOL_SOCKET, _SO_MEMINFO, _MEMINFO.size)
            self._dropped = int(_MEMINFO.unpack(told)[_MEMINFO_DROPS])
        return self._dropped

    def give_room(self, octets: int) -> int:
        """Let as many octets wait, or as many as the system allows: their number."""
        self._bound.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, octets)
        # The kernel books twice what is asked for.
        return self._bound.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) // 2

    def receive(self) -> Iterator[tuple[bytes, Peer]]:
        """What waits, and whom to answer; at most `BURST_MAX` of it."""
        receive = self._receive if self._as_source is None else partial(self._receive_informed, self._as_source)
        for _ in range(BURST_MAX):
            try:
                received = receive()
            except OSError:  # nothing waits; or the system tells what became of an answer, and has told it by that
                return
            yield received

    def _receive(self) -> tuple[bytes, Peer]:
        octets, address = self._bound.recvfrom(self._datagram_max_octets)
        return octets, (address, ())

    def _receive_informed(self, as_source: _AsSource) -> tuple[bytes, Peer]:
        octets, controls, _, address = self._bound.recvmsg(self._datagram_max_octets, _INFORMATION_ROOM)
        return octets, (address, tuple([(level, kind, as_source(told)) for level, kind, told in controls]))

    def send(self, answers: Mapping[Peer, Sequence[bytes]]) -> int:
        """Send to each peer its answers in their order; the number of those that the system did not take."""
        unsent = 0
        for peer, due in answers.items():
            for length, alike in groupby(due, len):
                unsent += self._send_alike(list(alike), length, peer)
        return unsent

    def _send_alike(self, due: Sequence[bytes], length: int, peer: Peer) -> int:
        """Send answers of one length; the number of those that the system did not take."""
        if len(due) == 1 or not self._bundles or length > SEGMENT_MAX_OCTETS:
            return self._send_each(due, peer)
        address, from_there = peer
        segmented = [*from_there, (socket.IPPROTO_UDP, _UDP_SEGMENT, _SEGMENT_OCTETS.pack(length))]
        unsent = 0
        for first in range(0, len(due), SEGMENTS_MAX):
            bundle = due[first : first + SEGMENTS_MAX]
            try:
                self._bound.sendmsg((b"".join(bundle),), segmented, 0, address)
            except BlockingIOError:
                unsent += len(bundle)
            except OSError as error:
                unsent_each = self._send_each(bundle, peer)
                if error.errno in _NO_BUNDLES and unsent_each < len(bundle):
                    self._bundles = False
                unsent += unsent_each
        return unsent

    def _send_each(self, due: Sequence[bytes], peer: Peer) -> int:
        """Send each on its own; the number of those that the system did not take."""
        address, from_there = peer
        unsent = 0
        for octets in due:
            try:
                if from_there:
                    self._bound.sendmsg((octets,), from_there, 0, address)
                else:
                    self._bound.sendto(octets, address)
            except OSError:
                unsent += 1
        return unsent


async def bound_to(host: str, port: int) -> socket.socket:
    """A socket that does not block, at the first address of a host that can be had; `OSError` where none can."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_DGRAM, flags=socket.AI_PASSIVE)
    refused: OSError | None = None
    for family, kind, protocol, _, address in found:
        bound = socket.socket(family, kind, protocol)
        try:
            bound.bind(address)
        except OSError as error:
            bound.close()
            refused = refused or error
        else:
            bound.setblocking(False)
            return bound
    assert refused is not None  # of a host that has no address `getaddrinfo` says so
    raise refused


def _can_segment(bound: socket.socket) -> bool:
    """Whether the system knows UDP_SEGMENT: one that does not would send a bundle as one datagram, and say nothing."""
    if not sys.platform.startswith("linux"):
        return False
    try:
        bound.getsockopt(socket.IPPROTO_UDP, _UDP_SEGMENT)
    except OSError:
        return False
    return True


def _informed(bound: socket.socket) -> _AsSource | None:
    """Have the system tell the address that was asked; None where the socket has but one, or the system has no way."""
    if not sys.platform.startswith("linux") or not ip_address(bound.getsockname()[0]).is_unspecified:
        return None
    level, option, as_source = _PACKET_INFORMATION[bound.family]
    bound.setsockopt(level, option, 1)
    return as_source
