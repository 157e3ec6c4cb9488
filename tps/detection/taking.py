"""What feeds detect becomes triggers: judged, taken in batch by batch, counted by what became of them."""

import traceback
from collections import Counter, defaultdict
from collections.abc import Sequence

import structlog

from tps.backoffice import detections
from tps.backoffice.desk import Desk
from tps.decisions.triggers import Answer, Outcome
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
        answers: Sequence[Answer]
        try:
            answers = await detections.take(desk, batch)
        except RetryLaterError:
            raise
        except Exception as error:  # noqa: BLE001 - the network goes on telling, whatever happened
            _note_defect(error, len(batch))
            answers = [_DEFECT] * len(batch)
        outcomes: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for detected, answer in zip(batch, answers, strict=True):
            outcomes[detected.source][answer.outcome] += 1
        for source, counted in outcomes.items():
            desk.metrics.count_triggers(source, counted)


def _note_defect(error: Exception, detections: int) -> None:
    """Log a defect without its text and without variables: they may hold identities."""
    trace = "".join(traceback.format_tb(error.__traceback__))
    log.error("detection.defect", detections=detections, error=type(error).__name__, trace=trace)
