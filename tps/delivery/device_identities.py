"""Device identities as detections bring them: judged, counted by what is doubtful about them, clones remembered."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from copy import copy
from dataclasses import dataclass
from typing import NamedTuple

from tps.decisions import dirty_identities, identities
from tps.decisions.clones import CloneDetector
from tps.decisions.dirty_identities import Doubt, Judged, WrittenAs
from tps.decisions.identities import Device
from tps.decisions.set_pairs import SetPairs
from tps.delivery.known_tacs import KnownTacs


class Counted(NamedTuple):
    """What was counted: identities by how they are written, and doubts about them."""

    written: Counter[str]
    doubts: Counter[str]


@dataclass(frozen=True, slots=True)
class IdentityRules:
    """The operator's rules for identities."""

    tolerated: Collection[Doubt]
    clone_sims: int
    """A device in more SIMs than this within the window is a clone; 0: none is."""
    clone_window_ms: int
    remembered_devices: int


class DeviceIdentities:
    """One for all detections of a process, from whichever door; clones are found among what this process has seen."""

    def __init__(self, rules: IdentityRules, known_tacs: KnownTacs, clones: CloneDetector | None = None) -> None:
        """`clones` holds what was seen already; without it nothing was."""
        self.counted = Counted(Counter(), Counter())
        self._rules = rules
        self._known_tacs = known_tacs
        self._tolerated = frozenset(rules.tolerated)
        self._clones = clones
        if clones is None and rules.clone_sims:
            self._clones = CloneDetector(
                sims_max=rules.clone_sims, window_ms=rules.clone_window_ms, capacity=rules.remembered_devices
            )

    def supposing(self) -> "DeviceIdentities":
        """Another one that has seen the same, and keeps to itself what it sees from now on."""
        return DeviceIdentities(self._rules, self._known_tacs, copy(self._clones))

    def pairs_beyond_doubt(self, capacity: int) -> SetPairs:
        """Room for pairs: of those beyond doubt the sightings need not be judged, as long as they are known there."""
        if self._clones is None:
            return SetPairs(capacity)
        pairs = SetPairs(capacity, self._clones.note)
        self._clones.heed(pairs)
        return pairs

    @property
    def tacs(self) -> frozenset[str]:
        """The known TACs, another value after each change."""
        return self._known_tacs.tacs

    def is_beyond_doubt(self, number: str, imsi: str) -> bool:
        """Whether a device (14 digits) raises no doubt, and was seen in this SIM only, by what is remembered."""
        tacs, clones = self._known_tacs.tacs, self._clones
        return (
            identities.dirty_by_digits(number) is None
            and (not tacs or number[:8] in tacs)
            and (clones is None or clones.only_sim(number) == imsi)
        )

    async def refresh(self) -> None:
        """Follow what was imported of device models meanwhile; before each batch."""
        await self._known_tacs.refresh()

    def doubts(self, digits: str, imsi: str | None, seen_at: int) -> tuple[Doubt, ...]:
        """What is doubtful about a device of these 14 to 16 digits, in the order of `Doubt`.

        Without the IMSI of the SIM that it was seen in, nothing is said of clones: that one may be known by its IMSI.
        """
        clones, tacs = self._clones, self._known_tacs.tacs
        return dirty_identities.doubts(
            digits,
            is_known_tac=tacs.__contains__ if tacs else None,
            is_clone=None if clones is None or imsi is None else lambda number: clones.note(number, imsi, seen_at),
        )

    def judge(self, imei: str, imsi: str, seen_at: int) -> Judged:
        """The device, and what is doubtful about it; `RejectedError` where it is no identity at all."""
        return dirty_identities.judged(imei, lambda digits: self.doubts(digits, imsi, seen_at))

    def count(self, written: Mapping[WrittenAs, int], doubts: Iterable[Collection[Doubt]]) -> None:
        """Count what was judged, by how it was written and by doubts: once a sighting, however often it was offered."""
        self.counted.written.update(written)
        for found in doubts:
            if found:
                self.counted.doubts.update(found)

    def acted_upon(self, judged: Judged) -> Device:
        """The device as triggers look at it: dirty unless all doubts about it are tolerated."""
        return dirty_identities.acted_upon(judged, self._tolerated)

    def are_tolerated(self, doubts: Collection[Doubt]) -> bool:
        """Whether a device with these doubts is acted upon."""
        return self._tolerated.issuperset(doubts)
