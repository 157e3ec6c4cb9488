"""What to do when an SMSC refuses a part: one table from command_status (SMPP 3.4 clause 5.1.3) to a decision."""

from dataclasses import dataclass
from typing import Final, NamedTuple

BACK_OFF_MAX_S: Final = 3600.0
"""Longest pause between two attempts of one part, in seconds."""


@dataclass(frozen=True, slots=True)
class RetryAt:
    """Send the part again after a pause."""

    delay_s: float
    """Seconds from now."""
    counts_as_attempt: bool
    """False when the refusal says nothing about the part (the SMSC was busy)."""


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Never send the part again as it is."""

    reason: str
    """Why, in words for the history of the push."""


class _Row(NamedTuple):
    """How a temporary refusal is met; the pause grows from `delay_s` to `longest_s`."""

    delay_s: float
    longest_s: float
    counts_as_attempt: bool


# fmt: off
_THROTTLED = _Row(delay_s=0.5,  longest_s=0.5,            counts_as_attempt=False)
_FULL      = _Row(delay_s=1.0,  longest_s=BACK_OFF_MAX_S, counts_as_attempt=False)
_SYSTEM    = _Row(delay_s=10.0, longest_s=BACK_OFF_MAX_S, counts_as_attempt=True)
_UNBOUND   = _Row(delay_s=1.0,  longest_s=1.0,            counts_as_attempt=False)

# What is not here is permanent by its nature: the same octets would be refused again.
_TEMPORARY: Final[dict[int, _Row]] = {
    0x04: _UNBOUND,    # ESME_RINVBNDSTS: the SMSC has forgotten the bind; the link binds again, and the next takes it
    0x08: _SYSTEM,     # ESME_RSYSERR
    0x14: _FULL,       # ESME_RMSGQFUL: what the link reports is one subscriber's; his queue empties when he is reached
    0x45: _SYSTEM,     # ESME_RSUBMITFAIL
    0x58: _THROTTLED,  # ESME_RTHROTTLED
    0x64: _SYSTEM,     # ESME_RX_T_APPN
    0xFE: _SYSTEM,     # ESME_RDELIVERYFAILURE
    0xFF: _SYSTEM,     # ESME_RUNKNOWNERR
}
# fmt: on

_VENDOR_SPECIFIC = range(0x400, 0x500)


def decide(
    command_status: int, *, attempt: int, attempts_max: int = 8, has_left: bool = False, age_s: float = 0.0
) -> RetryAt | GiveUp:
    """The decision for a part refused with `command_status` (not 0) at its `attempt`, counted from 1.

    The pause of a counting attempt doubles each time. Where nothing is counted, the message waits as long again as it
    had been waiting when it was sent (`age_s`, seconds), within bounds. An attempt of which other parts may have left
    (`has_left`) counts whatever the refusal: they are billed, and go out again with the next. A vendor's own status is
    taken as temporary, because its meaning is not known; the attempts end it.
    """
    row = _TEMPORARY.get(command_status, _SYSTEM if command_status in _VENDOR_SPECIFIC else None)
    if row is None:
        return GiveUp(f"the SMSC refused the part for good with command_status 0x{command_status:08X}")
    if not row.counts_as_attempt:
        if not has_left:
            delay_s = min(max(row.delay_s, age_s), row.longest_s)
            return RetryAt(delay_s, counts_as_attempt=False)
        row = _SYSTEM
    if attempt >= attempts_max:
        return GiveUp(f"the SMSC refused {attempt} attempts, the last with command_status 0x{command_status:08X}")
    delay_s = min(row.delay_s * 2 ** (attempt - 1), row.longest_s)
    return RetryAt(delay_s, counts_as_attempt=True)
