"""Pushes on the wire: what became of each part since the push was claimed, until its outcome is on the disk.

A flight is in memory only, and only while this node holds the push's lease. What it learns is written once, by
settle, when
all parts are answered: if receipts came as fast as the answers, the push goes from SENDING to DELIVERED in one write.
"""

from collections import OrderedDict
from collections.abc import Iterable
from itertools import islice
from typing import NamedTuple

import msgspec

from tps.decisions.push_life import Event
from tps.decisions.receipts import (
    POSITIVE,
    MessageIdForm,
    Receipt,
    Report,
    id_candidates,
    is_same_number,
    likeliest_id,
    normal_form,
)
from tps.decisions.retry import GiveUp, RetryAt, decide
from tps.store.pushes import DuePush

LANDED_MAX = 20_000
"""Message ids remembered after their flight has landed, for receipts that come twice."""
LOST_MAX = 10_000
"""Flights remembered after they landed for want of an answer, for answers that come after all."""


REMARKS_MAX = 64
"""Remarks of one flight that are kept: two for each part of the largest push."""


def said(report: Report, part: int) -> str:
    """What a receipt says, for people: part 2: the SMSC reports ENROUTE, error 001 [1401=0a]."""
    error = report.error
    words = f"part {part + 1}: the SMSC reports {report.state}"
    if error:
        words += f", error {error}"
    return f"{words} [{report.vendor}]" if report.vendor else words


class Verdict(NamedTuple):
    """What the answers and receipts of a flight amount to."""

    event: Event
    detail: str = ""
    retry_after_s: float = 0.0
    counts_as_attempt: bool = True


_DELIVERED = Verdict(Event.DELIVER)
_ACCEPTED = Verdict(Event.ACCEPT)


class Flight(msgspec.Struct, gc=False):
    """One push on the wire."""

    push: DuePush
    route: str
    parts: int
    max_attempts: int
    age_s: float = 0.0
    """How old the push was at its departure, in seconds."""
    answered: int = 0
    """Parts of which is known what became of them: answered, unsent or unknown."""
    message_ids: dict[int, str] = {}
    """Part -> normalised message id, of the parts that were accepted."""
    refusals: tuple[int, ...] = ()
    """command_status of the parts that were refused."""
    unsent: int = 0
    unknown: int = 0
    delivered: int = 0
    """Bit i: part i has a positive receipt."""
    failure: str | None = None
    """What a negative receipt said."""
    noted: int = 0
    """Bit i: part i had an intermediate notification."""
    remarks: tuple[str, ...] = ()
    """What else was said, for the history: intermediate notifications, contradictions, vendors' parameters."""
    answered_at: float = 0.0
    is_repeated: bool = False
    """This node sent it before and had no answer: nobody can tell whose a late answer is."""
    is_landing: bool = False
    """Its outcome is being written."""

    @property
    def receipts_complete(self) -> bool:
        """True when every part has arrived, or one cannot."""
        return self.failure is not None or self.delivered == (1 << self.parts) - 1

    def hear(self, receipt: Report, part: int) -> None:
        """Take a receipt of a part: the first that ends the part counts, and one intermediate is remarked."""
        if not receipt.final:
            if not self.noted >> part & 1:
                self.noted |= 1 << part
                self.remark(said(receipt, part))
        elif receipt.state in POSITIVE:
            self.delivered |= 1 << part
            if receipt.vendor:
                self.remark(said(receipt, part))
        elif self.delivered >> part & 1:
            self.remark(f"after its delivery {said(receipt, part)}")
        elif self.failure is None:
            self.failure = said(receipt, part)

    def remark(self, text: str) -> None:
        """Note this for the history, once, and not endlessly."""
        if text not in self.remarks and len(self.remarks) < REMARKS_MAX:
            self.remarks += (text,)

    def verdict(self) -> Verdict:
        """What to do with the push, once all parts are answered."""
        if self.refusals:
            return self._of_refusals()
        if self.failure is not None:
            return Verdict(Event.FAIL, self.failure)
        if self.receipts_complete:
            return _DELIVERED
        if self.unknown:
            return Verdict(Event.LOSE, f"{self.unknown} of {self.parts} parts without an answer")
        if self.unsent:
            if self.unsent == self.parts:
                return Verdict(Event.RELEASE, "the link went down before it was sent")
            # The handset cannot have a whole document, so sending all of it again is no second push.
            return Verdict(Event.POSTPONE, f"{self.unsent} of {self.parts} parts were not sent")
        return _ACCEPTED

    def _of_refusals(self) -> Verdict:
        attempt = self.push.attempts - self.push.attempts_before + 1
        # Parts that left carry the reference of this attempt: with parts of the next under the same reference the
        # handset could make a whole of them, and get the document twice. So such an attempt counts.
        has_left = bool(self.message_ids or self.unknown)
        decisions = [
            decide(status, attempt=attempt, attempts_max=self.max_attempts, has_left=has_left, age_s=self.age_s)
            for status in self.refusals
        ]
        # Without these words nobody could tell why a refusal that says nothing about the push was counted.
        others = f", {self.unknown} of {self.parts} parts without an answer" if self.unknown else ""
        for decision in decisions:
            if isinstance(decision, GiveUp):
                return Verdict(Event.REFUSE, decision.reason + others)
        pauses = [decision for decision in decisions if isinstance(decision, RetryAt)]
        longest_s = max(pause.delay_s for pause in pauses)
        detail = f"command_status 0x{self.refusals[0]:08X}{others}"
        return Verdict(Event.POSTPONE, detail, longest_s, any(pause.counts_as_attempt for pause in pauses))


class Flights:
    """All pushes on the wire of this node, found by push id or by (route, message id)."""

    def __init__(self) -> None:
        self._landed: dict[tuple[str, str], str] = {}
        """(route, message id) -> MSISDN, the oldest first."""
        self._lost: OrderedDict[int, Flight] = OrderedDict()
        self._by_push: dict[int, Flight] = {}
        self._by_message: dict[tuple[str, str], tuple[Flight, int]] = {}

    def __len__(self) -> int:
        return len(self._by_push)

    def __contains__(self, push_id: int) -> bool:
        return push_id in self._by_push

    def depart(self, flights: Iterable[Flight]) -> None:
        """These are on the wire now."""
        by_push, lost = self._by_push, self._lost
        for flight in flights:
            push_id = flight.push.id
            flight.is_repeated = push_id in lost
            by_push[push_id] = flight
            if flight.is_repeated:
                del lost[push_id]

    def of_push(self, push_id: int) -> Flight | None:
        """The flight of this push, None when it has landed."""
        return self._by_push.get(push_id)

    def awaiting(self, push_id: int) -> Flight | None:
        """The flight that a late answer belongs to, in the air or landed; None when that cannot be told."""
        flight = self._by_push.get(push_id) or self._lost.get(push_id)
        return flight if flight is not None and flight.unknown and not flight.is_repeated else None

    def name_part(self, flight: Flight, part: int, message_id: str) -> None:
        """The SMSC gave this part an id (normalised)."""
        flight.message_ids[part] = message_id
        self._by_message[flight.route, message_id] = (flight, part)

    def of_message(self, route: str, message_id: str) -> tuple[Flight, int] | None:
        """The flight and part behind a message id, None when it has landed or is not ours."""
        return self._by_message.get((route, message_id))

    def part_of(self, receipt: Receipt, form: MessageIdForm) -> tuple[Flight, int] | None:
        """The part in the air that a receipt is about: the likeliest form of its id that went to the receipt's number.

        Ids of two forms may collide, here or with what has landed, so without the number an id says too little.
        """
        route, destination = receipt.route, receipt.destination
        if form in ("auto", "same"):
            found = self._by_message.get((route, normal_form(receipt.message_id)))
            if found is not None:
                msisdn = found[0].push.msisdn
                if msisdn == destination or is_same_number(msisdn, destination):
                    return found
        for message_id in id_candidates(receipt.message_id, form):
            found = self.of_message(route, message_id)
            if found is not None and is_same_number(found[0].push.msisdn, destination):
                return found
        return None

    def likeliest_part(self, receipt: Receipt, form: MessageIdForm) -> tuple[Flight, int] | None:
        """The part in the air with the likeliest form of a receipt's id, whatever its number."""
        message_id = likeliest_id(receipt.message_id, form)
        found = self.of_message(receipt.route, message_id) if message_id else None
        return None if found is None or found[0].is_landing else found

    def has_landed(self, route: str, message_id: str, destination: str) -> bool:
        """True when all receipts of this part's push landed with it, not long ago: one more is a repetition.

        One for another number is the first of another part, whose id in another form looks like this one.
        """
        msisdn = self._landed.get((route, message_id))
        return msisdn is not None and is_same_number(msisdn, destination)

    def land(self, flights: Iterable[Flight]) -> None:
        """The outcome of these is being written: what comes later finds them on the disk."""
        landed, by_message = self._landed, self._by_message
        for flight in flights:
            push, route, is_complete = flight.push, flight.route, flight.receipts_complete
            del self._by_push[push.id]
            for message_id in flight.message_ids.values():
                name = (route, message_id)
                if is_complete:
                    landed[name] = push.msisdn
                named = by_message.get(name)
                # A second flight may have been given the same id by an SMSC whose counter wrapped.
                if named is not None and named[0] is flight:
                    del by_message[name]
            if flight.unknown:
                self._lost[push.id] = flight
        while len(self._lost) > LOST_MAX:
            self._lost.popitem(last=False)
        for name in list(islice(landed, max(0, len(landed) - LANDED_MAX))):
            del landed[name]
