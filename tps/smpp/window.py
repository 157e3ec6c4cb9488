"""The slots of an SMPP session: a backlog in the order of submission, and a window of PDUs that await their response.

An entry is in exactly one of the two, and leaves for good in exactly one way: released by its response, expired, or
given back at the end. The window is a dict in the order of sending, and all slots wait equally long, so its first is
its oldest.
"""

from collections import deque
from itertools import islice
from typing import TYPE_CHECKING, Final

from tps.smpp.pdus import HEADER, HEADER_OCTETS, SEQUENCE_MAX, SUBMIT_SM
from tps.smpp.submit_sm import UnfitError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tps.smpp.submit_sm import Message, SubmitTemplate

THROTTLES_MAX: Final = 10
"""After so many throttled answers to one part its refusal is reported, so that it no longer holds up the others."""

LATE_MAX: Final = 10_000
"""PDUs without an answer in time that are remembered, for answers that come after all."""

Part = tuple[int, int]
"""Key of the message, part counted from 0."""
Response = tuple[int, int, int, str]
"""Key, part, command_status, message_id."""
Entry = tuple[int, int, int, bytes, int]
"""Ordinal of submission, key, part, body of the submit_sm, throttled answers so far."""
Slot = tuple[float, Entry]
"""When it expires, in seconds of the session's clock, and what it holds."""
Refusal = tuple[int, Slot]
"""command_status, and the slot that it freed."""


class Window:
    """At most `size` PDUs awaiting their response, and at most `backlog_size` awaiting their place among them."""

    __slots__ = ("_backlog", "_backlog_size", "_expired", "_ordinal", "_sent", "_size")

    def __init__(self, size: int, backlog_size: int) -> None:
        self._size = size
        self._backlog_size = backlog_size
        self._ordinal = 0
        self._backlog: deque[Entry] = deque()
        self._sent: dict[int, Slot] = {}
        self._expired: dict[int, Part] = {}

    def __repr__(self) -> str:
        """Like <Window 12 of 50, backlog 300>."""
        return f"<Window {len(self._sent)} of {self._size}, backlog {len(self._backlog)}>"

    @property
    def used(self) -> int:
        """PDUs that await their response."""
        return len(self._sent)

    @property
    def waiting(self) -> int:
        """PDUs in the backlog."""
        return len(self._backlog)

    @property
    def room(self) -> int:
        """PDUs the backlog takes now."""
        return max(0, self._backlog_size - len(self._backlog))

    @property
    def sendable(self) -> int:
        """PDUs of the backlog that have a place in the window."""
        return min(len(self._backlog), self._size - len(self._sent))

    @property
    def oldest_deadline(self) -> float | None:
        """When the first slot expires, in seconds of the session's clock; None when the window is empty."""
        for deadline, _ in self._sent.values():
            return deadline
        return None

    def add(
        self, messages: "Iterable[Message]", template: "SubmitTemplate", room: int
    ) -> tuple[list[Part], list[Response]]:
        """Put messages into the backlog until `room` PDUs are reached.

        Returned are the parts of those beyond, and refusals of messages that no submit_sm can carry: with the
        command_status the SMSC would give, so that one bad message is settled like any other and stops nobody.
        """
        entries: list[Entry] = []
        unsent: list[Part] = []
        refused: list[Response] = []
        append, ordinal = entries.append, self._ordinal
        for key, destination, segments in messages:
            if len(entries) >= room:
                unsent.extend((key, part) for part in range(template.pdu_count(len(segments))))
                continue
            try:
                bodies = template.bodies(destination, segments)
            except UnfitError as error:
                parts = range(template.pdu_count(len(segments)))
                refused.extend((key, part, error.command_status, "") for part in parts)
                continue
            for part, body in enumerate(bodies):
                append((ordinal, key, part, body, 0))
                ordinal += 1
        self._ordinal = ordinal
        self._backlog.extend(entries)
        return unsent, refused

    def send(self, count: int, sequence: int, deadline: float) -> tuple[list[bytes], int]:
        """Move `count` entries into the window, numbered after `sequence`; their octets and the last number."""
        octets: list[bytes] = []
        sent, popleft, pack = self._sent, self._backlog.popleft, HEADER.pack
        for _ in range(count):
            entry = popleft()
            body = entry[3]
            sequence = sequence % SEQUENCE_MAX + 1
            sent[sequence] = (deadline, entry)
            octets += (pack(HEADER_OCTETS + len(body), SUBMIT_SM, 0, sequence), body)
        return octets, sequence

    def release(self, sequence: int) -> Slot | None:
        """Free the slot of an answered PDU; None when no slot has this number."""
        return self._sent.pop(sequence, None)

    def expire(self, now: float) -> list[Part]:
        """Free the slots whose time is over."""
        expired: list[int] = []
        for sequence, (deadline, _) in self._sent.items():
            if deadline > now:
                break
            expired.append(sequence)
        parts = [self._sent.pop(sequence)[1][1:3] for sequence in expired]
        self._expired.update(zip(expired, parts, strict=True))
        for sequence in list(islice(self._expired, max(0, len(self._expired) - LATE_MAX))):
            del self._expired[sequence]
        return parts

    def late(self, sequence: int) -> Part | None:
        """The part whose slot expired before this answer to it came; None for the answer to nothing."""
        return self._expired.pop(sequence, None)

    def put_back(self, entries: list[Entry]) -> None:
        """Return released entries to their places in the backlog, each with one throttled answer more."""
        if not entries:
            return
        returned = [(*entry[:4], entry[4] + 1) for entry in entries]
        # The backlog is in order, and only others put back earlier can stand before these: at most a window full.
        last = max(returned)[0]
        before = 0
        for waiting in self._backlog:
            if waiting[0] > last:
                break
            before += 1
        returned += islice(self._backlog, before)
        for _ in range(before):
            self._backlog.popleft()
        self._backlog.extendleft(sorted(returned, reverse=True))

    def put_last(self, entries: list[Entry]) -> None:
        """Return released entries to the end of the backlog, as if submitted now, with one throttled answer more."""
        for ordinal, (_, key, part, body, throttles) in enumerate(entries, start=self._ordinal):
            self._backlog.append((ordinal, key, part, body, throttles + 1))
        self._ordinal += len(entries)

    def give_back_backlog(self) -> list[Part]:
        """Empty the backlog; its parts, none of which was sent since it came here."""
        parts = [(entry[1], entry[2]) for entry in self._backlog]
        self._backlog.clear()
        return parts

    def give_back_sent(self) -> list[Part]:
        """Empty the window; its parts."""
        parts = [(entry[1], entry[2]) for _, entry in self._sent.values()]
        self._sent.clear()
        return parts
