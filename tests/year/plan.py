"""What happens to an operator in a year, from a seed: day by day, in the order in which the server hears of it."""

import zlib
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from random import Random
from typing import NamedTuple

DAYS = 365
START_MS = 1_800_000_000_000
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
SLOTS = 12
"""Sightings of a SIM lie two hours apart, and late ones an hour beside them: knowledge is exact to half an hour."""
SIGHTINGS_A_YEAR = 10
BATCH_MAX = 500
"""No feed hands over more at once."""
PUBLISHED_ON = (130, 250)
"""Days with a new version of the settings; the first one was there before."""
SHARES = {
    "changes device": 0.12, "late": 0.12, "replay": 0.10, "dirty": 0.03,
    "by number": 0.10, "of a stranger": 0.01, "software": 0.10,
}  # fmt: skip
"""Of the sightings."""
LATEST_DAYS = 30
LEAVE_A_DAY, RETURN_A_DAY, SWAP_A_DAY = 0.0002, 0.01, 0.0002
"""Of the subscribers."""
TACS = ("35690901", "01194800", "86012345", "35316009")
DIRTY = ("0" * 14, "1" * 15, "0049990100000017", "004401123456789")


class Seen(NamedTuple):
    """A sighting as a feed tells it: the SIM by its IMSI or its number."""

    imsi: str | None
    msisdn: str | None
    imei: str
    at: int


class Account(NamedTuple):
    """A subscriber."""

    imsi: str
    msisdn: str


@dataclass(slots=True)
class Day:
    """What the server hears on one day: first from the back office, then from the network."""

    now: int
    """Its end, when all that was sent has its fate."""
    removed: list[str] = field(default_factory=list)
    created: list[Account] = field(default_factory=list)
    publishes: bool = False
    batches: list[list[Seen]] = field(default_factory=list)


@dataclass(slots=True)
class _Person:
    account: Account
    handset: str
    old_handset: str
    software: int = 1
    is_subscriber: bool = True
    told: "deque[Seen]" = field(default_factory=lambda: deque(maxlen=4))


class Plan:
    """The year of so many subscribers."""

    def __init__(self, seed: int, subscribers: int) -> None:
        self._random = Random(seed)
        self._numbers = count()
        self._people = [self._person() for _ in range(subscribers)]

    @property
    def accounts(self) -> list[Account]:
        """Those who are there at the beginning."""
        return [person.account for person in self._people]

    def days(self) -> Iterator[Day]:
        """All days of the year; call it once."""
        for number in range(DAYS):
            yield self._day(number)

    def _person(self) -> _Person:
        number = next(self._numbers)
        handset = self._handset()
        return _Person(Account(f"00101{number:010}", f"9900{number:08}"), handset, handset)

    def _handset(self) -> str:
        return f"{self._random.choice(TACS)}{self._random.randrange(1_000_000):06}"

    def _day(self, number: int) -> Day:
        begins = START_MS + number * DAY_MS
        day = Day(begins + DAY_MS, publishes=number in PUBLISHED_ON)
        self._change_accounts(day)
        seen: list[Seen] = []
        taken: dict[str, list[int]] = {}
        random = self._random
        for _ in range(self._about(len(self._people) * SIGHTINGS_A_YEAR / DAYS)):
            person = random.choice(self._people)
            slots = taken.setdefault(person.account.imsi, random.sample(range(SLOTS), SLOTS))
            if slots:
                seen.append(self._sighting(person, begins, begins + slots.pop() * 2 * HOUR_MS))
        random.shuffle(seen)
        while seen:
            size = random.choice((1, 2, 30, 300, BATCH_MAX))
            day.batches.append(seen[:size])
            seen = seen[size:]
        return day

    def _change_accounts(self, day: Day) -> None:
        random, people = self._random, self._people
        for _ in range(self._about(len(people) * SWAP_A_DAY)):
            person = random.choice(people)
            if person.is_subscriber and person.account not in day.created:
                day.removed.append(person.account.imsi)
                person.account = Account(f"00102{next(self._numbers):010}", person.account.msisdn)
                day.created.append(person.account)
        for _ in range(self._about(len(people) * LEAVE_A_DAY)):
            person = random.choice(people)
            if person.is_subscriber and person.account not in day.created:
                day.removed.append(person.account.imsi)
                person.is_subscriber = False
        for person in people:
            has_left = not person.is_subscriber and person.account.imsi not in day.removed
            if has_left and random.random() < RETURN_A_DAY:
                day.created.append(person.account)
                person.is_subscriber = True

    def _sighting(self, person: _Person, begins: int, at: int) -> Seen:
        random = self._random
        if random.random() < SHARES["replay"] and person.told:
            return random.choice(person.told)
        handset = person.handset
        if random.random() < SHARES["late"]:
            at = max(START_MS, begins - random.randrange(1, LATEST_DAYS * SLOTS) * 2 * HOUR_MS)
            # Two late records of one slot are of the same moment: otherwise they could be nearer to each other than
            # the server's interval, in which it does not write a device that it has just seen (`sighting_interval_s`).
            at += HOUR_MS + zlib.crc32(f"{person.account.imsi}/{at}".encode()) % (HOUR_MS // 6)
            handset = random.choice((person.handset, person.old_handset))
        elif random.random() < SHARES["changes device"]:
            person.old_handset, person.handset = person.handset, self._handset()
            handset = person.handset
        if random.random() < SHARES["software"]:
            person.software = (person.software + 1) % 99
        imei = random.choice(DIRTY) if random.random() < SHARES["dirty"] else self._written(handset, person.software)
        imsi, msisdn = person.account
        if random.random() < SHARES["of a stranger"]:
            imsi, msisdn = f"00199{random.randrange(1000):010}", f"9999{random.randrange(1000):08}"
        is_by_number = random.random() < SHARES["by number"]
        seen = Seen(None if is_by_number else imsi, msisdn if is_by_number else None, imei, at)
        person.told.append(seen)
        return seen

    def _written(self, handset: str, software: int) -> str:
        """14 digits, 15 with whatever digit networks put there, or 16 with the software version."""
        ending = self._random.choice(("", "0", str(self._random.randrange(10)), f"{software:02}", f"{software:02}"))
        return handset + ending

    def _about(self, number: float) -> int:
        """The number, rounded by chance so that it is right on the whole."""
        return int(number) + (self._random.random() < number % 1)
