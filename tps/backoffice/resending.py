"""A new version for devices that hold an older one: queued batch by batch, at the pace of whoever asks for them."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from tps.backoffice import settings
from tps.backoffice.desk import Desk
from tps.decisions.triggers import Cause, Outcome, Trigger
from tps.store import outdated, subscribers
from tps.store.database import Connection

SOURCE = "resend"
BATCH_MAX = 500
"""Pushes that one batch may queue."""


class Resent(NamedTuple):
    """What became of a batch; `last_id` begins the next one, None: there are no more."""

    queued: int
    left_out: int
    """Devices that are not the newest of their subscriber any more, or whose subscriber has other settings now."""
    other: int
    """Devices that have the newest version, or are about to, and those that cannot be sent it."""
    last_id: int | None


async def resend(desk: Desk, name: str, *, after_id: int | None, limit: int) -> Resent:
    """Queue the newest version for so many devices that hold an older one; `RejectedError` (404) without such settings.

    To ask again, for the same or from the beginning, is safe: who has a version gets it no second time.
    """
    newest = await settings.find(desk.database, desk.seal, name)
    default = desk.config.detection.default_settings

    def read(connection: Connection) -> tuple[Sequence[outdated.Outdated], list[str]]:
        found = outdated.page(connection, name, newest.version, after_id, limit)
        accounts = subscribers.load(connection, list({pair.imsi for pair in found}))
        wanted = [
            pair.imsi
            for pair in found
            if pair.imsi in accounts
            and (accounts[pair.imsi].settings or default) == name
            and (accounts[pair.imsi].device or "") == pair.device
        ]
        return found, wanted

    found, imsis = await desk.database.read(read)
    now = desk.clock()
    triggers = [
        Trigger(imsi, None, None, now, SOURCE, is_detection=False, cause=Cause.SETTINGS_PUBLISHED) for imsi in imsis
    ]
    answers = await desk.way.accept(triggers) if triggers else ()
    outcomes: Counter[str] = Counter(answer.outcome for answer in answers)
    desk.metrics.count_triggers(SOURCE, outcomes)
    queued = outcomes[Outcome.QUEUED]
    last_id = found[-1].id if len(found) == limit else None
    return Resent(queued, len(found) - len(imsis), len(imsis) - queued, last_id)
