"""Detections in batches, from whichever door: judged, answered from memory where they change nothing, else taken in."""

from collections.abc import Iterable, Sequence

import msgspec

from tps.backoffice.desk import Desk
from tps.decisions import identities
from tps.decisions.dirty_identities import BY_LENGTH, Doubt, Judged
from tps.decisions.triggers import Answer, Trigger
from tps.delivery.device_identities import DeviceIdentities
from tps.errors import RetryLaterError
from tps.feeds.detected import Detected
from tps.store import subscribers
from tps.store.database import Database


async def take(desk: Desk, batch: Sequence[Detected]) -> Sequence[Answer]:
    """One answer a detection, in order; `RetryLaterError` where the store takes nothing now.

    A trigger is built only for what needs its transaction, and a device is judged only where there may be a doubt: of
    100 sightings 98 are of a pair that is known as SET.
    """
    watch = desk.identities
    await watch.refresh()
    batch = await named(desk.database, batch)
    doubts: dict[int, tuple[Doubt, ...]] = {}

    def judge(place: int) -> bool:
        each = batch[place]
        found = doubts[place] = watch.doubts(each.imei, each.imsi, each.seen_at)
        return not found or watch.are_tolerated(found)

    try:
        answers = await desk.way.take(
            batch, judge, lambda place: trigger_of(batch[place], watch, doubts.get(place, ()))
        )
    except RetryLaterError:
        raise  # it will be offered again, and is counted then
    except Exception:
        _count(watch, batch, doubts.values())
        raise
    _count(watch, batch, doubts.values())
    return answers


async def named(database: Database, batch: Sequence[Detected]) -> Sequence[Detected]:
    """The batch with the IMSI of each SIM that is named by its number alone, where an account has that number.

    So a SIM is one, whichever way a feed names it: to the filter, which remembers when it was seen, and to the watch
    for clones. `RetryLaterError` where the store cannot be asked.
    """
    numbers = sorted({each.msisdn for each in batch if each.imsi is None and each.msisdn is not None})
    if not numbers:
        return batch
    owners = await database.read(lambda connection: subscribers.imsis_of(connection, numbers))
    return [
        each if each.imsi is not None else msgspec.structs.replace(each, imsi=owners.get(each.msisdn or ""))
        for each in batch
    ]


def trigger_of(detected: Detected, watch: DeviceIdentities, doubts: tuple[Doubt, ...]) -> Trigger:
    """The trigger of a detection about whose device there are these doubts."""
    device = identities.device(detected.imei)
    if doubts:
        device = watch.acted_upon(Judged(device, BY_LENGTH[len(detected.imei)], doubts))
    return Trigger(detected.imsi, detected.msisdn, device, detected.seen_at, detected.source, is_detection=True)


def _count(watch: DeviceIdentities, batch: Iterable[Detected], doubts: Iterable[tuple[Doubt, ...]]) -> None:
    """What was judged, once it needs not be offered again."""
    digits = [len(each.imei) for each in batch]
    watch.count({written_as: digits.count(length) for length, written_as in BY_LENGTH.items()}, doubts)
