"""Load tests with the network as their source: what is told is counted, and what is lost is noticed."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from encoders.diameter_tokens import EquipmentStatus
from tests.encoders.radius_octets import response
from tests.tps.feeds.diameter_client import feed, running_listener
from tests.tps.feeds.taking import Taker, running_queue
from tps.bench import accounting, checks, network
from tps.bench.processes import free_port
from tps.bench.results import Run
from tps.bench.site import Options
from tps.feeds.diameter_config import DiameterPeer

COUNT = 100
OPTIONS = Options(count=COUNT, new_every=10)
RECORDS = [accounting.record(f"00101{number:010}", "3569090112345601", session=number) for number in range(COUNT)]
SOON_S = 0.05


def assert_nothing_lost(run: Run, new: int) -> None:
    """Every detection was answered and taken in, and each new device was set up."""
    assert run.outcomes["queued"] == run.outcomes["DELIVERED"] == new
    assert run.outcomes.get("already_set", 0) == COUNT - new
    assert run.figures["never_taken_in"] == run.figures["dropped_by_the_system"] == 0
    assert run.figures["set_per_s"] > 0
    assert sum(run.over_time) == COUNT


async def test_records_of_a_gateway_are_all_answered_and_new_devices_set_up(tmp_path: Path) -> None:
    run = await network.radius(OPTIONS, tmp_path)
    assert_nothing_lost(run, COUNT // 10)
    assert run.figures["lost"] == run.figures["answers_to_nothing"] == 0
    assert run.latencies["request to answer"].samples == COUNT


async def test_so_are_the_checks_of_an_mme_where_each_is_of_a_new_device(tmp_path: Path) -> None:
    run = await network.s13(replace(OPTIONS, new_every=1), tmp_path)
    assert_nothing_lost(run, COUNT)
    assert run.figures["refused"] == 0


async def test_so_are_the_messages_of_sim_applets(tmp_path: Path) -> None:
    run = await network.applet(OPTIONS, tmp_path)
    assert_nothing_lost(run, COUNT // 10)


class Answering(asyncio.DatagramProtocol):
    """Gives each datagram the answers that it is told to."""

    def __init__(self, answers: Callable[[bytes], list[bytes]]) -> None:
        self._answers = answers

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It listens."""
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Answer."""
        for answer in self._answers(data):
            self._transport.sendto(answer, addr)


@asynccontextmanager
async def answering(answers: Callable[[bytes], list[bytes]]) -> AsyncIterator[int]:
    """The port of a server that does so."""
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: Answering(answers), local_addr=("127.0.0.1", 0)
    )
    try:
        yield int(transport.get_extra_info("sockname")[1])
    finally:
        transport.close()


async def sent(answers: Callable[[bytes], list[bytes]], tries_max: int = 100) -> accounting.Sent:
    """What the gateway counts before such a server, with more records under way than a socket has numbers."""
    async with answering(answers) as port, asyncio.timeout(30):
        return await accounting.send(
            port, RECORDS, at_once=accounting.IDENTIFIERS + 1, resend_after_s=SOON_S, tries_max=tries_max
        )


def right(asked: bytes) -> bytes:
    """The answer that is due."""
    return response(asked, secret=accounting.SECRET.encode())


async def test_a_record_that_is_not_answered_is_sent_again() -> None:
    seen: set[bytes] = set()

    def second_time(asked: bytes) -> list[bytes]:
        is_known = asked in seen
        seen.add(asked)
        return [right(asked)] if is_known else []

    found = await sent(second_time)
    assert (found.answered, found.lost) == (COUNT, 0)
    assert found.resent >= COUNT


async def test_a_record_that_is_never_answered_is_lost() -> None:
    found = await sent(lambda asked: [right(asked)] if asked[1] else [], tries_max=2)
    assert (found.answered, found.lost) == (COUNT - 1, 1)


async def test_where_nobody_listens_all_are_lost() -> None:
    async with asyncio.timeout(30):
        port = free_port(socket.SOCK_DGRAM)
        found = await accounting.send(port, RECORDS, at_once=COUNT, resend_after_s=SOON_S, tries_max=2)
    assert (found.answered, found.lost, found.resent) == (0, COUNT, COUNT)


async def test_an_answer_with_another_secret_and_a_second_answer_answer_nothing() -> None:
    found = await sent(lambda asked: [response(asked, secret=b"another")], tries_max=1)
    assert (found.answered, found.lost, found.forged) == (0, COUNT, COUNT)
    found = await sent(lambda asked: [right(asked), right(asked)])
    assert (found.answered, found.lost) == (COUNT, 0)
    assert found.forged > 0


async def test_records_leave_at_the_rate_that_was_asked_for() -> None:
    async with answering(lambda asked: [right(asked)]) as port:
        began_s = asyncio.get_running_loop().time()
        found = await accounting.send(port, RECORDS[:20], at_once=20, rate_per_s=200.0)
    assert found.answered == 20
    assert asyncio.get_running_loop().time() - began_s >= 19 / 200


async def test_an_mme_that_the_server_does_not_know_is_told_so() -> None:
    asked = [checks.check(1, "001010123456789", "3569090112345601")]
    us = DiameterPeer(origin_host=checks.MME, prefixes=("127.0.0.1",))
    async with running_queue(Taker()) as queue:
        async with running_listener(queue, feed(peers=(us,))) as listener:
            found = await checks.ask(listener.port, asked, at_once=1)
        async with running_listener(queue) as listener:
            with pytest.raises(checks.RefusedError):
                await checks.ask(listener.port, asked, at_once=1)
    assert found.statuses == {EquipmentStatus.WHITELISTED: 1}


async def test_an_mme_that_waits_for_long_says_that_it_is_alive() -> None:
    asked = [checks.check(number, "001010123456789", "3569090112345601") for number in (1, 2)]
    us = DiameterPeer(origin_host=checks.MME, prefixes=("127.0.0.1",))
    silent = feed(peers=(us,), watchdog_s=SOON_S)
    taker = Taker()
    async with running_queue(taker, capacity=1) as queue, running_listener(queue, silent) as listener:
        transport, peer = await asyncio.get_running_loop().create_connection(
            lambda: checks.Peer(asked, at_once=0), "127.0.0.1", listener.port
        )
        await asyncio.sleep(4 * SOON_S)
        assert listener.counters.broken == 0
        assert listener.peers
        assert not peer.ended.done()
        transport.abort()
