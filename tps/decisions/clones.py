"""Clones: one device number in so many SIMs within a time that it cannot be one device. Memory is bounded."""

from collections import OrderedDict

from tps.decisions.set_pairs import SetPairs

_CHANCES = 4
"""Devices kept, as they were seen elsewhere, before one is forgotten: a bound, so that no sighting costs a search."""


class CloneDetector:
    """Remembers which SIMs each device was seen in lately, of the devices seen last.

    What is forgotten for lack of room can hide a clone, never make one up. In whatever order the sightings of a device
    come, the verdict after the last of them is the same.

    A device in the one SIM that it was ever seen in is nearly every sighting there is. Those may be kept by `SetPairs`
    alone, which are asked when another SIM comes, and told from when on all sightings are wanted here again.
    """

    def __init__(self, *, sims_max: int, window_ms: int, capacity: int) -> None:
        """More than `sims_max` SIMs within `window_ms` are a clone; of `capacity` devices the sightings are kept."""
        if min(sims_max, window_ms, capacity) < 1:
            raise ValueError("sims_max, window_ms and capacity: at least 1 expected")
        self._sims_max = sims_max
        self._window_ms = window_ms
        self._capacity = capacity
        self._seen: OrderedDict[str, tuple[tuple[int, str], ...]] = OrderedDict()
        self._pairs: SetPairs | None = None
        self._may_tell = True
        """False in a copy: what a dry run supposes changes nothing elsewhere."""

    def heed(self, pairs: SetPairs) -> None:
        """Know that sightings of devices in their only SIM may be kept there, and nowhere else."""
        self._pairs = pairs

    def __len__(self) -> int:
        return len(self._seen)

    def __copy__(self) -> "CloneDetector":
        """Another one that remembers the same, and neither learns from the other."""
        other = CloneDetector(sims_max=self._sims_max, window_ms=self._window_ms, capacity=self._capacity)
        other._seen.update(self._seen)
        other._pairs, other._may_tell = self._pairs, False
        return other

    def only_sim(self, device: str) -> str | None:
        """The SIM that the device (14 digits) is known to have been in, where it is one."""
        seen = self._seen.get(device, ())
        return seen[0][1] if len(seen) == 1 else None

    def note(self, device: str, imsi: str, seen_at: int) -> bool:
        """Whether the device (14 digits) is cloned, by what is known with this sighting of it in this SIM.

        Counted are the SIMs in the window that ends with the newest sighting. One SIM more than allowed is kept, those
        seen last, which is enough to tell: a sighting that was let go is older than all of them for ever.
        """
        before = self._seen.get(device, ())
        if len(before) == 1:
            if before[0][1] == imsi:  # nearly always; as below, with nothing to sort
                if seen_at > before[0][0]:
                    self._seen[device] = ((seen_at, imsi),)
                self._seen.move_to_end(device)
                return False  # at least one SIM is allowed
            before = (self._latest(device, *before[0]),)
            self._want(device, before[0][1])
        others = [(at, sim) for at, sim in before if sim != imsi]
        at = max([seen_at, *(at for at, sim in before if sim == imsi)])
        newest = tuple(sorted([*others, (at, imsi)], reverse=True)[: self._sims_max + 1])
        self._seen[device] = newest
        self._seen.move_to_end(device)
        if len(self._seen) > self._capacity:
            self._forget_oldest()
        return len(newest) > self._sims_max and newest[-1][0] > newest[0][0] - self._window_ms

    def _forget_oldest(self) -> None:
        """Forget a device that was not seen for long: those nobody told of have a chance first, each time a few."""
        for _ in range(min(_CHANCES, self._capacity - 1)):
            device, seen = next(iter(self._seen.items()))
            if len(seen) > 1 or (latest := self._latest(device, *seen[0])) == seen[0]:
                break
            self._seen[device] = (latest,)
            self._seen.move_to_end(device)
        device, seen = self._seen.popitem(last=False)
        for _, sim in seen:
            self._want(device, sim)

    def _latest(self, device: str, seen_at: int, sim: str) -> tuple[int, str]:
        """When the device was seen last in the only SIM it is known in, here or elsewhere."""
        known = None if self._pairs is None else self._pairs.newest(sim)
        if known is not None and known.number == device:
            seen_at = max(seen_at, known.seen_at)
        return seen_at, sim

    def _want(self, device: str, sim: str) -> None:
        """Want to be told of the next sightings of this SIM in this device."""
        if self._pairs is not None and self._may_tell:
            self._pairs.doubt(sim, device)
