"""The way's end of the channel: does what the listener asks, each question by itself, and answers it."""

import asyncio
import traceback
from collections.abc import Callable

import structlog

from tps.backoffice.way import Way
from tps.channel.messages import (
    Accept,
    Answered,
    BegunAgain,
    Declare,
    Declared,
    Failed,
    Later,
    Question,
    Rejected,
    Reply,
    Requeue,
    Stands,
)
from tps.errors import RejectedError, RetryLaterError

log = structlog.get_logger(__name__)


class Answering:
    """Lets another process use a way."""

    def __init__(self, way: Way, send: Callable[[Reply], None]) -> None:
        self._way = way
        self._send = send
        self._at_work: set[asyncio.Task[None]] = set()

    def hear(self, question: Question) -> None:
        """The listener has asked; the answer follows."""
        task = asyncio.create_task(self._answer(question), name="channel-answer")
        self._at_work.add(task)
        task.add_done_callback(self._at_work.discard)

    async def _answer(self, question: Question) -> None:
        reply: Reply
        try:
            reply = await self._reply(question)
        except RejectedError as error:
            reply = Rejected(question.call, error.field, error.message, error.status)
        except RetryLaterError as error:
            reply = Later(question.call, error.message, error.delay_s)
        except Exception as error:  # noqa: BLE001 - whoever asked must not wait for ever
            reply = _failed(question, error)
        self._send(reply)

    async def _reply(self, question: Question) -> Reply:
        call, way = question.call, self._way
        match question:
            case Accept(_, triggers):
                return Answered(call, await way.accept(triggers))
            case Declare(_, imsi, device, settings):
                return Declared(call, await way.declare_set(imsi, device, settings))
            case Requeue(_, search, limit, reason):
                return BegunAgain(call, await way.requeue(search, limit, reason))
            case _:
                return Stands(call, await way.standing())


def _failed(question: Question, error: Exception) -> Failed:
    """Log a defect without its text and without variables: they may hold what was sent."""
    name, trace = type(error).__name__, "".join(traceback.format_tb(error.__traceback__))
    log.error("channel.defect", question=type(question).__name__, error=name, trace=trace)
    return Failed(question.call, name)
