"""Device identities that prove little: which doubts there are about one, by name, and which of them forbid to act.

Doubts are for recording and counting. By themselves they never lead to a push; a rule may tolerate some of them.
"""

from collections.abc import Callable, Collection
from enum import StrEnum
from typing import Final, NamedTuple

import msgspec

from tps.decisions import identities
from tps.decisions.identities import SPARE_DIGIT, Device


class Doubt(StrEnum):
    """Why a device identity may not be what it says; the gravest first."""

    ZEROED = "zeroed"
    """All zeros: the device has none, or the network did not tell."""
    UNIFORM = "uniform"
    """All digits alike."""
    TEST_RANGE = "test_range"
    """Of a range for prototypes and test equipment."""
    CLONED = "cloned"
    """Seen in more SIMs within a time than one device can be in."""
    UNKNOWN_TAC = "unknown_tac"
    """No device model has this type allocation code."""
    WRONG_CHECK_DIGIT = "wrong_check_digit"
    """The 15th digit is neither the check digit nor the zero that networks send in its place."""


class WrittenAs(StrEnum):
    """How an identity was written, by its digits (TS 23.003 clause 6.2)."""

    WITHOUT_CHECK_DIGIT = "imei_14"
    IMEI = "imei"
    IMEISV = "imeisv"


REASONS: Final = {
    Doubt.ZEROED: "all digits are zero",
    Doubt.UNIFORM: identities.ALL_DIGITS_ALIKE,
    Doubt.TEST_RANGE: identities.TEST_RANGE,
    Doubt.CLONED: "seen in too many SIMs within a time",
    Doubt.UNKNOWN_TAC: "no device model has this TAC",
    Doubt.WRONG_CHECK_DIGIT: "wrong check digit",
}
"""What is written beside a sighting, in at most 64 characters."""

TOLERATED: Final = frozenset({Doubt.UNKNOWN_TAC, Doubt.WRONG_CHECK_DIGIT})
"""Where no rule says otherwise: no list of TACs is complete, and networks put anything in the place of digit 15."""

BY_LENGTH: Final = {14: WrittenAs.WITHOUT_CHECK_DIGIT, 15: WrittenAs.IMEI, 16: WrittenAs.IMEISV}
"""How an identity of so many digits (14 to 16) is written."""


class Judged(NamedTuple):
    """A device identity, and the doubts about it."""

    device: Device
    written_as: WrittenAs
    doubts: tuple[Doubt, ...]
    """In the order of `Doubt`."""


def judge(
    text: str,
    *,
    is_known_tac: Callable[[str], bool] | None = None,
    is_clone: Callable[[str], bool] | None = None,
    field: str = "imei",
) -> Judged:
    """The device that `text` names, with all doubts about it; `RejectedError` where it is no identity at all."""
    return judged(text, lambda digits: doubts(digits, is_known_tac=is_known_tac, is_clone=is_clone), field)


def judged(text: str, doubts_about: Callable[[str], tuple[Doubt, ...]], field: str = "imei") -> Judged:
    """The device that `text` names, with the doubts about its digits; `RejectedError` where it is no identity."""
    digits = identities.device_digits(text, field)
    return Judged(identities.device(digits, field), BY_LENGTH[len(digits)], doubts_about(digits))


def doubts(
    digits: str,
    *,
    is_known_tac: Callable[[str], bool] | None = None,
    is_clone: Callable[[str], bool] | None = None,
) -> tuple[Doubt, ...]:
    """All doubts about an identity of 14 to 16 digits, in the order of `Doubt`.

    `is_known_tac` (given 8 digits) and `is_clone` (given 14) are asked only where the digits raise no doubt: of zeros
    there would be clones everywhere. Without them nothing is said of TACs and clones.
    """
    number = digits[:14]
    in_digits = None if identities.dirty_by_digits(number) is None else _in_digits(number)
    is_unknown = in_digits is None and is_known_tac is not None and not is_known_tac(number[:8])
    is_cloned = in_digits is None and is_clone is not None and is_clone(number)
    is_wrong = len(digits) == 15 and digits[14] != SPARE_DIGIT and digits[14] != identities.check_digit(number)
    if not (in_digits or is_cloned or is_unknown or is_wrong):
        return ()
    found = {in_digits}
    found |= {
        doubt
        for doubt, is_so in (
            (Doubt.CLONED, is_cloned),
            (Doubt.UNKNOWN_TAC, is_unknown),
            (Doubt.WRONG_CHECK_DIGIT, is_wrong),
        )
        if is_so
    }
    return tuple(doubt for doubt in Doubt if doubt in found)


def acted_upon(judged: Judged, tolerated: Collection[Doubt] = TOLERATED) -> Device:
    """The device as triggers look at it: dirty, with the gravest reason, unless all doubts are tolerated."""
    graver = [doubt for doubt in judged.doubts if doubt not in tolerated]
    return msgspec.structs.replace(judged.device, dirty=REASONS[graver[0]] if graver else None)


def _in_digits(number: str) -> Doubt | None:
    dirty = identities.dirty_by_digits(number)
    if dirty is None:
        return None
    if dirty == identities.TEST_RANGE:
        return Doubt.TEST_RANGE
    return Doubt.UNIFORM if number.strip("0") else Doubt.ZEROED
