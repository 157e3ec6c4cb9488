"""What feeds detect becomes triggers: judged, taken in batch by batch, counted by what became of them."""

import traceback
from collections import Counter, defaultdict
from collections.abc import Sequence

import structlog

from tps.backoffice.desk import Desk
from tps.decisions.dirty_identities import Judged
from tps.decisions.triggers import Answer, Outcome, Trigger
from tps.errors import RetryLaterError
from tps.feeds.detected import Detected

log = structlog.get_logger(__name__)

_DEFECT = Answer(Outcome.REJECTED, reason="a defect; the log tells more", status=500)


class Taking:
    """Takes what a `DetectionQueue` gives away; `RetryLaterError` where the store takes nothing now."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def __call__(self, batch: Sequence[Detected]) -> None:
        """Take a batch. One that comes upon a defect is counted as rejected: it must not keep the next ones waiting."""
        desk = self._desk
        judged = [desk.identities.judge(each.imei, each.imsi or each.msisdn or "", each.seen_at) for each in batch]
        triggers = [self._trigger(each, found) for each, found in zip(batch, judged, strict=True)]
        answers: Sequence[Answer]
        try:
            answers = await desk.way.accept(triggers)
        except RetryLaterError:
            raise
        except Exception as error:  # noqa: BLE001 - the network goes on telling, whatever happened
            _note_defect(error, len(batch))
            answers = [_DEFECT] * len(batch)
        for found in judged:
            desk.identities.count(found)
        outcomes: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for trigger, answer in zip(triggers, answers, strict=True):
            outcomes[trigger.source][answer.outcome] += 1
        for source, counted in outcomes.items():
            desk.metrics.count_triggers(source, counted)

    def _trigger(self, detected: Detected, judged: Judged) -> Trigger:
        device = self._desk.identities.acted_upon(judged)
        return Trigger(detected.imsi, detected.msisdn, device, detected.seen_at, detected.source, is_detection=True)


def _note_defect(error: Exception, detections: int) -> None:
    """Log a defect without its text and without variables: they may hold identities."""
    trace = "".join(traceback.format_tb(error.__traceback__))
    log.error("detection.defect", detections=detections, error=type(error).__name__, trace=trace)
