"""The Diameter feed on the loopback: who may connect, many at once, and how both sides leave."""

import asyncio
import gc
import socket
from pathlib import Path
from struct import pack
from typing import Any

import uvloop
from structlog.testing import capture_logs

from encoders import diameter_s13 as s13
from encoders.diameter_tokens import EquipmentStatus, ResultCode
from tests.tps.feeds.diameter_client import Peer, capabilities, check, feed, messages_in, peer_of, running_listener
from tests.tps.feeds.taking import Taker, running_queue
from tps.feeds.diameter import DiameterListener

RESET_AT_ONCE = pack("ii", 1, 0)
"""SO_LINGER of no seconds: closing sends a reset."""
ROUNDS_MAX = 100
"""Of 600 kB each: more than two sockets hold."""


async def test_a_peer_connects_asks_and_leaves() -> None:
    taker = Taker()
    async with running_queue(taker) as queue, running_listener(queue) as listener, peer_of(listener) as mme:
        assert isinstance(await mme.ask(capabilities()), s13.CapabilitiesExchangeAnswer)
        assert listener.peers == ("mme01.epc.example",)
        answer = await mme.ask(check(7))
        assert isinstance(answer, s13.EquipmentCheckAnswer)
        assert answer.equipment_status == EquipmentStatus.WHITELISTED
        assert [(each.imsi, each.peer) for each in await taker.until(1)] == [("001010000000007", "mme01.epc.example")]
        goodbye = s13.DisconnectPeerRequest(
            origin_host="mme01.epc.example", origin_realm="epc.example", disconnect_cause=0
        )
        assert isinstance(await mme.ask(goodbye), s13.DisconnectPeerAnswer)


async def test_thousands_of_checks_in_a_row_are_answered_in_order_and_all_handed_over() -> None:
    taker = Taker()
    async with running_queue(taker) as queue, running_listener(queue) as listener, peer_of(listener) as mme:
        await mme.ask(capabilities())
        mme.send(*map(check, range(3000)))
        for number in range(3000):
            answer = await mme.next()
            assert isinstance(answer, s13.EquipmentCheckAnswer)
            assert answer.session_id == f"mme01.epc.example;1;{number}"
        assert [each.imsi for each in await taker.until(3000)] == [f"00101{number:010}" for number in range(3000)]


async def test_the_status_comes_from_whom_it_was_given_to() -> None:
    asked = []

    def status_of(imei: str, imsi: str | None) -> EquipmentStatus:
        asked.append((imei, imsi))
        return EquipmentStatus.BLACKLISTED

    async with (
        running_queue(Taker()) as queue,
        running_listener(queue, status_of=status_of) as listener,
        peer_of(listener) as mme,
    ):
        await mme.ask(capabilities())
        answer = await mme.ask(check())
        assert isinstance(answer, s13.EquipmentCheckAnswer)
        assert answer.equipment_status == EquipmentStatus.BLACKLISTED
        assert asked == [("3569090112345601", "001010000000000")]


async def test_a_stranger_s_address_hears_nothing() -> None:
    async with (
        running_queue(Taker()) as queue,
        running_listener(queue) as listener,
        peer_of(listener, "127.0.0.3") as stranger,
    ):
        stranger.send(capabilities())
        assert await stranger.until_closed() == b""
        assert listener.counters.refused_peer == 1


def test_a_connection_that_is_reset_at_once_is_let_go_on_the_loop_that_servers_have() -> None:
    """uvloop tells no address of it; that was a traceback, and a descriptor kept until the garbage collector ran."""

    async def reset_at_once() -> tuple[int, int, list[dict[str, Any]]]:
        troubles: list[dict[str, Any]] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, trouble: troubles.append(trouble))
        async with running_queue(Taker()) as queue, running_listener(queue) as listener:
            before = open_descriptors()
            for _ in range(20):
                with socket.create_connection(("127.0.0.1", listener.port)) as client:
                    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_AT_ONCE)
            async with peer_of(listener) as mme:  # its turn comes after theirs
                assert isinstance(await mme.ask(capabilities()), s13.CapabilitiesExchangeAnswer)
                assert listener.counters.refused_peer == 20
                return before, open_descriptors(), troubles

    gc.disable()
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            before, after, troubles = runner.run(reset_at_once())
    finally:
        gc.enable()
    assert troubles == []
    assert after <= before + 2  # the two ends of the last connection


def open_descriptors() -> int:
    """Descriptors that this process holds."""
    return len(list(Path("/proc/self/fd").iterdir()))


async def test_a_flood_of_strangers_does_not_flood_the_log() -> None:
    with capture_logs() as told:
        async with running_queue(Taker()) as queue, running_listener(queue) as listener:
            for _ in range(9):
                async with peer_of(listener, "127.0.0.3") as stranger:
                    await stranger.until_closed()
    warnings = [each for each in told if each["log_level"] == "warning"]
    assert [(each["event"], each["times"]) for each in warnings] == [
        ("diameter.unknown_address", times) for times in (1, 2, 4, 8)
    ]


async def test_a_peer_from_the_address_of_another_is_refused() -> None:
    async with (
        running_queue(Taker()) as queue,
        running_listener(queue) as listener,
        peer_of(listener, "127.0.0.2") as other,
    ):
        answer = await other.ask(capabilities())
        assert isinstance(answer, s13.ErrorAnswer)
        assert answer.result_code == ResultCode.UNKNOWN_PEER
        assert await other.until_closed() == b""


async def test_two_peers_may_share_an_address() -> None:
    async with (
        running_queue(Taker()) as queue,
        running_listener(queue) as listener,
        peer_of(listener) as first,
        peer_of(listener) as second,
    ):
        await first.ask(capabilities())
        await second.ask(capabilities(origin_host="mme02.epc.example"))
        assert listener.peers == ("mme01.epc.example", "mme02.epc.example")


async def test_a_second_connection_is_refused_and_the_first_one_probed_until_it_is_gone() -> None:
    async with (
        running_queue(Taker()) as queue,
        running_listener(queue) as listener,
        peer_of(listener) as first,
        peer_of(listener) as second,
    ):
        await first.ask(capabilities())
        assert isinstance(await second.ask(capabilities()), s13.ErrorAnswer)
        assert await second.until_closed() == b""
        assert isinstance(await first.next(), s13.DeviceWatchdogRequest)
        first.writer.close()
        await first.writer.wait_closed()
        assert await is_taken_again(listener)


async def is_taken_again(listener: DiameterListener) -> bool:
    """Whether the peer finds its way back, as soon as the server has seen that its connection is gone."""
    for _ in range(100):
        async with peer_of(listener) as again:
            if isinstance(await again.ask(capabilities()), s13.CapabilitiesExchangeAnswer):
                return True
    return False


async def test_there_are_no_more_connections_than_allowed() -> None:
    async with (
        running_queue(Taker()) as queue,
        running_listener(queue, feed(max_connections=1)) as listener,
        peer_of(listener) as first,
        peer_of(listener) as second,
    ):
        await first.ask(capabilities())
        assert await second.until_closed() == b""
        assert listener.counters.refused_peer == 1


async def test_a_peer_that_says_nothing_is_hung_up_on() -> None:
    async with (
        running_queue(Taker()) as queue,
        running_listener(queue, feed(handshake_timeout_s=0.05)) as listener,
        peer_of(listener) as mme,
    ):
        assert await mme.until_closed() == b""
        assert listener.counters.broken == 1


async def test_a_peer_that_falls_silent_is_probed_and_then_hung_up_on() -> None:
    async with (
        running_queue(Taker()) as queue,
        running_listener(queue, feed(watchdog_s=0.05)) as listener,
        peer_of(listener) as mme,
    ):
        await mme.ask(capabilities())
        probe = messages_in(await mme.until_closed())
        assert [type(each) for each in probe] == [s13.DeviceWatchdogRequest]
        assert listener.counters.broken == 1


async def test_stopping_takes_leave_of_every_peer() -> None:
    async with (
        running_queue(Taker()) as queue,
        running_listener(queue) as listener,
        peer_of(listener) as mme,
        peer_of(listener) as silent,
    ):
        await mme.ask(capabilities())
        stopping = asyncio.create_task(listener.stop())
        assert isinstance(await mme.next(), s13.DisconnectPeerRequest)
        assert not stopping.done()
        mme.writer.close()
        assert await silent.until_closed() == b""
        await stopping


async def test_a_peer_that_reads_no_answers_is_heard_no_more_until_it_does() -> None:
    taker = Taker()
    async with (
        running_queue(taker, capacity=1_000_000) as queue,
        running_listener(queue) as listener,
        peer_of(listener) as mme,
    ):
        await mme.ask(capabilities())
        rounds = 0
        while rounds < ROUNDS_MAX and await is_heard(mme):
            rounds += 1
        assert rounds < ROUNDS_MAX, "the server reads on and on"
        for number in range(10 * (rounds + 1)):
            answer = await mme.next()
            assert isinstance(answer, s13.EquipmentCheckAnswer)
            assert answer.session_id == f"mme01.epc.example;1;{number % 10}"


async def is_heard(mme: Peer) -> bool:
    """Whether the server takes ten more checks, as large as they may be, or some of them wait on this side."""
    mme.send(*(check(number, proxy_infos=(bytes(60_000),)) for number in range(10)))
    try:
        async with asyncio.timeout(0.3):
            await mme.writer.drain()
    except TimeoutError:
        return False
    return True
