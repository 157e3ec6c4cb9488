"""The way of a push as the listener sees it: in the other process."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from itertools import count, islice
from typing import Any, NamedTuple

from tps.backoffice.dead_letters import Requeued, Search
from tps.channel.messages import Accept, Declare, Failed, Later, Look, Question, Rejected, Reply, Requeue
from tps.decisions.identities import Device
from tps.decisions.triggers import Answer, Trigger
from tps.delivery.device_identities import DeviceIdentities
from tps.errors import RejectedError, RetryLaterError
from tps.store.database import Database
from tps.watch.metrics import Standing

TOGETHER_MAX = 100
"""Batches of fewer triggers go together with the others of a turn of the event loop; the way takes them in likewise."""
QUESTION_MAX = 1000
"""Triggers in one question."""


class WayFailedError(Exception):
    """A defect in the other process, which has logged it."""


class _Few(NamedTuple):
    triggers: Sequence[Trigger]
    answers: "asyncio.Future[Sequence[Answer]]"


class WayThere:
    """Asks the other process. Lone triggers of one turn of the event loop share a question."""

    def __init__(self, send: Callable[[Question], None], database: Database, watch: DeviceIdentities) -> None:
        """`send` takes a question to the way; `database` and `watch` are those of this process, and count, too."""
        self._send = send
        self._database = database
        self._watch = watch
        self._numbers = count(1)
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._few: list[_Few] = []

    def hear(self, reply: Reply) -> None:
        """The way has answered."""
        waiting = self._waiting.pop(reply.call)
        if waiting.done():  # its caller has gone
            return
        match reply:
            case Rejected(_, field, message, status):
                waiting.set_exception(RejectedError(field, message, status=status))
            case Later(_, message, delay_s):
                waiting.set_exception(RetryLaterError(message, delay_s=delay_s))
            case Failed(_, text):
                waiting.set_exception(WayFailedError(text))
            case _:
                waiting.set_result(reply.value)

    async def accept(self, triggers: Sequence[Trigger]) -> Sequence[Answer]:
        """One answer a trigger, in order, once all of them are durable."""
        if len(triggers) >= TOGETHER_MAX:
            asked: Sequence[Answer] = await self._ask(Accept(next(self._numbers), triggers))
            return asked
        loop = asyncio.get_running_loop()
        few = _Few(triggers, loop.create_future())
        if not self._few:
            loop.call_soon(self._send_together)
        self._few.append(few)
        return await few.answers

    async def declare_set(self, imsi: str, device: Device | None, settings: str | None) -> int:
        """See `tps.backoffice.pairs.declare_set`."""
        push_id: int = await self._ask(Declare(next(self._numbers), imsi, device, settings))
        return push_id

    async def requeue(self, search: Search, limit: int, reason: str) -> Requeued:
        """See `tps.backoffice.dead_letters.requeue_batch`."""
        done: Requeued = await self._ask(Requeue(next(self._numbers), search, limit, reason))
        return done

    async def standing(self) -> Standing:
        """What stands there, and what this process has written itself."""
        there: Standing = await self._ask(Look(next(self._numbers)))
        here, counted = self._database, self._watch.counted
        return there._replace(
            commits=there.commits + here.commits,
            writes_waiting=there.writes_waiting + here.backlog,
            moves=_sum(there.moves, here.moves),
            written=_sum(there.written, counted.written),
            doubts=_sum(there.doubts, counted.doubts),
        )

    def _ask(self, question: Question) -> "asyncio.Future[Any]":
        waiting: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting[question.call] = waiting
        self._send(question)
        return waiting

    def _send_together(self) -> None:
        few, self._few = self._few, []
        while few:
            together: list[Trigger] = []
            asked = 0
            for one in few:
                if together and len(together) + len(one.triggers) > QUESTION_MAX:
                    break
                together += one.triggers
                asked += 1
            callers, few = few[:asked], few[asked:]
            answer = self._ask(Accept(next(self._numbers), together))
            answer.add_done_callback(lambda done, callers=callers: _share(done, callers))  # type: ignore[misc]


def _sum(there: Mapping[str, int], here: Mapping[str, int]) -> Mapping[str, int]:
    return {word: there.get(word, 0) + here.get(word, 0) for word in {*there, *here}}


def _share(done: "asyncio.Future[Sequence[Answer]]", callers: Sequence[_Few]) -> None:
    """Give each caller his answers, or the error that all of them share."""
    error = done.exception()
    answers = iter(() if error is not None else done.result())
    for triggers, waiting in callers:
        own = list(islice(answers, len(triggers)))
        if waiting.done():  # he has gone
            continue
        if error is None:
            waiting.set_result(own)
        else:
            waiting.set_exception(error)
