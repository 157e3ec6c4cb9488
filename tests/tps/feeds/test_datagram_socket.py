"""Datagrams in bursts: what is sent in one call arrives as it would one by one, and what the system refuses is told."""

import asyncio
import errno
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tps.feeds.balking_socket import BalkingSocket
from tps.feeds.datagram_socket import BURST_MAX, SEGMENT_MAX_OCTETS, SEGMENTS_MAX, DatagramSocket, Peer, bound_to

MAX_OCTETS = 4096
LENGTHS = st.sampled_from([1, 20, 27, SEGMENT_MAX_OCTETS, SEGMENT_MAX_OCTETS + 1, 1400])
ANSWERS = st.lists(
    st.builds(lambda length, filling: bytes((filling,)) * length, LENGTHS, st.integers(0, 255))
    | st.binary(min_size=20, max_size=20),
    max_size=100,
)


@contextmanager
def open_socket() -> Iterator[socket.socket]:
    """A socket of the loopback that does not block."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as found:
        found.bind(("127.0.0.1", 0))
        found.setblocking(False)
        found.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1_000_000)
        yield found


@contextmanager
def balking_socket() -> Iterator[BalkingSocket]:
    """The same with troubles."""
    with open_socket() as bound, BalkingSocket.of(bound) as balks:
        yield balks


def sending(bound: socket.socket) -> DatagramSocket:
    """What is tested."""
    return DatagramSocket(bound, datagram_max_octets=MAX_OCTETS)


def address_of(bound: socket.socket) -> tuple[str, int]:
    """Where a socket is reached."""
    host, port = bound.getsockname()
    return host, port


def peer_of(bound: socket.socket) -> Peer:
    """The same as whom to answer, from the only address that there is."""
    return address_of(bound), ()


def arrived(bound: socket.socket) -> list[bytes]:
    """All that waits in a socket."""
    found = []
    while True:
        try:
            found.append(bound.recv(MAX_OCTETS))
        except BlockingIOError:
            return found


# Sending


@given(to_one=ANSWERS, to_other=ANSWERS, bundles=st.booleans())
def test_each_address_gets_its_datagrams_in_order(to_one: list[bytes], to_other: list[bytes], bundles: bool) -> None:
    with open_socket() as bound, open_socket() as one, open_socket() as other:
        datagrams = sending(bound)
        datagrams._bundles = datagrams._bundles and bundles
        assert datagrams.send({peer_of(one): to_one, peer_of(other): to_other}) == 0
        assert arrived(one) == to_one
        assert arrived(other) == to_other


def test_what_is_of_one_length_goes_in_one_call_where_the_system_can() -> None:
    due = [number.to_bytes(20, "big") for number in range(SEGMENTS_MAX + 2)]
    with balking_socket() as bound, open_socket() as client:
        datagrams = sending(bound)
        if not datagrams._bundles:
            pytest.skip("a system without UDP_SEGMENT")
        assert datagrams.send({peer_of(client): due}) == 0
        assert (bound.bundles, datagrams._bundles) == (2, True)
        assert arrived(client) == due


def test_a_system_that_refuses_bundles_is_given_none_any_more() -> None:
    due = [bytes(20), b"1" * 20, b"2" * 20]
    with balking_socket() as bound, open_socket() as client:
        bound.bundle_error = OSError(errno.EIO, "no checksum offload")
        datagrams = sending(bound)
        datagrams._bundles = True
        for _ in range(2):
            assert datagrams.send({peer_of(client): due}) == 0
            assert arrived(client) == due
        assert bound.bundles == 1


def test_a_bundle_that_finds_no_memory_says_nothing_against_bundles() -> None:
    with balking_socket() as bound, open_socket() as client:
        bound.bundle_error = OSError(errno.ENOBUFS, "no buffer space")
        datagrams = sending(bound)
        datagrams._bundles = True
        assert datagrams.send({peer_of(client): [bytes(20)] * 3}) == 0
        assert datagrams._bundles


def test_a_way_that_nothing_goes_says_nothing_against_bundles() -> None:
    with balking_socket() as bound, open_socket() as client:
        datagrams = sending(bound)
        datagrams._bundles = True
        bound.error = OSError(errno.ENETUNREACH, "no route")
        assert datagrams.send({peer_of(client): [bytes(20)] * 3}) == 3
        assert datagrams._bundles


@pytest.mark.parametrize("due", [[bytes(20)], [bytes(20)] * 3, [bytes(20), bytes(27)]])
def test_what_a_full_socket_does_not_take_is_counted(due: list[bytes]) -> None:
    with balking_socket() as bound, open_socket() as client:
        datagrams = sending(bound)
        bound.error = BlockingIOError()
        assert datagrams.send({peer_of(client): due}) == len(due)
        bound.error = None
        assert datagrams.send({peer_of(client): due}) == 0
        assert arrived(client) == due


# Receiving


def test_what_waits_is_read_in_bursts_with_where_it_came_from() -> None:
    sent = [bytes((number % 256,)) * number for number in range(BURST_MAX + 3)]
    with open_socket() as bound, open_socket() as client:
        datagrams = sending(bound)
        for octets in sent:
            client.sendto(octets, address_of(bound))
        bursts = [list(datagrams.receive()) for _ in range(3)]
        assert [len(burst) for burst in bursts] == [BURST_MAX, 3, 0]
        assert [octets for burst in bursts for octets, _ in burst] == sent
        assert {peer for burst in bursts for _, peer in burst} == {peer_of(client)}


def test_of_what_is_too_long_the_beginning_is_read() -> None:
    with open_socket() as bound, open_socket() as client:
        client.sendto(bytes(MAX_OCTETS) + b"and more", address_of(bound))
        assert [octets for octets, _ in sending(bound).receive()] == [bytes(MAX_OCTETS)]


# All addresses of the system

informed = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the system does not tell what was asked")
WAYS = [("0.0.0.0", "127.0.0.2"), ("0.0.0.0", "127.0.0.1"), ("::", "::1"), ("::", "127.0.0.2")]


@contextmanager
def socket_of_all(host: str) -> Iterator[DatagramSocket]:
    """What is tested, bound to all addresses."""
    try:
        bound = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
        with bound:
            bound.bind((host, 0))
            bound.setblocking(False)
            yield sending(bound)
    except OSError as error:
        if ":" not in host:
            raise
        pytest.skip(f"no IPv6 here: {error}")


@contextmanager
def connected_to(address: str, port: int) -> Iterator[socket.socket]:
    """A client that hears nothing but answers from the address that it asks."""
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.connect((address, port))
        client.setblocking(False)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1_000_000)
        yield client


@informed
@pytest.mark.parametrize("bundles", [True, False], ids=["bundled", "each alone"])
@pytest.mark.parametrize(("host", "address"), WAYS)
def test_an_answer_leaves_from_the_address_that_was_asked(host: str, address: str, bundles: bool) -> None:
    with socket_of_all(host) as datagrams, connected_to(address, datagrams.port) as client:
        datagrams._bundles = datagrams._bundles and bundles
        client.send(b"?")
        ((_, peer),) = datagrams.receive()
        due = [b"1" * 20, b"2" * 20, b"3" * 20, b"alone", bytes(SEGMENT_MAX_OCTETS + 1)]
        assert datagrams.send({peer: due}) == 0
        assert arrived(client) == due


@informed
def test_who_asks_two_addresses_is_answered_from_each() -> None:
    with socket_of_all("0.0.0.0") as datagrams, open_socket() as client:
        for address in ("127.0.0.1", "127.0.0.2"):
            client.sendto(address.encode(), (address, datagrams.port))
        answers = {peer: [octets] for octets, peer in datagrams.receive()}
        assert datagrams.send(answers) == 0
        answered = [client.recvfrom(MAX_OCTETS) for _ in answers]
        assert [(octets.decode(), datagrams.port) for octets, _ in answered] == [sender for _, sender in answered]
        assert len(answered) == 2


@informed
@given(to_one=ANSWERS, to_other=ANSWERS, bundles=st.booleans())
def test_each_who_asks_another_address_gets_its_datagrams_in_order(
    to_one: list[bytes], to_other: list[bytes], bundles: bool
) -> None:
    with (
        socket_of_all("0.0.0.0") as datagrams,
        connected_to("127.0.0.2", datagrams.port) as one,
        connected_to("127.0.0.3", datagrams.port) as other,
    ):
        datagrams._bundles = datagrams._bundles and bundles
        one.send(b"one")
        other.send(b"other")
        (_, peer_one), (_, peer_other) = datagrams.receive()
        assert datagrams.send({peer_one: to_one, peer_other: to_other}) == 0
        assert arrived(one) == to_one
        assert arrived(other) == to_other


@informed
def test_an_address_that_has_gone_meanwhile_says_nothing_against_bundles() -> None:
    with socket_of_all("0.0.0.0") as datagrams, connected_to("127.0.0.1", datagrams.port) as client:
        gone = (socket.IPPROTO_IP, 8, bytes(4) + bytes((192, 0, 2, 250)) + bytes(4))
        could = datagrams._bundles
        assert datagrams.send({(client.getsockname(), (gone,)): [bytes(20)] * 3}) == 3
        assert datagrams._bundles is could


# Binding


async def test_a_port_that_is_taken_is_an_error() -> None:
    with open_socket() as bound, pytest.raises(OSError, match="in use"):
        await bound_to(*bound.getsockname())


async def test_a_host_is_found_by_its_name() -> None:
    with await bound_to("localhost", 0) as bound:
        assert bound.getsockname()[0] in {"127.0.0.1", "::1"}
        with pytest.raises(BlockingIOError):
            bound.recv(1)


async def test_a_host_that_is_none_is_an_error() -> None:
    with pytest.raises(OSError, match=r"."):
        await asyncio.wait_for(bound_to("", 0), 10)
