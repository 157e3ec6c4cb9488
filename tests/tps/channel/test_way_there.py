"""The way of a push asked from another process: both ends of the channel, joined by a socket pair."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
import structlog
from hypothesis import given, settings
from hypothesis import strategies as st

from tps.backoffice.dead_letters import Refused, Requeued, Search
from tps.backoffice.device_identities import identities_of
from tps.channel.answering import Answering
from tps.channel.connection import Connection, decoder
from tps.channel.messages import ToListener, ToWay
from tps.channel.way_there import WayFailedError, WayThere
from tps.config import DetectionConfig
from tps.decisions.dirty_identities import Doubt, WrittenAs
from tps.decisions.identities import Device
from tps.decisions.push_life import State
from tps.decisions.triggers import Answer, Outcome, Trigger
from tps.errors import RejectedError, RetryLaterError
from tps.smpp.routes import RouteStatus
from tps.store.database import Database
from tps.watch.metrics import Standing

ROUTE = RouteStatus(name="north", host="smsc", port=2775, system_id="tps", up=True, room=7, rate_per_s=None, links=())


class Way:
    """Answers with what it was asked, so that a test sees both directions; fails when it was told to."""

    def __init__(self) -> None:
        self.batches: list[Sequence[Trigger]] = []
        self.error: Exception | None = None

    async def accept(self, triggers: Sequence[Trigger]) -> Sequence[Answer]:
        self._fail()
        self.batches.append(triggers)
        return [Answer(Outcome.QUEUED, trigger.seen_at, trigger.imsi) for trigger in triggers]

    async def declare_set(self, imsi: str, device: Device | None, settings: str | None) -> int:
        self._fail()
        return int(imsi) + (0 if device is None else int(device.number)) + len(settings or "")

    async def requeue(self, search: Search, limit: int, reason: str) -> Requeued:
        self._fail()
        return Requeued(limit, [Refused(search.above_id or 0, f"{reason} {search.state!r}")], None)

    async def standing(self) -> Standing:
        self._fail()
        counts = {"moves": {"claim": 6}, "causes": {"asked": 7}, "inbox": {"keywords": 8}, "texts": {"sent": 9}}
        counts |= {"written": {"imei": 10}, "doubts": {"cloned": 11}}
        inbox_triggers = [("applet", "queued", 10)]
        return Standing((ROUTE,), 1, 2, 3, commits=4, writes_waiting=5, inbox_triggers=inbox_triggers, **counts)

    def _fail(self) -> None:
        if self.error is not None:
            raise self.error


@asynccontextmanager
async def joined(database: Database) -> AsyncIterator[tuple[Way, WayThere]]:
    """A way, and the same as another process sees it."""
    loop = asyncio.get_running_loop()
    way = Way()
    near, far = socket.socketpair()

    def ask(question: Any) -> None:
        answering.hear(question)

    def reply(answer: Any) -> None:
        way_there.hear(answer)

    here: Connection[ToWay] = Connection(decoder(ToWay), ask)
    there: Connection[ToListener] = Connection(decoder(ToListener), reply)
    answering = Answering(way, here.send)
    watch = identities_of(DetectionConfig(), database, lambda: 0)
    watch.count({WrittenAs.IMEI: 1}, [[Doubt.ZEROED]])
    way_there = WayThere(there.send, database, watch)
    for end, connection in ((near, here), (far, there)):
        end.setblocking(False)
        await loop.create_unix_connection(lambda connection=connection: connection, sock=end)  # type: ignore[misc]
    try:
        yield way, way_there
    finally:
        here.close()
        async with asyncio.timeout(30):
            await there.ended
        there.close()


def trigger(number: int) -> Trigger:
    return Trigger(str(number), None, Device("35690901000001", "02"), number, "test", is_detection=True, pin="1234")


async def test_each_caller_gets_his_own_answers_and_lone_callers_of_one_turn_share_a_question(sqlite: Database) -> None:
    async with joined(sqlite) as (way, there):
        callers = [there.accept([trigger(number), trigger(-number)]) for number in range(1, 40)]
        answers = await asyncio.gather(*callers)
    assert [[answer.push_id for answer in own] for own in answers] == [[number, -number] for number in range(1, 40)]
    assert [len(batch) for batch in way.batches] == [78]
    assert way.batches[0][0] == trigger(1)


async def test_a_crowd_is_asked_for_in_questions_of_a_thousand(sqlite: Database) -> None:
    async with joined(sqlite) as (way, there):
        answers = await asyncio.gather(*(there.accept([trigger(number)] * 99) for number in range(25)))
    assert {len(own) for own in answers} == {99}
    assert [len(batch) for batch in way.batches] == [990, 990, 495]


async def test_a_large_batch_is_a_question_of_its_own(sqlite: Database) -> None:
    async with joined(sqlite) as (way, there):
        large, few = await asyncio.gather(there.accept([trigger(1)] * 5000), there.accept([trigger(2)]))
    assert (len(large), len(few)) == (5000, 1)
    assert sorted(map(len, way.batches)) == [1, 5000]


async def test_everything_else_that_can_be_asked_comes_through_whole(sqlite: Database) -> None:
    await sqlite.write(lambda _: None)
    search = Search(State.FAILED, "internet", "why", 1, 2, 33)
    async with joined(sqlite) as (_, there):
        assert await there.declare_set("7", Device("5"), "abc") == 15
        assert await there.declare_set("7", None, None) == 7
        done = await there.requeue(search, 9, "by key k")
        standing = await there.standing()
    assert done == Requeued(9, [Refused(33, f"by key k {State.FAILED!r}")], None)
    assert standing.routes == (ROUTE,)
    assert standing.commits == 4 + sqlite.commits
    assert standing.moves == {"claim": 6}
    assert standing.written == {"imei": 11}
    assert standing.doubts == {"cloned": 11, "zeroed": 1}


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (RejectedError("imsi", "wrong", status=404), RejectedError),
        (RetryLaterError("full", delay_s=7.0), RetryLaterError),
        (ZeroDivisionError("a secret"), WayFailedError),
    ],
)
async def test_an_error_there_is_the_same_error_here_and_a_defect_tells_no_secret(
    sqlite: Database, error: Exception, expected: type[Exception]
) -> None:
    async with joined(sqlite) as (way, there):
        way.error = error
        asked: list[Callable[[], object]] = [
            lambda: there.accept([trigger(1)]),
            lambda: there.accept([trigger(1)] * 100),
            lambda: there.declare_set("1", None, None),
            lambda: there.requeue(Search(), 1, ""),
            there.standing,
        ]
        with structlog.testing.capture_logs() as logs:
            for ask in asked:
                with pytest.raises(expected) as told:
                    await ask()  # type: ignore[misc]
                shown = {name: value for name, value in vars(told.value).items() if not name.startswith("__")}
                if expected is not WayFailedError:
                    assert shown.items() >= vars(error).items()
    assert "secret" not in str(logs)
    assert len(logs) == (5 if expected is WayFailedError else 0)


async def test_a_caller_that_goes_away_takes_no_other_answer_with_it(sqlite: Database) -> None:
    async with joined(sqlite) as (_, there):
        callers = [asyncio.create_task(there.accept([trigger(number)])) for number in range(10)]
        await asyncio.sleep(0)
        for caller in callers[::2]:
            caller.cancel()
        answers = await asyncio.gather(*callers, return_exceptions=True)
    assert [answer[0].push_id for answer in answers[1::2] if not isinstance(answer, BaseException)] == [1, 3, 5, 7, 9]


class _Wire(asyncio.Transport):
    def __init__(self) -> None:
        super().__init__()
        self.octets = b""

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.octets += bytes(data)

    def is_closing(self) -> bool:
        return False


@settings(deadline=None)
@given(st.lists(st.lists(st.integers(0, 1 << 40), max_size=5), max_size=6), st.lists(st.integers(1, 40)))
def test_messages_come_whole_whatever_pieces_the_socket_makes_of_them(
    messages: list[list[int]], sizes: list[int]
) -> None:
    async def through() -> list[object]:
        heard: list[object] = []
        connection: Connection[object] = Connection(decoder(list[int]), heard.append)
        wire = _Wire()
        connection.connection_made(wire)
        for message in messages:
            connection.send(message)  # type: ignore[arg-type]
        left = wire.octets
        for size in [*sizes, len(left)]:
            connection.data_received(left[:size])
            left = left[size:]
        connection.data_received(left)
        return heard

    assert asyncio.run(through()) == messages
