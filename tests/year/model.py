"""What must come of a year, by the words of issue and pages; shares no code with the server.

* A device is the first 14 digits of its identity. Zeros, digits all alike and test ranges prove nothing: recorded only.
* The newest device of a SIM is the one of the latest sighting; of two at the same moment the greater number.
* Who has no account is recorded only. What is not about the newest device is recorded only.
* One push holds the key (IMSI, device, version of the settings) until it failed or was cancelled.
* A SIM that has moved on leaves behind what was open for its other devices, and a newer version what was open of an
  older one: cancelled.
* Who is removed is forgotten with his devices; open pushes are cancelled, and no key is held.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from tests.year.plan import Account, Day, Seen

TEST_RANGES = ("0044", "00499901")


class Key(NamedTuple):
    """What at most one push holds."""

    imsi: str
    device: str
    version: int


class Sighting(NamedTuple):
    """When a device was seen last in a SIM, and whether it proves anything."""

    at: int
    is_dirty: bool


Fate = Callable[[str, str, int], str]
"""What becomes of an open push at a SIM and a device on a day: DELIVERED, FAILED, or "" for nothing yet."""


class Model:
    """All that must be known."""

    def __init__(self, accounts: Iterable[Account]) -> None:
        self.version = 1
        self.accounts: dict[str, str] = {}
        self.owners: dict[str, str] = {}
        """Number -> IMSI."""
        self.devices: dict[str, dict[str, Sighting]] = {}
        self._held: defaultdict[str, dict[Key, str]] = defaultdict(dict)
        """IMSI -> key -> QUEUED or DELIVERED."""
        self.pushes: Counter[tuple[Key, str]] = Counter()
        """How many pushes of a key have come to which end."""
        self._create(accounts)

    def office(self, day: Day) -> None:
        """What people do on a day."""
        for imsi in day.removed:
            self._remove(imsi)
        self._create(day.created)
        self.version += day.publishes

    def take(self, batch: Sequence[Seen]) -> list[str]:
        """What each sighting of a batch leads to.

        A batch is judged by all it tells: what is not about the device that is the newest after it is late, and so is
        what is older than the newest device before it.
        """
        named = [self._named(seen) for seen in batch]
        before = {imsi: self._latest(imsi) for imsi in named if imsi is not None}
        for seen, imsi in zip(batch, named, strict=True):
            if imsi is not None:
                device = seen.imei[:14]
                known = self.devices.setdefault(imsi, {}).get(device, Sighting(0, is_dirty=False))
                self.devices[imsi][device] = Sighting(max(known.at, seen.at), _is_dirty(device))
        return [
            "recorded" if imsi is None or _is_late(seen, before[imsi]) else self._led_to(seen, imsi, before[imsi][1])
            for seen, imsi in zip(batch, named, strict=True)
        ]

    def settle(self, day: Day, fate: Fate) -> None:
        """The end of a day, for all that is open."""
        for key, state in self.held.items():
            end = fate(key.imsi, key.device, day.now) if state == "QUEUED" else ""
            if end == "DELIVERED":
                self._held[key.imsi][key] = end
            elif end:
                self._end(key, end)

    @property
    def held(self) -> dict[Key, str]:
        """Key -> QUEUED or DELIVERED."""
        return {key: state for keys in self._held.values() for key, state in keys.items()}

    def newest(self, imsi: str) -> str | None:
        """The newest device of a SIM."""
        return self._latest(imsi)[1]

    def all_pushes(self) -> Counter[tuple[Key, str]]:
        """Pushes by key and state."""
        return self.pushes + Counter(self.held.items())

    def _latest(self, imsi: str) -> tuple[int, str | None]:
        """When and in which device a SIM was seen last."""
        known = self.devices.get(imsi, {}).items()
        seen = [(sighting.at, device) for device, sighting in known if not sighting.is_dirty]
        return max(seen) if seen else (0, None)

    def _named(self, seen: Seen) -> str | None:
        return seen.imsi if seen.msisdn is None else self.owners.get(seen.msisdn)

    def _led_to(self, seen: Seen, imsi: str, before: str | None) -> str:
        device = seen.imei[:14]
        if imsi not in self.accounts or _is_dirty(device) or self.newest(imsi) != device:
            return "recorded"
        key = Key(imsi, device, self.version)
        if before not in (None, device):
            self._cancel(other for other in self._held[imsi] if other.device != device)
        match self._held[imsi].get(key):
            case "DELIVERED":
                return "already_set"
            case "QUEUED":
                return "already_open"
        self._cancel(older for older in self._held[imsi] if older.device == device)
        self._held[imsi][key] = "QUEUED"
        return "queued"

    def _cancel(self, keys: Iterable[Key]) -> None:
        """Take back those that are open."""
        for key in [key for key in keys if self._held[key.imsi][key] == "QUEUED"]:
            self._end(key, "CANCELLED")

    def _end(self, key: Key, end: str) -> None:
        """It holds its key no more."""
        del self._held[key.imsi][key]
        self.pushes[key, end] += 1

    def _create(self, accounts: Iterable[Account]) -> None:
        for imsi, msisdn in accounts:
            self.accounts[imsi] = msisdn
            self.owners[msisdn] = imsi

    def _remove(self, imsi: str) -> None:
        del self.owners[self.accounts.pop(imsi)]
        self.devices.pop(imsi, None)
        for key, state in list(self._held[imsi].items()):
            self._end(key, "CANCELLED" if state == "QUEUED" else state)


def _is_late(seen: Seen, latest: tuple[int, str | None]) -> bool:
    at, device = latest
    return device not in (None, seen.imei[:14]) and (seen.at, seen.imei[:14]) < (at, device or "")


def _is_dirty(device: str) -> bool:
    return len(set(device)) == 1 or device.startswith(TEST_RANGES)
