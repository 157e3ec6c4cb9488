"""The queue between the feeds and the one that takes: batches, bounds, and what is not safe yet."""

import asyncio

import msgspec
import pytest

from tests.tps.feeds.taking import Taker, detected, running_queue
from tps.feeds.detection_queue import DetectionQueue


async def test_what_comes_while_a_batch_is_taken_makes_the_next_batch() -> None:
    taker = Taker()
    taker.open.clear()
    async with running_queue(taker, batch_max=5) as queue:
        assert queue.offer(detected(0))
        await taker.asked.wait()
        for number in range(1, 8):
            assert queue.offer(detected(number))
        taker.open.set()
        assert await taker.until(8) == [detected(number) for number in range(8)]
    assert [len(batch) for batch in taker.batches] == [1, 5, 2]
    assert (queue.taken, len(queue)) == (8, 0)


async def test_a_full_queue_refuses_and_what_is_being_taken_counts() -> None:
    taker = Taker()
    taker.open.clear()
    async with running_queue(taker, capacity=2) as queue:
        assert queue.offer(detected(0))
        await taker.asked.wait()
        assert queue.offer(detected(1))
        assert not queue.offer(detected(2))
        assert len(queue) == 2
        taker.open.set()
        await taker.until(2)
        await queue.finish()
        assert queue.offer(detected(3))


async def test_a_batch_that_cannot_be_taken_now_is_offered_again_whole() -> None:
    taker = Taker()
    taker.refusals = 3
    async with running_queue(taker) as queue:
        queue.offer(detected(0))
        queue.offer(detected(1))
        await taker.until(2)
    assert taker.batches == [[detected(0), detected(1)]]
    assert queue.postponed == 3


async def test_finishing_waits_for_the_last_batch() -> None:
    taker = Taker()
    taker.open.clear()
    async with running_queue(taker) as queue:
        queue.offer(detected(0))
        finishing = asyncio.create_task(queue.finish())
        await taker.asked.wait()
        assert not finishing.done()
        taker.open.set()
        await finishing
        assert taker.taken == [detected(0)]


async def test_a_defect_of_the_one_that_takes_ends_the_queue_loudly() -> None:
    async def broken(_: object) -> None:
        raise KeyError("a defect")

    queue = DetectionQueue(broken, capacity=1)
    queue.offer(detected())
    with pytest.raises(ExceptionGroup) as raised:
        await queue.run()
    assert isinstance(raised.value.exceptions[0], KeyError)


async def test_several_batches_are_on_their_way_at_once_and_finishing_waits_for_all() -> None:
    taker = Taker()
    taker.open.clear()
    async with running_queue(taker, batch_max=2, at_once=3) as queue:
        for number in range(9):
            queue.offer(detected(number))
        await taker.asked.wait()
        finishing = asyncio.create_task(queue.finish())
        await asyncio.sleep(0)
        assert (len(queue), len(queue._waiting), finishing.done()) == (9, 3, False)
        taker.open.set()
        await finishing
    assert sorted(taker.taken, key=msgspec.structs.astuple) == [detected(number) for number in range(9)]
    assert (queue.taken, len(queue)) == (9, 0)


def test_the_view_of_a_detection_names_nobody() -> None:
    assert repr(detected()) == "Detected(source='radius', peer='ggsn', seen_at=1772366400000)"
