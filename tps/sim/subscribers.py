"""Simulated subscribers: who they are follows from a seed and a number, so that all sides know the same people."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tps.sim.handset_behaviour import FAMILIES, STRICT, HandsetBehaviour

MSISDN_PREFIX = "99"
"""No country code begins with 99 (ITU-T E.164 list: 990 to 999 are spare or unused): no such message can go astray."""
_MSISDN_DIGITS = 10
TEST_NETWORK = "00101"
"""MCC 001, MNC 01: the test network of TS 23.003."""
_MSIN_SPAN = 10**9
_SCATTER = 387_420_489
"""Ninth power of nine, which shares no factor with 10^9: consecutive numbers get unlike digits, no two the same."""
_IMSI_14_EVERY, _IMEISV_EVERY = 8, 5
_SOFTWARE_VERSION = "07"
_TAC_PREFIX = "359999"
_DOUBLED = str.maketrans("0123456789", "0246813579")
"""Each digit times two, the digits of what comes out added up."""


@dataclass(frozen=True, slots=True)
class Subscriber:
    """One SIM and the device it is in."""

    msisdn: str
    imsi: str
    imei: str
    """15 digits with their check digit, or 16 as IMEISV."""
    family: HandsetBehaviour


class Subscribers:
    """`count` subscribers of one seed; nothing is kept for any of them.

    Their devices are of the given families in turn; each family has its own TAC.
    """

    def __init__(self, count: int, *, seed: int = 0, families: Sequence[HandsetBehaviour] = (STRICT,)) -> None:
        if not 0 <= count <= _MSIN_SPAN:
            raise ValueError(f"{count} subscribers: 0 to {_MSIN_SPAN} are possible")
        self._count = count
        self._seed = seed
        self._families = tuple(families)

    def __len__(self) -> int:
        """How many there are."""
        return self._count

    def __iter__(self) -> Iterator[Subscriber]:
        """All of them, in order of MSISDN."""
        return map(self.subscriber, range(self._count))

    def subscriber(self, number: int) -> Subscriber:
        """The subscriber with this number, from 0."""
        family = self._families[number % len(self._families)]
        return Subscriber(msisdn_of(number), imsi_of(number, self._seed), _imei(number, family), family)

    def by_msisdn(self, msisdn: str) -> Subscriber | None:
        """Whose number this is, or None."""
        digits = msisdn.removeprefix("+").removeprefix(MSISDN_PREFIX)
        if len(digits) != _MSISDN_DIGITS or not (digits.isascii() and digits.isdecimal()):
            return None
        number = int(digits)
        return self.subscriber(number) if number < self._count else None


def msisdn_of(number: int) -> str:
    """The MSISDN of the subscriber with this number."""
    return f"{MSISDN_PREFIX}{number:0{_MSISDN_DIGITS}}"


def imsi_of(number: int, seed: int = 0) -> str:
    """The IMSI of the subscriber with this number: 15 digits, of some 14."""
    scattered = (number * _SCATTER + seed) % _MSIN_SPAN
    return TEST_NETWORK + (f"{scattered:09}" if number % _IMSI_14_EVERY == 0 else f"{scattered:010}")


def device_of(number: int, family: HandsetBehaviour = STRICT) -> str:
    """The first 14 digits of the IMEI of the device that the subscriber with this number holds."""
    return f"{tac(family)}{number % 10**6:06}"


def tac(family: HandsetBehaviour) -> str:
    """The type allocation code that simulated handsets of this family carry."""
    return f"{_TAC_PREFIX}{FAMILIES.index(family) + 1:02}"


def _imei(number: int, family: HandsetBehaviour) -> str:
    first_14 = device_of(number, family)
    if number % _IMEISV_EVERY == 0:
        return first_14 + _SOFTWARE_VERSION
    return first_14 + luhn_digit(first_14)


def luhn_digit(digits: str) -> str:
    """The check digit of an IMEI (TS 23.003 annex B)."""
    total = sum(map(int, digits[-2::-2])) + sum(map(int, digits[::-2].translate(_DOUBLED)))
    return str(-total % 10)
