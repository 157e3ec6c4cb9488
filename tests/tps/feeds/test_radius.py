"""The RADIUS feed on the loopback: what is answered is safe in the queue, and what is not is told again."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack

import msgspec
import pytest
from structlog.testing import capture_logs

from tests.encoders.radius_octets import (
    ACCOUNTING_ON,
    IMEISV,
    IMSI,
    INTERIM_UPDATE,
    MSISDN,
    SECRET,
    START,
    STOP,
    attribute,
    integer,
    of_3gpp,
    record,
    request,
    response,
    status_server,
)
from tests.tps.feeds.radius_client import GGSN, RadiusSocket, balking, feed, running_listener, socket_to
from tests.tps.feeds.taking import NOW_MS, Taker, running_queue
from tps.feeds.datagram_socket import BURST_MAX, Address
from tps.feeds.detected import Detected
from tps.feeds.radius import RadiusListener
from tps.feeds.radius_config import RadiusClient

SEEN = Detected(IMSI, IMEISV, MSISDN, "radius", "ggsn", NOW_MS, "0A0000010000002A")


async def heard(listener: RadiusListener, sender: RadiusSocket, condition: Callable[[], bool]) -> None:
    """Wait until the listener has dealt with all that was sent before: answers come in order, so a probe tells."""
    sender.send(status_server(identifier=255))
    answer = await sender.answers.get()
    assert answer == response(status_server(identifier=255)), "an answer that was not expected"
    assert condition(), listener.counters


@pytest.mark.parametrize("status", [START, INTERIM_UPDATE, STOP])
async def test_a_record_is_answered_and_its_sighting_handed_over(status: int) -> None:
    taker = Taker()
    async with running_queue(taker) as queue, running_listener(queue) as listener, socket_to(listener) as sender:
        octets = record(status=status)
        assert await sender.ask(octets) == response(octets)
        assert await taker.until(1) == [SEEN]
        assert (listener.counters.answered, listener.counters.detected) == (1, 1)


async def test_the_answer_does_not_wait_for_the_one_that_takes() -> None:
    taker = Taker()
    taker.open.clear()
    async with running_queue(taker) as queue, running_listener(queue) as listener, socket_to(listener) as sender:
        octets = record()
        assert await sender.ask(octets) == response(octets)
        assert taker.taken == []
        taker.open.set()


async def test_a_request_that_comes_again_is_answered_again_and_counts_once() -> None:
    taker = Taker()
    async with running_queue(taker) as queue, running_listener(queue) as listener, socket_to(listener) as sender:
        octets = record()
        for _ in range(3):
            assert await sender.ask(octets) == response(octets)
        async with socket_to(listener) as other_port:
            await other_port.ask(octets)
        await taker.until(2)
        assert (listener.counters.repeated, listener.counters.detected, listener.counters.answered) == (2, 2, 4)


async def test_what_the_queue_has_no_room_for_is_not_answered_until_it_has() -> None:
    taker = Taker()
    taker.open.clear()
    async with (
        running_queue(taker, capacity=1) as queue,
        running_listener(queue) as listener,
        socket_to(listener) as sender,
    ):
        await sender.ask(record(identifier=1))
        late = record("001010000000002", identifier=2)
        sender.send(late)
        await heard(listener, sender, lambda: listener.counters.refused_full == 1)
        taker.open.set()
        await queue.finish()
        assert await sender.ask(late) == response(late)
        assert [each.imsi for each in await taker.until(2)] == [IMSI, "001010000000002"]


async def test_a_copy_of_the_traffic_is_heard_and_never_answered() -> None:
    taker = Taker()
    async with (
        running_queue(taker) as queue,
        running_listener(queue, feed(copy_only=True)) as listener,
        socket_to(listener) as sender,
    ):
        sender.send(status_server())
        sender.send(record())
        assert await taker.until(1) == [SEEN]
        assert (listener.counters.answered, listener.counters.probes) == (0, 1)
        assert sender.answers.empty()


async def test_each_client_has_its_own_secret_and_strangers_are_not_heard() -> None:
    clients = (GGSN, RadiusClient(name="other", prefix="127.0.0.2", secret="another secret"))
    taker = Taker()
    async with (
        running_queue(taker) as queue,
        running_listener(queue, feed(clients=clients)) as listener,
        socket_to(listener) as ggsn,
        socket_to(listener, "127.0.0.2") as other,
    ):
        await ggsn.ask(record())
        await other.ask(record(secret=b"another secret"))
        other.send(record())
        probe = status_server(secret=b"another secret")
        assert await other.ask(probe) == response(probe, secret=b"another secret")
        assert [each.peer for each in await taker.until(2)] == ["ggsn", "other"]
        assert listener.counters.unproven == 1


async def test_strangers_are_not_answered() -> None:
    clients = (RadiusClient(name="ggsn", prefix="127.0.0.1", secret=SECRET.decode()),)
    async with (
        running_queue(Taker()) as queue,
        running_listener(queue, feed(clients=clients)) as listener,
        socket_to(listener) as sender,
        socket_to(listener, "127.0.0.3") as stranger,
    ):
        stranger.send(record())
        await heard(listener, sender, lambda: listener.counters.unknown_client == 1)
        assert stranger.answers.empty()


async def test_beyond_its_rate_a_client_is_answered_later() -> None:
    limited = RadiusClient(name="ggsn", prefix="127.0.0.1", secret=SECRET.decode(), rate_per_s=1)
    taker = Taker()
    async with (
        running_queue(taker) as queue,
        running_listener(queue, feed(clients=(limited,))) as listener,
        socket_to(listener) as sender,
    ):
        first, second = record(identifier=1), record(identifier=2)
        assert await sender.ask(first) == response(first)
        sender.send(second)
        await heard(listener, sender, lambda: listener.counters.refused_rate == 1)
        assert await sender.ask(first) == response(first)


@pytest.mark.parametrize(
    ("octets", "counted"),
    [
        (record(status=ACCOUNTING_ON), {"without_pair": 1}),
        (request(integer(40, START), of_3gpp(attribute(1, IMSI.encode()))), {"without_pair": 1}),
        (request(integer(40, START), of_3gpp(attribute(20, IMEISV.encode()))), {"without_pair": 1}),
        (record(IMSI, b"no device"), {"without_pair": 1, "unreadable": 1}),
        (record("IMSI", b"no device"), {"without_pair": 1, "unreadable": 2}),
    ],
)
async def test_a_record_that_names_no_pair_is_answered_and_counted(octets: bytes, counted: dict[str, int]) -> None:
    taker = Taker()
    async with running_queue(taker) as queue, running_listener(queue) as listener, socket_to(listener) as sender:
        assert await sender.ask(octets) == response(octets)
        assert {name: getattr(listener.counters, name) for name in counted} == counted
        assert listener.counters.detected == 0


async def test_the_number_names_the_sim_where_the_imsi_cannot_be_read() -> None:
    taker = Taker()
    async with running_queue(taker) as queue, running_listener(queue) as listener, socket_to(listener) as sender:
        await sender.ask(record("IMSI"))
        assert await taker.until(1) == [msgspec.structs.replace(SEEN, imsi=None)]


async def test_a_calling_station_that_is_no_number_is_left_out() -> None:
    octets = request(
        integer(40, START),
        attribute(31, b"00-11-22-33-44-aa:wifi"),
        of_3gpp(attribute(1, IMSI.encode()), attribute(20, IMEISV.encode())),
    )
    taker = Taker()
    async with running_queue(taker) as queue, running_listener(queue) as listener, socket_to(listener) as sender:
        with capture_logs() as logs:
            await sender.ask(octets)
        assert await taker.until(1) == [msgspec.structs.replace(SEEN, msisdn=None, session="")]
        assert listener.counters.unreadable == 1
    (told,) = [log for log in logs if log["event"] == "radius.unreadable"]
    assert (told["attribute"], told["octets"], "00-11" in str(told)) == ("Calling-Station-Id", 22, False)


@pytest.mark.parametrize(
    ("octets", "counter"),
    [
        (b"?", "unproven"),
        (bytes(5000), "unproven"),
        (record(secret=b"wrong"), "unproven"),
        (request(), "malformed"),
        (request(integer(40, START), attribute(55, b"?"), b"\x2c\5ab"), "malformed"),
        (request(integer(40, START), *(attribute(33, bytes(253)),) * 16), "unproven"),
    ],
)
async def test_what_is_no_request_is_counted_and_not_answered(octets: bytes, counter: str) -> None:
    async with (
        running_queue(Taker()) as queue,
        running_listener(queue) as listener,
        socket_to(listener) as sender,
    ):
        sender.send(octets)
        await heard(listener, sender, lambda: getattr(listener.counters, counter) == 1)


async def test_a_socket_that_takes_no_more_leaves_answers_to_the_next_time() -> None:
    taker = Taker()
    async with running_queue(taker) as queue, running_listener(queue) as listener, socket_to(listener) as sender:
        with balking(listener) as balks:
            octets = record()
            sender.send(octets)
            assert await taker.until(1) == [SEEN]
            assert (listener.counters.unsent, listener.counters.answered) == (1, 0)
            balks.error = None
            assert await sender.ask(octets) == response(octets)
            assert (listener.counters.unsent, listener.counters.answered) == (1, 1)
            assert listener.counters.detected == 1


async def test_an_answer_to_a_client_that_is_gone_does_no_harm() -> None:
    taker = Taker()
    async with running_queue(taker) as queue, running_listener(queue) as listener:
        async with socket_to(listener) as gone:
            gone.send(record())
        await taker.until(1)
        async with socket_to(listener) as sender:
            await heard(listener, sender, lambda: listener.counters.detected == 1)


async def test_what_waits_is_answered_in_order_to_each_who_asked() -> None:
    taker = Taker()
    proxied = attribute(33, b"a proxy")
    asked = [
        request(integer(40, START), *((proxied,) if number % 5 == 0 else ()), identifier=number)
        for number in range(BURST_MAX * 2)
    ]
    async with (
        running_queue(taker) as queue,
        running_listener(queue) as listener,
        socket_to(listener) as one,
        socket_to(listener) as other,
    ):
        for octets in asked:
            one.send(octets)
            other.send(octets)
        due = [response(octets, *((proxied,) if octets[1] % 5 == 0 else ())) for octets in asked]
        for sender in (one, other):
            assert [await sender.answers.get() for _ in due] == due
        assert listener.counters.answered == len(due) * 2


async def test_a_defect_at_one_record_leaves_the_others_their_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    taker = Taker()
    async with running_queue(taker) as queue, running_listener(queue) as listener, socket_to(listener) as sender:
        defects: list[dict[str, object]] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: defects.append(context))
        answer_to, judged = listener._answer_to, 0

        def once_wrong(octets: bytes, address: Address) -> bytes | None:
            nonlocal judged
            judged += 1
            if judged == 2:
                raise ZeroDivisionError
            return answer_to(octets, address)

        monkeypatch.setattr(listener, "_answer_to", once_wrong)
        for _ in range(3):  # the same one again: each is answered
            sender.send(record())
        async with asyncio.timeout(30):
            for _ in range(2):
                assert await sender.answers.get()
        assert (listener.counters.answered, len(defects)) == (2, 1)


async def test_the_loop_has_its_turn_between_bursts() -> None:
    async with running_queue(Taker()) as queue, running_listener(queue) as listener, socket_to(listener) as sender:
        for number in range(BURST_MAX + 1):
            sender.send(record(identifier=number))
        listener.hear()
        assert listener.counters.received == BURST_MAX
        listener.hear()
        assert listener.counters.received == listener.counters.answered == BURST_MAX + 1
        listener.hear()
        assert listener.counters.received == BURST_MAX + 1


@pytest.mark.parametrize(("host", "address"), [("::1", "::1"), ("::", "::1"), ("::", "127.0.0.1")])
async def test_it_listens_on_ipv6_too(host: str, address: str) -> None:
    clients = (GGSN, RadiusClient(name="six", prefix="::1", secret=SECRET.decode()))
    async with AsyncExitStack() as running:
        queue = await running.enter_async_context(running_queue(Taker()))
        try:
            listener = await running.enter_async_context(running_listener(queue, feed(host=host, clients=clients)))
        except OSError as error:
            pytest.skip(f"no IPv6 here: {error}")
        sender = await running.enter_async_context(socket_to(listener, address))
        octets = [record(identifier=number) for number in range(3)]
        for each in octets:
            sender.send(each)
        assert [await sender.answers.get() for _ in octets] == [response(each) for each in octets]


async def test_at_all_addresses_each_is_answered_from_the_one_it_asked() -> None:
    taker = Taker()
    octets = [record(f"00101{number:010}", identifier=number) for number in range(3)]
    async with (
        running_queue(taker) as queue,
        running_listener(queue, feed(host="0.0.0.0")) as listener,
        socket_to(listener, asks="127.0.0.1") as one,
        socket_to(listener, asks="127.0.0.2") as other,
    ):
        for sender in (one, other):
            for each in octets:
                sender.send(each)
        async with asyncio.timeout(30):
            for sender in (one, other):
                assert [await sender.answers.get() for _ in octets] == [response(each) for each in octets]
        assert (listener.counters.answered, listener.counters.unsent) == (6, 0)


async def test_as_many_proxies_as_fit_a_request_fit_its_answer() -> None:
    states = (attribute(33, bytes(253)),) * 15
    octets = request(integer(40, START), *states)
    async with (
        running_queue(Taker()) as queue,
        running_listener(queue) as listener,
        socket_to(listener) as sender,
    ):
        assert await sender.ask(octets) == response(octets, *states)


async def test_records_of_a_crowd_are_all_answered_and_all_handed_over() -> None:
    taker = Taker()
    async with running_queue(taker) as queue, running_listener(queue) as listener:

        async def client(number: int) -> None:
            async with socket_to(listener) as sender:
                for place in range(100):
                    octets = record(f"00101{number:05}{place:05}", identifier=place)
                    assert await sender.ask(octets) == response(octets)

        await asyncio.gather(*(client(number) for number in range(20)))
        assert {each.imsi for each in await taker.until(2000)} == {
            f"00101{number:05}{place:05}" for number in range(20) for place in range(100)
        }


# What does not fit into the socket


async def test_what_the_system_drops_is_counted_and_answered_when_it_comes_again() -> None:
    burst = [record(f"00101{number:010}", identifier=number) for number in range(200)]
    config = feed(receive_buffer_octets=4096)
    async with (
        running_queue(Taker()) as queue,
        running_listener(queue, config) as listener,
        socket_to(listener) as sender,
    ):
        for octets in burst:  # all at once: the listener reads nothing meanwhile
            sender.send(octets)
        answers = {await sender.answers.get()}
        assert 0 < listener.counters.dropped < len(burst)
        for octets in burst:
            answers.add(await sender.ask(octets))
        while answers != {response(octets) for octets in burst}:
            answers.add(await sender.answers.get())
        assert listener.counters.detected == len(burst)


async def test_a_system_that_allows_less_room_than_was_asked_for_is_told_of() -> None:
    async with running_queue(Taker()) as queue:
        with capture_logs() as logs:
            async with running_listener(queue, feed(receive_buffer_octets=4096)):
                pass
            async with running_listener(queue, feed(receive_buffer_octets=2**30)):
                pass
    told = [log for log in logs if log["event"] == "radius.small_receive_buffer"]
    assert [log["wanted"] for log in told] == [2**30]
    assert 4096 < told[0]["octets"] < 2**30


# When it was
