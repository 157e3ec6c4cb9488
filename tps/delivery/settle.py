"""Settle: what came back becomes states, on the disk, before the SMSC is told that its receipts were taken.

    answers   -> flights (in memory until every part is answered)
    receipts  -> the flight, while it is in the air; else message id -> submission -> push, on the disk
    landed    -> one move each: SENT, DELIVERED, FAILED, back to QUEUED, UNCERTAIN

Two tasks share the work: one folds what comes back into memory at once, so that the SMSC's window does not wait for our
disk; the other writes, a round at a time. A receipt may overtake the answer that names its message id: it waits,
unacknowledged, for `PARKED_S`. A flight whose parts are all accepted waits `LINGER_S` for its receipts, so that a fast
SMSC costs one write a push instead of two.
"""

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import structlog

from tps.decisions.identities import bucket_of
from tps.decisions.push_life import State
from tps.decisions.receipts import MessageIdForm, Receipt, id_candidates, is_same_number, normal_form
from tps.delivery.flights import Flight, Flights
from tps.delivery.landing import POSITIVE, failure_of, landed, moves_of_receipts, submissions_of
from tps.errors import RetryLaterError
from tps.smpp.outcomes import Outcomes
from tps.smpp.routes import Route, Routes
from tps.store import pair_keys, pushes, submissions
from tps.store.database import Connection, Database
from tps.store.submissions import Candidate, Match, Submission

if TYPE_CHECKING:
    from tps.store.pushes import Move

log = structlog.get_logger(__name__)

LINGER_S = 0.5
"""How long a flight whose parts are all accepted waits for its receipts before it lands as SENT."""
ROUND_S = 0.03
"""Shortest time between two rounds: a few more in each write make it cheaper for all of them."""
PARKED_S = 10.0
"""How long a receipt that nobody knows waits for the answer it may have overtaken, here or at another node."""
LOOK_AGAIN_S = 0.25
PARKED_MAX = 100
"""Receipts that may wait so at once: each of them keeps a place in the SMSC's own window."""
TICK_S = 0.02
DISK_PAUSE_S = 1.0


class Parked(NamedTuple):
    """A receipt that matches nothing yet; after `until` it is acknowledged as unmatched."""

    receipt: Receipt
    next_look: float
    until: float


class Settle:
    """Brings home what the routes hear."""

    def __init__(
        self,
        database: Database,
        routes: Routes,
        flights: Flights,
        *,
        node: str,
        clock: Callable[[], int],
        monotonic: Callable[[], float],
        wake: asyncio.Event,
    ) -> None:
        self._database = database
        self._routes = routes
        self._flights = flights
        self._node = node
        self._clock = clock
        self._monotonic = monotonic
        self._wake = wake
        self._forms: Mapping[str, MessageIdForm] = {route.name: route.config.message_id_form for route in routes}
        self._answered: dict[int, Flight] = {}
        self._parked: list[Parked] = []
        self._sought: list[Parked] = []
        self._due = asyncio.Event()
        self._stopping = False
        self.unmatched = 0
        """Receipts that never found their push."""

    def stop(self) -> None:
        """Finish when nothing is in the air any more."""
        self._stopping = True
        self._due.set()

    async def run(self) -> None:
        """Settle until stopped and everything has landed."""
        async with asyncio.TaskGroup() as group:
            listening = group.create_task(self._listen(), name="settle-listen")
            await self._write_rounds()
            listening.cancel()

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
            self._fold_parked()
            if self._answered or self._sought:
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
            is_waiting = self._answered or self._parked or self._stopping
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(TICK_S if is_waiting else None):
                    await self._due.wait()

    async def _round(self, monotonic: float) -> None:
        """One write; then acknowledge what it made durable."""
        self._due.clear()
        sought, self._sought = self._sought + self._to_look_for_again(monotonic), []
        landing = self._landing(monotonic)
        if not landing and not sought:
            return
        now = self._clock()
        try:
            found = await self._database.write(lambda connection: self._write(connection, landing, sought, now))
        except RetryLaterError:
            self._sought += sought
            self._answered |= {flight.push.id: flight for flight in landing}
            raise
        self._flights.land(landing)
        self._park_or_acknowledge(sought, found, monotonic)

    def _fold_answers(self, outcomes: Outcomes, monotonic: float) -> None:
        """Into the flights they belong to; an answer whose flight has landed is too late to matter."""
        flights, answered = self._flights, self._answered
        for push_id, part, status, message_id in outcomes.responses:
            flight = flights.of_push(push_id)
            if flight is None:
                continue
            if status:
                flight.refusals += (status,)
            else:
                flights.name_part(flight, part, normal_form(message_id))
            flight.answered += 1
            if flight.answered == flight.parts:
                flight.answered_at = monotonic
                answered[push_id] = flight
        for parts, attribute in ((outcomes.unsent, "unsent"), (outcomes.unknown, "unknown")):
            for push_id, _ in parts:
                flight = flights.of_push(push_id)
                if flight is None:
                    continue
                setattr(flight, attribute, getattr(flight, attribute) + 1)
                flight.answered += 1
                if flight.answered == flight.parts:
                    answered[push_id] = flight

    def _fold_receipts(self, route: Route, receipts: Sequence[Receipt], monotonic: float) -> None:
        """Into the flights they belong to; the others are sought on the disk in the next round.

        What a flight took is acknowledged at once: until the flight lands, the disk says SENDING, and if this process
        died the push would be UNCERTAIN whether or not the SMSC kept the receipt.
        """
        taken: list[Receipt] = []
        for receipt in receipts:
            if not receipt.final or self._fold_receipt(receipt):
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
        found = self._part_of(receipt)
        if found is None:
            candidates = id_candidates(receipt.message_id, self._forms[receipt.route])
            return bool(candidates) and self._flights.has_landed(receipt.route, candidates[0], receipt.destination)
        flight, part = found
        if flight.is_landing:  # its outcome is being written: the next round finds the part on the disk
            return False
        if receipt.state in POSITIVE:
            flight.delivered |= 1 << part
        elif flight.failure is None:
            flight.failure = failure_of(receipt, part)
        return True

    def _part_of(self, receipt: Receipt) -> tuple[Flight, int] | None:
        """The part in the air that a receipt is about: the likeliest form of its id that went to the receipt's number.

        Ids of two forms may collide. Where no number agrees (some SMSCs name the sender instead) the likeliest counts.
        """
        flights, route, form = self._flights, receipt.route, self._forms[receipt.route]
        if form in ("auto", "same"):
            found = flights.of_message(route, normal_form(receipt.message_id))
            if found is not None and is_same_number(found[0].push.msisdn, receipt.destination):
                return found
        likeliest: tuple[Flight, int] | None = None
        for rank, message_id in enumerate(id_candidates(receipt.message_id, form)):
            found = flights.of_message(route, message_id)
            if found is not None and is_same_number(found[0].push.msisdn, receipt.destination):
                return found
            if rank == 0:
                likeliest = found
        return likeliest

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

    def _write(
        self, connection: Connection, landing: Sequence[Flight], sought: Sequence[Parked], now: int
    ) -> frozenset[int]:
        """Save it all; returns the places of the sought receipts that were found."""
        moves: list[Move] = []
        accepted: list[Submission] = []
        for flight in landing:
            verdict = flight.verdict()
            moves.append(landed(flight, verdict, now, self._node))
            accepted += submissions_of(flight)
        matches = self._matches(connection, sought)
        stored = pushes.load(connection, sorted({(match.push_bucket, match.push_id) for match in matches.values()}))
        late = moves_of_receipts(stored, [(match, sought[place].receipt) for place, match in matches.items()], now)
        pushes.save(connection, moves + late, now)
        for revived in late:
            if revived.state_before == State.EXPIRED and revived.state == State.DELIVERED:
                pair_keys.retake(connection, revived.bucket, revived.id)
        submissions.add(connection, accepted)
        return frozenset(matches)

    def _matches(self, connection: Connection, sought: Sequence[Parked]) -> dict[int, Match]:
        """The best match of each receipt by its place: the likeliest form of the id, sent to the same number."""
        candidates = [
            Candidate(place, rank, bucket_of(message_id), receipt.route, message_id)
            for place, (receipt, _, _) in enumerate(sought)
            for rank, message_id in enumerate(id_candidates(receipt.message_id, self._forms[receipt.route]))
        ]
        best: dict[int, tuple[tuple[bool, int], Match]] = {}
        for match in submissions.match(connection, candidates):
            is_other_number = not is_same_number(match.msisdn, sought[match.place].receipt.destination)
            likelihood = (is_other_number, match.rank)
            if match.place not in best or likelihood < best[match.place][0]:
                best[match.place] = (likelihood, match)
        return {place: match for place, (_, match) in best.items()}

    def _park_or_acknowledge(self, sought: Sequence[Parked], found: frozenset[int], monotonic: float) -> None:
        done: list[Receipt] = []
        for place, parked in enumerate(sought):
            receipt = parked.receipt
            if place in found or self._fold_receipt(receipt):  # its flight may have landed during the write
                done.append(receipt)
            elif parked.until <= monotonic or len(self._parked) >= PARKED_MAX:
                self.unmatched += 1
                log.warning(
                    "receipt.unmatched", route=receipt.route, message_id=receipt.message_id, state=receipt.state
                )
                done.append(receipt)
            else:
                self._parked.append(parked._replace(next_look=monotonic + LOOK_AGAIN_S))
        self._routes.acknowledge(done)
