"""Detections in batches, from whichever door: judged, answered from memory where they change nothing, else taken in."""

from collections import Counter
from collections.abc import Iterable, Sequence

from tps.backoffice.filtered_way import FilteredWay
from tps.decisions import dirty_identities, identities
from tps.decisions.dirty_identities import Doubt, Judged
from tps.decisions.triggers import Answer, Trigger
from tps.delivery.device_identities import DeviceIdentities
from tps.delivery.set_filter import Told
from tps.errors import RetryLaterError
from tps.feeds.detected import Detected

_VERSION_AT, _IMEISV_DIGITS = 14, 16


async def take(way: FilteredWay, watch: DeviceIdentities, batch: Sequence[Detected]) -> Sequence[Answer]:
    """One answer a detection, in order; `RetryLaterError` where the store takes nothing now.

    A trigger is built only for what needs its transaction: of 100 sightings 98 are of a pair that is known as SET.
    """
    await watch.refresh()
    doubts, told = _judged(watch, batch)
    try:
        answers = await way.take(told, lambda place: trigger_of(batch[place], watch, doubts[place]))
    except RetryLaterError:
        raise  # it will be offered again, and is counted then
    except Exception:
        _count(watch, batch, doubts)
        raise
    _count(watch, batch, doubts)
    return answers


def trigger_of(detected: Detected, watch: DeviceIdentities, doubts: tuple[Doubt, ...]) -> Trigger:
    """The trigger of a detection about whose device there are these doubts."""
    device = identities.device(detected.imei)
    if doubts:
        device = watch.acted_upon(Judged(device, dirty_identities.written_as(len(detected.imei)), doubts))
    return Trigger(detected.imsi, detected.msisdn, device, detected.seen_at, detected.source, is_detection=True)


def _judged(watch: DeviceIdentities, batch: Iterable[Detected]) -> tuple[list[tuple[Doubt, ...]], list[Told]]:
    """The doubts about each device, and what the filter is asked."""
    judge = watch.doubts
    doubts, told = [], []
    for imsi, imei, msisdn, _, _, seen_at, _ in batch:
        found = judge(imei, imsi or msisdn or "", seen_at)
        doubts.append(found)
        device: str | None = imei[:_VERSION_AT]
        if found and not watch.are_tolerated(found):
            device = None
        told.append((imsi, device, imei[_VERSION_AT:] if len(imei) == _IMEISV_DIGITS else None, seen_at))
    return doubts, told


def _count(watch: DeviceIdentities, batch: Iterable[Detected], doubts: Iterable[tuple[Doubt, ...]]) -> None:
    """What was judged, once it needs not be offered again."""
    written = Counter([len(each.imei) for each in batch])
    watch.count({dirty_identities.written_as(digits): number for digits, number in written.items()}, doubts)
