"""What there is to tell: subscribers in waves, each seen in a device, some in another one later, all of it again.

Everything is told by several sources, to both nodes, repeated, and in any order. Between two rounds nothing of the
first waits any more, so that what shall come of it does not depend on who was quicker: a device that was told of is
set up, once, and nothing else is.
"""

from collections.abc import Iterator, Sequence
from random import Random
from typing import NamedTuple

from tps.bench.workload import other_device, people
from tps.sim.subscribers import Subscriber

CHANGED_EVERY = 4
"""One subscriber of a wave in so many has another device in the round after his first."""


class Sighting(NamedTuple):
    """A subscriber seen in a device."""

    who: Subscriber
    number: int
    """Of the subscriber."""
    device: str
    """14 digits."""
    at_s: int
    """Seconds since 1970-01-01 UTC."""
    is_late: bool = False
    """Told when the subscriber has another device since, so only by sources that say when it was."""


class Operator:
    """So many subscribers in so many waves."""

    def __init__(self, subscribers: int, waves: int, seed: int) -> None:
        self.everybody = list(people(0, subscribers))
        self._waves = waves
        self._random = Random(seed)
        self._first_at_s: dict[int, int] = {}
        self._changed_at_s: dict[int, int] = {}

    @property
    def rounds(self) -> int:
        """Each wave has its first devices in its own round, its changes in the next, a replay in the one after."""
        return self._waves + 2

    def devices(self) -> dict[str, set[str]]:
        """The devices that each subscriber was seen in until now, by IMSI."""
        found = {self.everybody[number].imsi: {self._first(number)} for number in self._first_at_s}
        for number in self._changed_at_s:
            found[self.everybody[number].imsi].add(other_device(number))
        return found

    def round(self, number: int, now_s: int) -> list[Sighting]:
        """What is seen in this round."""
        seen: list[Sighting] = []
        for who in self._of_wave(number):
            self._first_at_s[who] = now_s
            seen.append(Sighting(self.everybody[who], who, self._first(who), now_s))
        for who in self._of_wave(number - 1):
            seen += self._second(who, now_s)
        for who in self._of_wave(number - 2):
            seen += self._again(who)
        return seen

    def replay(self) -> list[Sighting]:
        """Everything once more, as it was told; sources without a time of their own tell the first device anew."""
        return [sighting for number in sorted(self._first_at_s) for sighting in self._again(number)] + [
            Sighting(self.everybody[number], number, self._first(number), at_s)
            for number, at_s in self._first_at_s.items()
        ]

    def shuffled(self, sightings: Sequence[Sighting]) -> list[Sighting]:
        """The same in another order, and some of them twice."""
        some = self._random.sample(sightings, len(sightings) // 4)
        return self._random.sample([*sightings, *some], len(sightings) + len(some))

    def some(self, sightings: Sequence[Sighting]) -> list[Sighting]:
        """Half of them."""
        return [sighting for sighting in sightings if self._random.random() < 0.5]

    def _second(self, number: int, now_s: int) -> Iterator[Sighting]:
        who, first = self.everybody[number], self._first(number)
        if number // self._waves % CHANGED_EVERY:
            yield Sighting(who, number, first, now_s)
            return
        self._changed_at_s[number] = now_s
        yield Sighting(who, number, other_device(number), now_s)
        yield Sighting(who, number, first, self._first_at_s[number], is_late=True)

    def _again(self, number: int) -> Iterator[Sighting]:
        who, changed_at_s = self.everybody[number], self._changed_at_s.get(number)
        is_changed = changed_at_s is not None
        yield Sighting(who, number, self._first(number), self._first_at_s[number], is_late=is_changed)
        if changed_at_s is not None:
            yield Sighting(who, number, other_device(number), changed_at_s)

    def _first(self, number: int) -> str:
        return self.everybody[number].imei[:14]

    def _of_wave(self, wave: int) -> range:
        return range(wave, len(self.everybody), self._waves) if 0 <= wave < self._waves else range(0)
