"""Triggers, one by one and as streams: what detections and pushes share."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Any, Generic, NamedTuple, TypeVar

import msgspec
from msgspec import Meta

from tps.backoffice.desk import Desk
from tps.backoffice.settings import NAME_PATTERN
from tps.decisions.push_id import text_of
from tps.decisions.triggers import Answer, Outcome, Trigger
from tps.errors import RejectedError, RetryLaterError
from tps.web.access import Caller
from tps.web.ndjson import LineAnswer, rejected
from tps.web.operations import Line, LinesHandler, LinesTaker, Office, Reply
from tps.web.problems import FieldError, ProblemError, note_defect, of_decoding

T = TypeVar("T")
Taken = Callable[[Desk, Sequence[T]], Awaitable[Sequence[Answer]]]
"""Takes what lines hold, and returns one answer to each, in order."""

_QUEUED, _REJECTED = Outcome.QUEUED, Outcome.REJECTED
PATIENCE_S = 30.0
"""How long a batch of a stream waits for a store that cannot be reached before its lines are answered 503."""

Imsi = Annotated[
    str,
    Meta(
        description="IMSI: 6 to 15 digits",
        examples=["001010123456789"],
        extra_json_schema={"pattern": "^[0-9]{6,15}$"},
    ),
]
Msisdn = Annotated[
    str, Meta(description="Number in international form, with or without +, 5 to 15 digits", examples=["+4917012345"])
]
Imei = Annotated[
    str, Meta(description="IMEI of 14 or 15 digits, or IMEISV of 16", examples=["356909010000010", "3569090100000102"])
]
SettingsName = Annotated[
    str, Meta(description="Name of published settings", examples=["internet"], pattern=NAME_PATTERN)
]


class TriggerAnswer(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What became of a trigger."""

    outcome: Annotated[
        Outcome,
        Meta(
            description="queued: a push will be sent. already_set: the device holds these settings. already_open: a "
            "push is on its way. recorded: noted, nothing is sent, the reason says why"
        ),
    ]
    id: Annotated[str | None, Meta(description="The push that was stored, or stands in the way")] = None
    reason: Annotated[str | None, Meta(description="Why nothing is sent")] = None


async def take_triggers(desk: Desk, triggers: Sequence[Trigger]) -> Sequence[Answer]:
    """Take these."""
    return await desk.way.accept(triggers)


async def take_one(office: Office, item: T, take: Taken[T], source: str) -> Reply:
    """The reply to a lone trigger: 202 for a new push, 200 where there is nothing to send."""
    (answer,) = await take(office.desk, [item])
    office.desk.metrics.count_triggers(source, {answer.outcome: 1})
    if answer.outcome is Outcome.REJECTED:
        raise _problem_of(answer)
    shown = None if answer.push_id is None else text_of(answer.push_id)
    value = TriggerAnswer(outcome=answer.outcome, id=shown, reason=answer.reason)
    if answer.outcome is Outcome.QUEUED:
        return Reply(202, value, headers={"Location": f"/v1/pushes/{shown}"})
    return Reply(200, value)


class ReadLines(NamedTuple, Generic[T]):
    """What lines hold: triggers, or what will be one."""

    items: Sequence[T]
    places: Sequence[int]
    """Of each item, the place of its line."""
    answers: list[LineAnswer | None]
    """One a line: None where it holds an item."""


def reading(type_: type[Any], item_of: Callable[[Any, int], T]) -> Callable[[Office, Sequence[Line]], ReadLines[T]]:
    """What reads lines that are `type_`; `item_of` is told the time (milliseconds since 1970-01-01 UTC)."""
    decode = msgspec.json.Decoder(type_).decode

    def read(office: Office, lines: Sequence[Line]) -> ReadLines[T]:
        desk = office.desk
        max_octets, now = desk.config.http.max_line_octets, desk.clock()
        places: list[int] = []
        items: list[T] = []
        answers: list[LineAnswer | None] = [None] * len(lines)
        for place, line in enumerate(lines):
            octets = line.octets
            if octets is None:
                answers[place] = too_long(line.number, max_octets)
                continue
            try:
                items.append(item_of(decode(octets), now))
                places.append(place)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, RejectedError) as error:
                answers[place] = refused(line.number, error, type_)
        return ReadLines(items, places, answers)

    return read


def taking_lines(
    read: Callable[[Office, Sequence[Line]], ReadLines[T]], take_items: Taken[T], source: str
) -> LinesHandler:
    """The handler of a stream whose lines hold triggers."""

    def begin(office: Office, _: Caller) -> LinesTaker:
        turn = asyncio.Lock()

        async def take(lines: Sequence[Line]) -> list[LineAnswer]:
            items, places, answers = read(office, lines)
            taken = await _taken(office.desk, items, take_items, source, turn)
            if len(taken) == len(lines):  # nearly always
                return [line_answer(line.number, answer) for line, answer in zip(lines, taken, strict=True)]
            for place, answer in zip(places, taken, strict=True):
                answers[place] = line_answer(lines[place].number, answer)
            return [answer for answer in answers if answer is not None]

        return LinesTaker(take)

    return begin


def too_long(number: int, max_octets: int) -> LineAnswer:
    """The answer to a line of more octets than are kept."""
    return rejected(number, 413, (FieldError("line", f"at most {max_octets} octets a line expected"),))


def refused(number: int, error: Exception, type_: Any) -> LineAnswer:  # noqa: ANN401 - any type of a line
    """The answer to a line that could not be read, or whose identities cannot be any."""
    if isinstance(error, RejectedError):
        return rejected(number, error.status, (FieldError(error.field or "body", error.message),))
    problem = of_decoding(error, type_, "line")
    return rejected(number, problem.status, problem.errors)


async def patiently(store: Callable[[], Any]) -> Any:  # noqa: ANN401 - whatever `store` returns
    """What `store` returns; where it cannot be reached it is tried again for `PATIENCE_S`, and the stream waits."""
    clock = asyncio.get_running_loop().time
    patient_until = clock() + PATIENCE_S
    while True:
        try:
            return await store()
        except RetryLaterError as error:
            if clock() >= patient_until:
                raise
            await asyncio.sleep(error.delay_s)


async def _in_turn(store: Callable[[], Any], turn: asyncio.Lock) -> Any:  # noqa: ANN401 - whatever `store` returns
    """Like `patiently`, for batches of one stream, whose `turn` has who waits: no later batch gets past it."""
    if turn.locked():
        async with turn:
            pass
    try:
        return await store()
    except RetryLaterError as error:
        async with turn:
            await asyncio.sleep(error.delay_s)
            return await patiently(store)


async def _taken(desk: Desk, items: Sequence[T], take: Taken[T], source: str, turn: asyncio.Lock) -> Sequence[Answer]:
    """One answer an item; a batch that cannot be stored is answered all the same, line by line."""
    if not items:
        return ()
    answers: Sequence[Answer]
    try:
        answers = await _in_turn(lambda: take(desk, items), turn)
    except RetryLaterError as error:
        answers = [Answer(Outcome.REJECTED, reason=error.message, status=503)] * len(items)
    except Exception as error:  # noqa: BLE001 - every line gets its answer, whatever happened
        reason = note_defect(error, source=source, lines=len(items))
        answers = [Answer(Outcome.REJECTED, reason=reason, status=500)] * len(items)
    desk.metrics.count_triggers(source, Counter([answer.outcome for answer in answers]))
    return answers


def line_answer(number: int, answer: Answer) -> LineAnswer:
    """What became of one line, as it is told."""
    outcome, push_id, reason = answer.outcome, answer.push_id, answer.reason
    if outcome is _REJECTED:
        field = answer.field
        errors = (FieldError(field, reason or ""),) if field else ()
        return rejected(number, answer.status, errors, None if field else reason)
    return LineAnswer(
        line=number,
        status=202 if outcome is _QUEUED else 200,
        outcome=outcome,
        id=None if push_id is None else text_of(push_id),
        reason=reason,
    )


def _problem_of(answer: Answer) -> ProblemError:
    field, reason = answer.field, answer.reason or "refused"
    errors = (FieldError(field, reason),) if field else ()
    return ProblemError(answer.status, f"{field}: {reason}" if field else reason, errors)
