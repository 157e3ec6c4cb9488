"""Device identities as detections bring them: judged, counted by what is doubtful about them, clones remembered."""

from collections import Counter
from typing import NamedTuple

from tps.config import DetectionConfig
from tps.decisions import dirty_identities
from tps.decisions.clones import CloneDetector
from tps.decisions.dirty_identities import Judged
from tps.decisions.identities import Device


class Counted(NamedTuple):
    """What was counted: identities by how they are written, and doubts about them."""

    written: Counter[str]
    doubts: Counter[str]


class DeviceIdentities:
    """One for all detections of a process, from whichever door; clones are found among what this process has seen."""

    def __init__(self, rules: DetectionConfig) -> None:
        self.counted = Counted(Counter(), Counter())
        self._tolerated = frozenset(rules.tolerated)
        self._clones: CloneDetector | None = None
        if rules.clone_sims:
            self._clones = CloneDetector(
                sims_max=rules.clone_sims,
                window_ms=rules.clone_window_s * 1000,
                capacity=rules.remembered_devices,
            )

    def judge(self, imei: str, sim: str, seen_at: int) -> Judged:
        """The device, and what is doubtful about it; `sim` is the IMSI or the number that it was seen with.

        `RejectedError` where it is no identity at all.
        """
        clones = self._clones
        is_clone = None if clones is None else lambda number: clones.note(number, sim, seen_at)
        return dirty_identities.judge(imei, is_clone=is_clone)

    def count(self, judged: Judged) -> None:
        """Count what was judged: once a sighting, however often it had to be offered."""
        self.counted.written[judged.written_as] += 1
        self.counted.doubts.update(judged.doubts)

    def acted_upon(self, judged: Judged) -> Device:
        """The device as triggers look at it: dirty unless all doubts about it are tolerated."""
        return dirty_identities.acted_upon(judged, self._tolerated)
