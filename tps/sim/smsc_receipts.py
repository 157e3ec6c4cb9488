"""What goes out to one system_id: receipts and mobile-originated messages, over all its receiving links."""

from collections import deque
from collections.abc import Callable, Iterable

from tps.sim.smsc_pdus import DELIVER_SM, HEADER, HEADER_OCTETS, Status

BACKLOG_MAX = 1_000_000
"""deliver_sm kept for a system_id that takes none; beyond it the oldest are dropped and counted."""
SEQUENCE_MAX = 0x7FFF_FFFF
"""sequence_number (clause 3.2)."""


class DeliverWindow:
    """The deliver_sm on one link that wait for their responses."""

    __slots__ = ("_in_flight", "_sequence", "_size", "write")

    def __init__(self, write: Callable[[bytes], None], size: int) -> None:
        self.write = write
        self._size = size
        self._sequence = 0
        self._in_flight: dict[int, bytes] = {}

    def send_from(self, backlog: deque[bytes]) -> int:
        """Write as many bodies of `backlog` as the window has room for, in one write; how many they were."""
        count = min(self._size - len(self._in_flight), len(backlog))
        if count <= 0:
            return 0
        chunks: list[bytes] = []
        sequence, in_flight, pack = self._sequence, self._in_flight, HEADER.pack
        for _ in range(count):
            body = backlog.popleft()
            sequence = sequence + 1 if sequence < SEQUENCE_MAX else 1
            in_flight[sequence] = body
            chunks += (pack(HEADER_OCTETS + len(body), DELIVER_SM, 0, sequence), body)
        self._sequence = sequence
        self.write(b"".join(chunks))
        return count

    def answered(self, sequence: int) -> bytes | None:
        """The body whose response came, or None when nothing with this number is in flight."""
        return self._in_flight.pop(sequence, None)

    def unanswered(self) -> list[bytes]:
        """The bodies still in flight, in the order they were sent; the window is empty afterwards."""
        bodies = list(self._in_flight.values())
        self._in_flight.clear()
        return bodies


class Outbound:
    """The backlog of one system_id and the windows of its receiving links."""

    __slots__ = ("_windows", "acknowledged", "backlog", "dropped", "refused", "sent")

    def __init__(self) -> None:
        self.backlog: deque[bytes] = deque()
        self._windows: list[DeliverWindow] = []
        self.sent = self.acknowledged = self.refused = self.dropped = 0

    def attach(self, window: DeliverWindow) -> None:
        """A receiving link is bound: it gets its share, beginning with what waits already."""
        self._windows.append(window)
        self.pump()

    def detach(self, window: DeliverWindow) -> None:
        """A receiving link is gone: what it had not acknowledged goes to another, first in line."""
        self._windows.remove(window)
        self.backlog.extendleft(reversed(window.unanswered()))
        self.pump()

    def add(self, bodies: Iterable[bytes]) -> None:
        """Queue deliver_sm bodies and send what fits the windows."""
        self.backlog.extend(bodies)
        self.pump()
        while len(self.backlog) > BACKLOG_MAX:
            self.backlog.popleft()
            self.dropped += 1

    def answer(self, window: DeliverWindow, sequence: int, status: int) -> None:
        """A deliver_sm_resp came; the caller pumps after its batch.

        After ESME_RX_T_APPN (clause 5.1.3, "try again later") or a full queue the body goes to the end of the line.
        """
        body = window.answered(sequence)
        if body is None:
            return
        if not status:
            self.acknowledged += 1
            return
        self.refused += 1
        if status in (Status.ESME_RX_T_APPN, Status.ESME_RMSGQFUL):
            self.backlog.append(body)

    def pump(self) -> None:
        """Send from the backlog over the links in turn, until it or their windows are used up."""
        for _ in range(len(self._windows)):
            if not self.backlog:
                return
            window = self._windows.pop(0)
            self._windows.append(window)  # served now, so last next time: all links carry receipts
            self.sent += window.send_from(self.backlog)
