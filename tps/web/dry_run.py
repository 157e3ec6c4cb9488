"""The dry run of detections: a stream of lines in, what each of them would lead to out, and numbers at the end."""

from collections import Counter
from collections.abc import Sequence
from functools import partial
from typing import Annotated

import msgspec
from msgspec import Meta

from tps.backoffice import detections
from tps.backoffice.detections import trigger_of
from tps.decisions.identities import imei_of
from tps.delivery.dry_run import DryRun, Rehearsed
from tps.web.access import Caller
from tps.web.detections import read_lines
from tps.web.ndjson import LineAnswer
from tps.web.operations import Line, LinesTaker, Office
from tps.web.triggers import line_answer, patiently

REASONS_MAX = 100
"""Different reasons that are counted; a line may quote what it holds, so there can be any number of them."""
OTHER_REASONS = "other reasons"


class Totals(msgspec.Struct, frozen=True, kw_only=True):
    """A dry run in numbers."""

    lines: Annotated[int, Meta(description="Lines that were answered")]
    would_send: Annotated[int, Meta(description="Pushes that would be stored and sent")]
    outcomes: Annotated[dict[str, int], Meta(description="Lines by their outcome")]
    reasons: Annotated[dict[str, int], Meta(description="Lines that lead to nothing, by the reason")]


class DryRunLine(LineAnswer, frozen=True, omit_defaults=True, kw_only=True):
    """What one line would lead to; the last answer, of outcome "totals", counts all of them."""

    msisdn: Annotated[str | None, Meta(description="Where settings would be sent")] = None
    imei: Annotated[str | None, Meta(description="The device that they are for")] = None
    settings: Annotated[str | None, Meta(description="What would be sent")] = None
    version: Annotated[int | None, Meta(description="Its version")] = None
    totals: Totals | None = None


class _Stream:
    """One dry run."""

    def __init__(self, office: Office) -> None:
        # What the stream supposes must not be held against real detections.
        self._watch = office.desk.identities.supposing()
        self._office = office
        self._dry_run = DryRun(office.desk.decision)
        self._last_line = 0
        self._outcomes: Counter[str] = Counter()
        self._reasons: Counter[str] = Counter()

    async def take(self, lines: Sequence[Line]) -> list[LineAnswer]:
        """What a batch of lines would lead to."""
        batch, places, answers = read_lines(self._office, lines)
        database, watch = self._office.desk.database, self._watch
        await patiently(watch.refresh)
        batch = await patiently(partial(detections.named, database, batch))
        triggers = [trigger_of(each, watch, watch.doubts(each.imei, each.imsi, each.seen_at)) for each in batch]
        reminders = self._office.desk.way.reminders_for(triggers)
        rehearsed = await patiently(
            lambda: database.read(lambda connection: self._dry_run.rehearse(connection, [*reminders, *triggers]))
        )
        for place, each in zip(places, rehearsed[len(reminders) :], strict=True):
            answers[place] = _shown(lines[place].number, each)
        told = [answer for answer in answers if answer is not None]
        for answer in told:
            self._count(answer)
        return told

    def end(self) -> list[DryRunLine]:
        """All of it in numbers."""
        totals = Totals(
            lines=self._outcomes.total(),
            would_send=self._outcomes["queued"],
            outcomes=dict(self._outcomes),
            reasons=dict(self._reasons.most_common()),
        )
        return [DryRunLine(line=self._last_line, status=200, outcome="totals", totals=totals)]

    def _count(self, answer: LineAnswer) -> None:
        self._last_line = answer.line
        self._outcomes[answer.outcome] += 1
        reason = "; ".join(f"{error.field}: {error.message}" for error in answer.errors) or answer.reason
        if reason is not None:
            is_counted = reason in self._reasons or len(self._reasons) < REASONS_MAX
            self._reasons[reason if is_counted else OTHER_REASONS] += 1


def dry_run_lines(office: Office, _: Caller) -> LinesTaker:
    """The handler of the stream."""
    stream = _Stream(office)
    return LinesTaker(stream.take, stream.end)


def _shown(number: int, rehearsed: Rehearsed) -> LineAnswer:
    answer, intended = line_answer(number, rehearsed.answer), rehearsed.intended
    if intended is None:
        return answer
    return DryRunLine(
        line=number,
        status=answer.status,
        outcome=answer.outcome,
        id=answer.id,
        msisdn=intended.send.msisdn,
        imei=imei_of(intended.send.device),
        settings=intended.profile.name,
        version=intended.profile.version,
    )
