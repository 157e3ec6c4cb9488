"""What a changed account leads to: its device is set up again, and the history of the push says why."""

from collections import Counter
from collections.abc import Sequence

import msgspec
import structlog

from tps.backoffice.desk import Desk
from tps.backoffice.subscribers import values_of
from tps.decisions.identities import Device
from tps.decisions.triggers import Cause, Trigger
from tps.errors import RetryLaterError
from tps.store.sealing import Seal, UnsealError
from tps.store.subscribers import Subscriber

SOURCE = "account"
log = structlog.get_logger(__name__)


def of_change(seal: Seal, before: Subscriber | None, after: Subscriber) -> Trigger | None:
    """What follows from an account's new settings or values; None without a known device, and for anything else."""
    if before is None or before.device is None or not _has_other_settings(seal, before, after):
        return None
    trigger = of_device(after.imsi, before, Cause.SETTINGS_CHANGED)
    if trigger is None or before.settings == after.settings:
        return trigger
    return msgspec.structs.replace(trigger, has_switched_settings=True)


def of_device(imsi: str, before: Subscriber, cause: Cause) -> Trigger | None:
    """Set up the newest device of an account as it was; None where none is known.

    It was seen when it was seen: whatever the network has told since is newer.
    """
    if before.device is None or before.device_seen_at is None:
        return None
    device = Device(before.device)
    return Trigger(imsi, None, device, before.device_seen_at, SOURCE, is_detection=True, cause=cause)


async def send(desk: Desk, triggers: Sequence[Trigger]) -> None:
    """Hand these over. Where the store takes none now, the next sighting of each device leads to the same push."""
    if not triggers:
        return
    try:
        answers = await desk.way.accept(triggers)
    except RetryLaterError as error:
        log.warning("account.push_left_to_the_next_sighting", accounts=len(triggers), reason=error.message)
        return
    desk.metrics.count_triggers(SOURCE, Counter(answer.outcome for answer in answers))


def _has_other_settings(seal: Seal, before: Subscriber, after: Subscriber) -> bool:
    if before.settings != after.settings:
        return True
    if before.sealed_values is None or after.sealed_values is None:
        return before.sealed_values != after.sealed_values
    try:
        return values_of(seal, before) != values_of(seal, after)
    except UnsealError:  # those before cannot be read: nobody knows what the device holds
        return True
