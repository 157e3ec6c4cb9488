"""Messages of several SMS from handsets: joined in bounded memory, and how long their parts stay unacknowledged.

A part waits unacknowledged for the others, so that the SMSC keeps it while only memory here does; but not for long: an
SMSC that sends one message at a time would never send the next part.
"""

from collections import deque
from typing import NamedTuple

from encoders.sms import Reassembler
from tps.smpp.inbound_parts import user_data_of
from tps.smpp.outcomes import Inbound

HOLD_S = 2.0
"""How long a part waits unacknowledged for the others; then a crash would lose it."""
LIFETIME_S = 300.0
"""After this a message that is not complete is given up."""
SEGMENTS_MAX = 2048
"""Parts in memory, of all messages; the messages begun longest ago go first."""
TOTAL_MAX = 8
"""Parts of a message that is worked on; nothing that a user or an applet asks takes more."""


class Whole(NamedTuple):
    """A whole message, and the SMS to acknowledge once it has been worked on."""

    first: Inbound
    """Any of its SMS: they are alike in all but the payload."""
    payload: bytes
    port: int | None
    parts: tuple[Inbound, ...]

    def __repr__(self) -> str:
        """Without what was written."""
        return f"Whole({len(self.parts)} SMS, {len(self.payload)} octets)"


class InboundJoining:
    """Joins parts; `add` and `overdue` take seconds of the same steady clock."""

    def __init__(self) -> None:
        self._reassembler = Reassembler(capacity=SEGMENTS_MAX, lifetime_s=LIFETIME_S)
        self._held: deque[tuple[float, tuple[str, int | None], Inbound]] = deque()

    def add(self, inbound: Inbound, now_s: float) -> Whole | None:
        """The message that is whole now; None while parts of it are missing. `DecodeError` for no message at all."""
        data = user_data_of(inbound)
        if data.total == 1:
            return Whole(inbound, data.payload, data.destination_port, (inbound,))
        sender = f"{inbound.route} {inbound.source} {inbound.destination}"
        key = (sender, data.reference)
        self._held.append((now_s + HOLD_S, key, inbound))
        if data.total > TOTAL_MAX:
            return None
        payload = self._reassembler.add(sender, data, now=now_s)
        if payload is None:
            return None
        parts = tuple(part for _, its_key, part in self._held if its_key == key)
        self._held = deque(held for held in self._held if held[1] != key)
        return Whole(inbound, payload, data.destination_port, parts)

    def overdue(self, now_s: float) -> list[Inbound]:
        """Parts that are to be acknowledged although the others have not come; each is given once."""
        parts: list[Inbound] = []
        while self._held and self._held[0][0] <= now_s:
            parts.append(self._held.popleft()[2])
        return parts

    def next_due_s(self) -> float | None:
        """When `overdue` has something to give; None while nothing waits."""
        return self._held[0][0] if self._held else None
