"""Which report about a SIM is the newer one, and what it changes: a rule that any order of arrival ends alike with."""

from enum import StrEnum
from typing import NamedTuple


class DeviceChange(StrEnum):
    """What a report says against what is known of its SIM."""

    FIRST_DEVICE = "first_device"
    """No device of this SIM was known."""
    NEW_DEVICE = "new_device"
    """The SIM has moved to another device."""
    NEW_SOFTWARE = "new_software"
    """The same device with another software version: no reason to set it up again."""
    SAME = "same"
    """Nothing new."""
    LATE = "late"
    """An older sighting of another device than the newest one: history, which undoes nothing."""


class SeenDevice(NamedTuple):
    """A device that a SIM was seen in."""

    seen_at: int
    """Milliseconds since 1970-01-01 UTC."""
    number: str
    """TAC and serial number, 14 digits."""
    software_version: str | None = None


def event_time(claimed: int | None, received: int) -> int:
    """When it happened, in milliseconds: as the network says, but never after it was received.

    A clock in the network that runs ahead would otherwise make every later report of that SIM a late one.
    """
    return received if claimed is None else min(claimed, received)


def is_newer(seen: SeenDevice, known: SeenDevice) -> bool:
    """Whether `seen` takes the place of `known` as the newest device of the SIM.

    Of two devices at the same moment the greater number counts, as in the store: any rule does, so long as it does not
    depend on which report came first.
    """
    return (seen.seen_at, seen.number) > (known.seen_at, known.number)


def device_change(known: SeenDevice | None, seen: SeenDevice) -> DeviceChange:
    """What `seen` changes, given the newest device of its SIM."""
    if known is None:
        return DeviceChange.FIRST_DEVICE
    if seen.number != known.number:
        return DeviceChange.NEW_DEVICE if is_newer(seen, known) else DeviceChange.LATE
    has_other_software = seen.software_version not in (None, known.software_version)
    return DeviceChange.NEW_SOFTWARE if has_other_software and seen.seen_at >= known.seen_at else DeviceChange.SAME
