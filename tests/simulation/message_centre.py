"""A model of an SMSC that judges: it records every submit_sm it accepted and what became of it.

It shares the octets of `tps.sim.smsc_pdus` with the simulated SMSC, but draws what befalls a message from the one seed
of the simulation, keeps receipts over a restart, and counts who exceeds the window.
"""

import asyncio
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any, NamedTuple

from tps.sim.smsc_behaviour import MessageIdForm, ReceiptForm
from tps.sim.smsc_pdus import (
    DELIVER_SM,
    DELIVER_SM_RESP,
    DELIVERED,
    GENERIC_NACK,
    HEADER,
    HEADER_OCTETS,
    MESSAGE_ID_FORMATS,
    RESPONSE,
    SUBMIT_SM,
    SUBMIT_SM_RESP,
    UNDELIVERABLE,
    Command,
    ReceiptDue,
    Status,
    SubmitSm,
    parse_submit_sm,
    pdu,
    receipt_body,
)

RECEIPTS_AT_ONCE = 6
"""deliver_sm on one link that wait for their deliver_sm_resp."""
TEMPORARY, PERMANENT = 0x08, 0x0B
"""ESME_RSYSERR, ESME_RINVDSTADR."""
_ON_THE_WAY_S = 0.5
"""What the network, and the node before it, may take of the time until a node gives an answer up."""
_DATE = b"2611221200"


class Accepted(NamedTuple):
    """One submit_sm that was answered, or would have been answered, with ESME_ROK."""

    at: float
    destination: str
    reference: int
    total: int
    part: int
    number: int
    is_deliverable: bool
    receipts: int
    """How often its receipt is sent, 0 for never."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mood:
    """How the SMSC treats what comes: shares of messages from 0 to 1, and seconds."""

    throttled: float = 0.0
    queue_full: float = 0.0
    temporary: float = 0.0
    permanent: float = 0.0
    unanswered: float = 0.0
    nacked: float = 0.0
    undeliverable: float = 0.0
    no_receipt: float = 0.0
    two_receipts: float = 0.0
    early_receipt: float = 0.0
    bind_refused: float = 0.0
    answer_slowest_s: float = 0.02
    receipt_slowest_s: float = 0.3


@dataclass(slots=True)
class Record:
    """What the SMSC knows at the end."""

    accepted: list[Accepted] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    """Refusals that were answered and count as attempts, by destination."""
    busy: Counter[str] = field(default_factory=Counter)
    """Refusals that say nothing about the message: the SMSC was busy."""
    unheard: Counter[str] = field(default_factory=Counter)
    """Answers, by destination, that the node had ceased to wait for, or that no link was there for any more."""
    acknowledged: Counter[int] = field(default_factory=Counter)
    """Receipts that a node took, by message number."""
    broken: list[str] = field(default_factory=list)


class Unanswered(NamedTuple):
    """A submit_sm that waits for its answer."""

    came: float
    destination: str


class MessageCentre:
    """The SMSC behind all its links."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        random: Random,
        trace: Callable[[str], None],
        *,
        window: int,
        response_timeout_s: float,
        forms: tuple[MessageIdForm, MessageIdForm],
        receipt_form: ReceiptForm,
    ) -> None:
        self.loop = loop
        self.random = random
        self.trace = trace
        self.window = window
        self.response_timeout_s = response_timeout_s
        self.mood = Mood()
        self.record = Record()
        self.waiting: deque[tuple[int, bytes]] = deque()
        """Receipts that no link has room for: message number and body."""
        self._in_response, self._in_receipt = (MESSAGE_ID_FORMATS[form] for form in forms)
        self._receipt_form = receipt_form
        self._sessions: list[Session] = []
        self._number = random.randrange(1 << 20, 1 << 31)

    def session(self) -> "Session":
        """Somebody has connected."""
        session = Session(self)
        self._sessions.append(session)
        return session

    def forget(self, session: "Session") -> None:
        """It is gone; what it had not acknowledged is sent again."""
        if session in self._sessions:
            self._sessions.remove(session)
            self.waiting.extendleft(reversed(session.unacknowledged()))
            self.pump()

    def restart(self) -> None:
        """Close all links; messages and receipts are kept."""
        for session in tuple(self._sessions):
            session.leave()

    def happens(self, share: float) -> bool:
        """By chance."""
        return bool(share) and self.random.random() < share

    def fate(self, submitted: SubmitSm, session: "Session", sequence: int) -> None:
        """Refuse or accept one submit_sm, and plan its answer and its receipts."""
        mood = self.mood
        for share, status in (
            (mood.throttled, Status.ESME_RTHROTTLED),
            (mood.queue_full, Status.ESME_RMSGQFUL),
            (mood.temporary, TEMPORARY),
            (mood.permanent, PERMANENT),
        ):
            if self.happens(share):
                refusals = self.record.refused if status in (TEMPORARY, PERMANENT) else self.record.busy
                refusals[submitted.destination] += 1
                self.trace(f"SMSC refuses a part to {submitted.destination} with {int(status):#x}")
                session.answer_later(sequence, pdu(SUBMIT_SM_RESP, int(status), sequence))
                return
        if self.happens(mood.nacked):
            self.record.refused[submitted.destination] += 1
            session.answer_later(sequence, pdu(GENERIC_NACK, TEMPORARY, sequence))
            return
        self._accept(submitted, session, sequence)

    def _accept(self, submitted: SubmitSm, session: "Session", sequence: int) -> None:
        mood = self.mood
        self._number += 1
        number = self._number
        receipts = 0 if self.happens(mood.no_receipt) else 2 if self.happens(mood.two_receipts) else 1
        is_deliverable = not self.happens(mood.undeliverable)
        reference, total, part = concatenation(submitted.octets)
        accepted = Accepted(
            self.loop.time(), submitted.destination, reference, total, part, number, is_deliverable, receipts
        )
        self.record.accepted.append(accepted)
        self.trace(f"SMSC accepts part {part}/{total} of {reference} to {submitted.destination} as {number}")
        if self.happens(mood.unanswered):
            self.trace(f"SMSC never answers {number}")
        else:
            identity = self._in_response % number
            session.answer_later(sequence, pdu(SUBMIT_SM_RESP, 0, sequence, identity + b"\0"))
        state = DELIVERED if is_deliverable else UNDELIVERABLE
        due = ReceiptDue(submitted.source_field, submitted.destination_field, self._in_receipt % number, state, _DATE)
        body = receipt_body(due, self._receipt_form, _DATE)
        for _ in range(receipts):
            slowest = 0.0 if self.happens(mood.early_receipt) else mood.receipt_slowest_s
            self.loop.call_later(self.random.uniform(0.0, slowest), self._send_receipt, number, body)

    def _send_receipt(self, number: int, body: bytes) -> None:
        self.waiting.append((number, body))
        self.pump()

    def pump(self) -> None:
        """Give waiting receipts to links with room, any of them first."""
        links = [session for session in self._sessions if session.receives]
        self.random.shuffle(links)
        for link in links:
            while self.waiting and link.takes_receipt:
                number, body = self.waiting.popleft()
                link.send_receipt(number, body)


class Session(asyncio.Protocol):
    """One link as the SMSC sees it."""

    def __init__(self, centre: MessageCentre) -> None:
        self._centre = centre
        self._transport: Any = None
        self._rest = b""
        self._is_bound = self._transmits = False
        self.receives = False
        self._sequence = 0
        self._receipts: dict[int, tuple[int, bytes]] = {}
        self._unanswered: dict[int, Unanswered] = {}
        """By sequence_number."""

    @property
    def takes_receipt(self) -> bool:
        """True while there is room in its window of deliver_sm."""
        return self.receives and len(self._receipts) < RECEIPTS_AT_ONCE

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport (asyncio)."""
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        """The link is gone (asyncio)."""
        self._transport = None
        self.receives = False
        self._centre.forget(self)

    def leave(self) -> None:
        """Close it, as a restart does."""
        if self._transport is not None:
            self._transport.close()

    def unacknowledged(self) -> list[tuple[int, bytes]]:
        """Receipts without a response; none are left."""
        left, self._receipts = list(self._receipts.values()), {}
        return left

    def send_receipt(self, number: int, body: bytes) -> None:
        """A deliver_sm."""
        self._sequence += 1
        self._receipts[self._sequence] = (number, body)
        self._write(pdu(DELIVER_SM, 0, self._sequence, body))

    def answer_later(self, sequence: int, octets: bytes) -> None:
        """Within the slowest answer of the mood."""
        centre = self._centre
        delay = centre.random.uniform(0.0, centre.mood.answer_slowest_s)
        centre.loop.call_later(delay, self._answer, sequence, octets)

    def data_received(self, data: bytes) -> None:
        """Take all whole PDUs (asyncio)."""
        octets = self._rest + data
        position = 0
        while len(octets) - position >= HEADER_OCTETS and self._transport is not None:
            length, command, status, sequence = HEADER.unpack_from(octets, position)
            if position + length > len(octets):
                break
            self._take(command, status, sequence, octets[position + HEADER_OCTETS : position + length])
            position += length
        self._rest = octets[position:]

    def _take(self, command: int, status: int, sequence: int, body: bytes) -> None:
        if command == SUBMIT_SM:
            self._take_submit(sequence, body)
        elif command == DELIVER_SM_RESP:
            self._take_deliver_resp(status, sequence)
        elif command == Command.ENQUIRE_LINK:
            self._write(pdu(RESPONSE | command, 0, sequence))
        elif command == Command.UNBIND:
            self._write(pdu(RESPONSE | command, 0, sequence))
            self.receives = self._transmits = False
            self.leave()
        elif command in (Command.BIND_RECEIVER, Command.BIND_TRANSMITTER, Command.BIND_TRANSCEIVER):
            self._take_bind(command, sequence)
        else:
            self._centre.record.broken.append(f"the SMSC got a command_id {command:#x}")

    def _take_bind(self, command: int, sequence: int) -> None:
        centre = self._centre
        if centre.happens(centre.mood.bind_refused):
            self._write(pdu(RESPONSE | command, Status.ESME_RBINDFAIL, sequence))
            return
        self._transmits = command != Command.BIND_RECEIVER
        self.receives = command != Command.BIND_TRANSMITTER
        self._write(pdu(RESPONSE | command, 0, sequence, b"model\0"))
        centre.pump()

    def _take_deliver_resp(self, status: int, sequence: int) -> None:
        receipt = self._receipts.pop(sequence, None)
        if receipt is None:
            return
        if status:
            self._centre.waiting.append(receipt)
        else:
            self._centre.record.acknowledged[receipt[0]] += 1
        self._centre.pump()

    def _take_submit(self, sequence: int, body: bytes) -> None:
        centre = self._centre
        if not self._transmits:
            self._write(pdu(SUBMIT_SM_RESP, Status.ESME_RINVBNDSTS, sequence))
            return
        now = centre.loop.time()
        # One that came longer ago may have expired at the sender, which takes its slot back without telling.
        young = now - centre.response_timeout_s / 2
        submitted = parse_submit_sm(body, 0, len(body))
        self._unanswered[sequence] = Unanswered(now, submitted.destination)
        used = sum(each.came > young for each in self._unanswered.values())
        if used > centre.window:
            centre.record.broken.append(f"{used} submit_sm without an answer in a window of {centre.window}")
        centre.fate(submitted, self, sequence)

    def _answer(self, sequence: int, octets: bytes) -> None:
        centre = self._centre
        asked = self._unanswered.pop(sequence, None)
        if asked is not None:
            waited_s = centre.loop.time() - asked.came
            if self._transport is None or waited_s > centre.response_timeout_s - _ON_THE_WAY_S:
                centre.record.unheard[asked.destination] += 1
        self._write(octets)

    def _write(self, octets: bytes) -> None:
        if self._transport is not None:
            self._transport.write(octets)


def concatenation(octets: bytes) -> tuple[int, int, int]:
    """Reference, total and part by the user data header (TS 23.040 clause 9.2.3.24.1); a single SMS is 1 of 1."""
    position, end = 1, octets[0] + 1
    while position < end:
        element, length = octets[position], octets[position + 1]
        if element == 0x00:
            return octets[position + 2], octets[position + 3], octets[position + 4]
        position += 2 + length
    return 0, 1, 1
