"""Settle: what came back becomes states, on the disk, before the SMSC is told that its receipts were taken.

    answers   -> flights (in memory until every part is answered)
    receipts  -> the flight to their number, while it is in the air; else message id -> submission -> push, on the disk;
                 else the flight that has only their id
    landed    -> one move each: SENT, DELIVERED, FAILED, back to QUEUED, UNCERTAIN

Two tasks share the work: one folds what comes back into memory at once, so that the SMSC's window does not wait for our
disk; the other writes, a round at a time. A receipt may overtake the answer that names its message id: it waits,
unacknowledged, for `PARKED_S`; then it is parked on the disk and acknowledged (`tps.delivery.parking`). A flight whose
parts are all accepted waits `LINGER_S` for its receipts, so that a fast SMSC costs one write a push instead of two.
"""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from typing import NamedTuple

import structlog

from tps.decisions.receipts import Receipt, id_candidates, likeliest_id, normal_form
from tps.delivery import correlation
from tps.delivery.flights import Flight, Flights
from tps.delivery.inbox import Inbox
from tps.delivery.landing import landed, moves_of_late_answers, submission, submissions_of
from tps.delivery.parking import Parking
from tps.delivery.texts import Texts
from tps.errors import RetryLaterError
from tps.smpp.outcomes import Outcomes
from tps.smpp.routes import Route, Routes
from tps.store import pushes, submissions
from tps.store.database import Connection, Database
from tps.store.pushes import Move
from tps.store.submissions import Submission

log = structlog.get_logger(__name__)

LINGER_S = 0.5
"""How long a flight whose parts are all accepted waits for its receipts before it lands as SENT."""
ROUND_S = 0.03
"""Shortest time between two rounds: a few more in each write make it cheaper for all of them."""
PARKED_S = 2.0
"""How long a receipt that nobody knows waits in memory for the answer it may have overtaken; then it is parked."""
LOOK_AGAIN_S = 0.25
PARKED_MAX = 100
"""Receipts that may wait so at once: each of them keeps a place in the SMSC's own window."""
UNREADABLE_INTERVAL_S = 60.0
"""How often a route's log tells of receipts that cannot be read."""
TICK_S = 0.02
DISK_PAUSE_S = 1.0


class Parked(NamedTuple):
    """A receipt that matches nothing yet; after `until` it is parked on the disk."""

    receipt: Receipt
    next_look: float
    until: float


class Round(NamedTuple):
    """What one write makes durable."""

    landing: list[Flight]
    late: list[Flight]
    """Landed already, for want of answers that came since."""
    sought: list[Parked]
    contested: frozenset[int]
    """Places of the sought whose id a part in the air has that went to another number."""
    overdue: frozenset[int]
    """Places of the sought that are parked where nothing is found."""
    room: int
    """How many of them may be parked."""


class Settle:
    """Brings home what the routes hear."""

    def __init__(
        self,
        database: Database,
        routes: Routes,
        flights: Flights,
        parking: Parking,
        *,
        inbox: Inbox,
        texts: Texts,
        node: str,
        clock: Callable[[], int],
        monotonic: Callable[[], float],
        wake: asyncio.Event,
    ) -> None:
        self._database = database
        self._routes = routes
        self._flights = flights
        self._inbox = inbox
        self._texts = texts
        self._node = node
        self._clock = clock
        self._monotonic = monotonic
        self._wake = wake
        self._parking = parking
        self._forms = parking.forms
        self._answered: dict[int, Flight] = {}
        self._parked: list[Parked] = []
        self._sought: list[Parked] = []
        self._late: list[tuple[int, int, int, str]] = []
        self._unwritten_late: list[Flight] = []
        self._unreadable_at: dict[str, float] = {}
        self._due = asyncio.Event()
        self._landed = asyncio.Event()
        self._stopping = False

    @property
    def unmatched(self) -> int:
        """Receipts that never found their push."""
        return self._parking.unmatched

    @property
    def parked(self) -> int:
        """Receipts that wait for their push: here in memory, and on the disk."""
        return len(self._parked) + self._parking.rows

    async def until_landed(self) -> None:
        """Until nothing is in the air any more."""
        while len(self._flights):
            self._landed.clear()
            await self._landed.wait()

    def stop(self) -> None:
        """Finish when nothing is in the air any more."""
        self._stopping = True
        self._due.set()

    async def run(self) -> None:
        """Settle until stopped and everything has landed."""
        async with asyncio.TaskGroup() as group:
            listening = group.create_task(self._listen(), name="settle-listen")
            looking = group.create_task(self._parking.run(), name="settle-parked")
            await self._write_rounds()
            listening.cancel()
            looking.cancel()

    async def _listen(self) -> None:
        """Fold what comes back into the flights, also while a round is being written."""
        while True:
            await self._routes.outcome_ready.wait()
            monotonic = self._monotonic()
            drained = self._routes.drain_outcomes()
            for _, outcomes in drained:
                self._fold_answers(outcomes, monotonic)
            for route, outcomes in drained:
                self._fold_receipts(route, outcomes.receipts, monotonic)
                if outcomes.inbound:
                    self._inbox.take(outcomes.inbound)
                if outcomes.unreadable:
                    self._tell_unreadable(route.name, outcomes.unreadable, monotonic)
            self._fold_parked()
            if self._answered or self._sought or self._late:
                self._due.set()
            self._wake.set()  # answers make room
            await asyncio.sleep(0)

    async def _write_rounds(self) -> None:
        """Write what has landed and what was found, a round at a time."""
        while not (self._stopping and not len(self._flights) and not self._sought):
            began = self._monotonic()
            try:
                await self._round(began)
            except RetryLaterError:
                log.warning("settle.waits_for_the_store", flights=len(self._flights))
                await asyncio.sleep(DISK_PAUSE_S)
            if not self._sought:
                await asyncio.sleep(max(0.0, began + ROUND_S - self._monotonic()))
            is_waiting = self._answered or self._parked or self._unwritten_late or self._stopping
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(TICK_S if is_waiting else None):
                    await self._due.wait()

    async def _round(self, monotonic: float) -> None:
        """One write; then acknowledge what it made durable."""
        self._due.clear()
        sought, self._sought = self._sought + self._to_look_for_again(monotonic), []
        late = self._fold_late()
        landing = self._landing(monotonic)
        contested = frozenset(place for place, parked in enumerate(sought) if self._is_contested(parked.receipt))
        overdue = self._overdue(sought, monotonic) - contested
        written = Round(landing, late, sought, contested, overdue, self._parking.room())
        if not any(written[:3]):
            return
        now = self._clock()
        try:
            found, moves = await self._database.write(lambda connection: self._write(connection, written, now))
        except RetryLaterError:
            self._sought += sought
            self._answered |= {flight.push.id: flight for flight in written.landing}
            self._unwritten_late = late
            raise
        self._flights.land(written.landing)
        self._landed.set()
        self._texts.follow(moves)
        self._park_or_acknowledge(written, found, monotonic)

    def _overdue(self, sought: Sequence[Parked], monotonic: float) -> frozenset[int]:
        """The receipts that wait in memory no longer: they have waited, or too many do."""
        room = PARKED_MAX - len(self._parked)
        final = [place for place, parked in enumerate(sought) if parked.receipt.final]
        waited = {place for place in final if sought[place].until <= monotonic}
        return frozenset([*waited, *[place for place in final if place not in waited][max(0, room) :]])

    def _fold_answers(self, outcomes: Outcomes, monotonic: float) -> None:
        """Into the flights they belong to; what is late waits for the next round, in which no flight is landing."""
        flights, answered = self._flights, self._answered
        of_push, name_part = flights.of_push, flights.name_part
        self._late += outcomes.late
        for push_id, part, vendor in outcomes.vendor:
            flight = flights.of_push(push_id)
            if flight is not None:
                flight.remark(f"part {part + 1}: answered with [{vendor}]")
        for push_id, part, status, message_id in outcomes.responses:
            flight = of_push(push_id)
            if flight is None:
                self._texts.answered(push_id, status)
                continue
            if status:
                flight.refusals += (status,)
            else:
                name_part(flight, part, normal_form(message_id))
            flight.answered += 1
            if flight.answered == flight.parts:
                flight.answered_at = monotonic
                answered[push_id] = flight
        for parts, attribute in ((outcomes.unsent, "unsent"), (outcomes.unknown, "unknown")):
            for push_id, _ in parts:
                flight = flights.of_push(push_id)
                if flight is None:
                    self._texts.not_answered(push_id, was_written=attribute == "unknown")
                    continue
                setattr(flight, attribute, getattr(flight, attribute) + 1)
                flight.answered += 1
                if flight.answered == flight.parts:
                    answered[push_id] = flight

    def _fold_late(self) -> list[Flight]:
        """Answers after their time into their flights; returns those of them that have landed."""
        late, self._late = self._late, []
        landed_before = {flight.push.id: flight for flight in self._unwritten_late}
        self._unwritten_late = []
        for push_id, part, status, message_id in late:
            flight = self._flights.awaiting(push_id)
            if flight is None:
                continue
            flight.unknown -= 1
            if status:
                flight.refusals += (status,)
            elif push_id in self._flights:
                self._flights.name_part(flight, part, normal_form(message_id))
            else:
                flight.message_ids[part] = normal_form(message_id)
            if push_id not in self._flights:
                landed_before[push_id] = flight
        return list(landed_before.values())

    def _tell_unreadable(self, route: str, reasons: Sequence[str], monotonic: float) -> None:
        """A line now and then: the counter of the link knows how many they are."""
        if monotonic >= self._unreadable_at.get(route, monotonic):
            self._unreadable_at[route] = monotonic + UNREADABLE_INTERVAL_S
            log.warning("receipt.unreadable", route=route, count=len(reasons), reason=reasons[-1])

    def _fold_receipts(self, route: Route, receipts: Sequence[Receipt], monotonic: float) -> None:
        """Into the flights they belong to; the others are sought on the disk in the next round.

        What a flight took is acknowledged at once: until the flight lands, the disk says SENDING, and if this process
        died the push would be UNCERTAIN whether or not the SMSC kept the receipt.
        """
        taken: list[Receipt] = []
        fold = self._fold_receipt
        for receipt in receipts:
            if fold(receipt):
                taken.append(receipt)
            else:
                self._sought.append(Parked(receipt, monotonic, monotonic + PARKED_S))
        if taken:
            route.acknowledge(taken)

    def _fold_parked(self) -> None:
        """An answer that a receipt has overtaken may have come meanwhile."""
        taken: list[Receipt] = []
        waiting: list[Parked] = []
        for parked in self._parked:
            if self._fold_receipt(parked.receipt):
                taken.append(parked.receipt)
            else:
                waiting.append(parked)
        self._parked = waiting
        self._routes.acknowledge(taken)

    def _to_look_for_again(self, monotonic: float) -> list[Parked]:
        due = [parked for parked in self._parked if parked.next_look <= monotonic]
        if due:
            self._parked = [parked for parked in self._parked if parked.next_look > monotonic]
        return due

    def _fold_receipt(self, receipt: Receipt) -> bool:
        """True when the receipt belongs to a flight, or repeats one that has landed with its push."""
        form = self._forms[receipt.route]
        found = self._flights.part_of(receipt, form)
        if found is None:
            message_id = likeliest_id(receipt.message_id, form)
            return bool(message_id) and self._flights.has_landed(receipt.route, message_id, receipt.destination)
        flight, part = found
        if flight.is_landing:  # its outcome is being written: the next round finds the part on the disk
            return False
        flight.hear(receipt, part)
        return True

    def _is_contested(self, receipt: Receipt) -> bool:
        return self._flights.likeliest_part(receipt, self._forms[receipt.route]) is not None

    def _fold_contested(self, receipt: Receipt) -> bool:
        """True when only the id of the receipt belongs to a flight: some SMSCs name the sender instead of the handset.

        For a receipt that was sought on the disk in vain. One that repeats what has landed is nobody else's.
        """
        found = self._flights.likeliest_part(receipt, self._forms[receipt.route])
        if found is None:
            return False
        flight, part = found
        forms = id_candidates(receipt.message_id, self._forms[receipt.route])
        if not any(self._flights.has_landed(receipt.route, message_id, receipt.destination) for message_id in forms):
            flight.hear(receipt, part)
        return True

    def _landing(self, monotonic: float) -> list[Flight]:
        """Flights whose outcome is to be written now."""
        landing = [
            flight
            for flight in self._answered.values()
            if flight.receipts_complete or monotonic - flight.answered_at >= LINGER_S
        ]
        for flight in landing:
            flight.is_landing = True
            del self._answered[flight.push.id]
        return landing

    def _write(self, connection: Connection, written: Round, now: int) -> tuple[frozenset[int], list[Move]]:
        """Save it all; returns the places of the sought receipts that were found, and how pushes have moved."""
        moves = [landed(flight, flight.verdict(), now, self._node) for flight in written.landing]
        accepted = [each for flight in written.landing for each in submissions_of(flight)]
        pushes.save(connection, moves, now)
        if written.late:
            late_moves, late_accepted = self._write_late(connection, written.late, now)
            moves += late_moves
            accepted += late_accepted
        submissions.add(connection, accepted)
        if not written.sought:
            return frozenset(), moves
        receipts = [parked.receipt for parked in written.sought]
        found, receipts_moves = correlation.settle(connection, receipts, self._forms, now, contested=written.contested)
        to_park = [receipts[place] for place in sorted(written.overdue - found)]
        self._parking.park(connection, to_park[: written.room], now)
        return found, [*moves, *receipts_moves]

    def _write_late(
        self, connection: Connection, late: Sequence[Flight], now: int
    ) -> tuple[list[Move], list[Submission]]:
        """What late answers make of pushes that are UNCERTAIN, and the ids by which their receipts will be found."""
        places = sorted((flight.push.bucket, flight.push.id) for flight in late)
        moves = moves_of_late_answers(pushes.load(connection, places), late, now)
        pushes.save(connection, moves, now)
        return moves, [
            submission(flight, part, message_id) for flight in late for part, message_id in flight.message_ids.items()
        ]

    def _park_or_acknowledge(self, written: Round, found: frozenset[int], monotonic: float) -> None:
        done: list[Receipt] = []
        missed: list[Receipt] = []
        for place, parked in enumerate(written.sought):
            receipt = parked.receipt
            if place in written.overdue and place not in found:
                missed.append(receipt)
            elif (
                place in found
                or self._fold_receipt(receipt)  # its flight may have landed now
                or self._fold_contested(receipt)
                or not receipt.final
            ):
                done.append(receipt)
            else:
                self._parked.append(parked._replace(next_look=monotonic + LOOK_AGAIN_S))
        kept = min(len(missed), written.room)
        self._parking.count_parked(kept)
        self._parking.count_unmatched([receipt.route for receipt in missed[kept:]])
        self._routes.acknowledge([*done, *missed])
