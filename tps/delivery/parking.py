"""Parking: receipts that no push is known for, on the disk, until their push is known or their time is over.

The push of such a receipt is in the air at another node, or waits there for its database; or nobody ever learned its
message id, because a process or a link died before the answer. Each is looked for again and again, by whichever node
comes by, at intervals that grow with its age: what is parked needs no look-up where pushes land, and no push can land
at the wrong moment between two nodes.

The last resort, long after every flight must have landed: receipts for a number that has one push of which nobody knows
whether it was sent (UNCERTAIN, so its settings say wait), and no other push that could be meant.
"""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from typing import NamedTuple

import structlog

from encoders.errors import EncodeError
from tps.decisions.identities import bucket_of
from tps.decisions.last_resort import Sent, only_uncertain, tells
from tps.decisions.push_life import Event
from tps.decisions.receipts import POSITIVE, Receipt, normal_form
from tps.delivery import correlation
from tps.delivery.catalogue import UNUSABLE, Catalogue
from tps.delivery.device_knowledge import Devices
from tps.delivery.flights import said
from tps.delivery.landing import moved_by_report
from tps.delivery.push_sms import compose
from tps.delivery.texts import Texts
from tps.errors import RetryLaterError
from tps.smpp.routes import Routes
from tps.store import parked_receipts, pushes, subscribers
from tps.store.database import Connection, Database
from tps.store.parked_receipts import ParkedReceipt
from tps.store.pushes import Move
from tps.store.sealing import Seal, UnsealError

log = structlog.get_logger(__name__)

KEPT_MS = 3 * 86_400_000
"""How long a receipt waits for its push."""
ROWS_MAX = 100_000
"""Receipts parked at once, by this node's reckoning; what comes beyond is dropped and counted as unmatched."""
BATCH_MAX = 500
LOOK_S = 0.5
PAUSE_MIN_MS, PAUSE_MAX_MS = 1_000, 600_000
"""A receipt is looked for again after half of its age."""
LAST_RESORT_MS = 180_000
"""Age at which a receipt may be taken for that of an UNCERTAIN push: every lease has ended or been renewed by then."""
COUNT_MS = 30_000


class Looked(NamedTuple):
    """What a look at the parked receipts did."""

    matched: int
    unmatched: tuple[str, ...]
    """The routes of those whose time was over."""
    moves: Sequence[Move]


class Parking:
    """Keeps receipts until their push is known."""

    def __init__(
        self,
        database: Database,
        catalogue: Catalogue,
        seal: Seal,
        devices: Devices,
        routes: Routes,
        texts: Texts,
        *,
        clock: Callable[[], int],
    ) -> None:
        self._database = database
        self._catalogue = catalogue
        self._seal = seal
        self._devices = devices
        self._routes = routes
        self._texts = texts
        self._clock = clock
        self._count_at = 0
        self.forms: correlation.Forms = {route.name: route.config.message_id_form for route in routes}
        self.rows = 0
        """Receipts parked by all nodes, as counted last, and what this one parked since."""
        self.unmatched = 0
        """Receipts that never found their push."""

    def room(self) -> int:
        """How many more may be parked."""
        return max(0, ROWS_MAX - self.rows)

    def park(self, connection: Connection, receipts: Sequence[Receipt], now: int) -> None:
        """Store these in the transaction of the caller, who tells `count_parked` once it is durable."""
        parked_receipts.add(connection, [_parked(receipt, now) for receipt in receipts])

    def count_parked(self, parked: int) -> None:
        """So many were stored."""
        self.rows += parked

    def count_unmatched(self, routes: Sequence[str]) -> None:
        """Receipts of these routes will never find their push: one line for all of them."""
        if routes:
            self.unmatched += len(routes)
            log.warning("receipts.unmatched", by_route=dict(Counter(routes)))

    async def run(self) -> None:
        """Look for the pushes of what is parked, until cancelled."""
        while True:
            await asyncio.sleep(LOOK_S)
            try:
                await self.look()
            except RetryLaterError:
                log.warning("parking.waits_for_the_store")

    async def look(self) -> int:
        """Look for the pushes of all whose time it is; returns how many receipts found one."""
        now, matched = self._clock(), 0
        if now >= self._count_at:
            self._count_at = now + COUNT_MS
            self.rows = await self._database.read(parked_receipts.count)
        while await self._database.read(lambda connection: parked_receipts.is_any_due(connection, now)):
            looked = await self._database.write(lambda connection: self._look(connection, now))
            self.rows = max(0, self.rows - looked.matched - len(looked.unmatched))
            self.count_unmatched(looked.unmatched)
            self._texts.follow(looked.moves)
            matched += looked.matched
            if not looked.matched and not looked.unmatched:
                break
        return matched

    def _look(self, connection: Connection, now: int) -> Looked:
        due = parked_receipts.due(connection, now, BATCH_MAX)
        places, moves = correlation.settle(connection, due, self.forms, now)
        found = [due[place] for place in sorted(places)]
        parked_receipts.remove(connection, found)
        left = [parked for place, parked in enumerate(due) if place not in places]
        by_number, by_number_moves = self._settle_by_number(connection, left, now)
        settled = set(by_number)
        over = [parked for parked in left if parked.until <= now and parked not in settled]
        parked_receipts.remove(connection, [*by_number, *over])
        parked_receipts.put_off(
            connection, [_put_off(parked, now) for parked in left if parked.until > now and parked not in settled]
        )
        unmatched = tuple(parked.route for parked in over)
        return Looked(len(found) + len(by_number), unmatched, [*moves, *by_number_moves])

    def _settle_by_number(
        self, connection: Connection, left: Sequence[ParkedReceipt], now: int
    ) -> tuple[list[ParkedReceipt], list[Move]]:
        """The last resort, see above; returns the receipts that settled a push, and how."""
        old = sorted({parked.destination for parked in left if now - parked.parked_at >= LAST_RESORT_MS})
        if not old:
            return [], []
        for_number: defaultdict[tuple[str, str], list[ParkedReceipt]] = defaultdict(list)
        for parked in parked_receipts.for_numbers(connection, old):
            for_number[parked.route, _digits(parked.destination)].append(parked)
        owners = subscribers.imsis_of(connection, sorted({number for _, number in for_number}))
        settled: list[ParkedReceipt] = []
        moves: list[Move] = []
        for (route, number), its in for_number.items():
            if number in owners:
                its_settled, its_moves = self._settle_uncertain(connection, owners[number], number, route, its, now)
                settled += its_settled
                moves += its_moves
        return settled, moves

    def _settle_uncertain(
        self, connection: Connection, imsi: str, number: str, route: str, parked: Sequence[ParkedReceipt], now: int
    ) -> tuple[list[ParkedReceipt], list[Move]]:
        """Settle the only push that these receipts can be about, once they are enough for all of its parts."""
        sent = only_uncertain(pushes.sent_to(connection, bucket_of(imsi), imsi), number, route)
        if sent is None:
            return [], []
        about = sorted((receipt for receipt in parked if receipt.parked_at >= sent.created_at), key=_parked_at)
        stored = pushes.load(connection, [(bucket_of(imsi), sent.id)])[sent.id]
        first = {receipt.message_id: receipt for receipt in reversed(about)}
        negative = [receipt for receipt in first.values() if receipt.state not in POSITIVE]
        arrived = len(first) - len(negative)
        parts = stored.parts or self._parts_of(connection, sent, route)
        if not tells(stored.attempts, parts, is_positive=not negative):
            return [], []
        if negative:
            detail = f"by its number: {said(negative[0], 0).partition(': ')[2]}"
            moves = [moved_by_report(stored, Event.FAIL, now, detail, stored.parts, stored.delivered_parts)]
        else:
            if not arrived or not parts or stored.delivered_parts.bit_count() + arrived < parts:
                return [], []
            detail = f"by its number: receipts of {arrived} ids that nobody knows"
            moves = [moved_by_report(stored, Event.DELIVER, now, detail, parts, (1 << parts) - 1)]
        correlation.save(connection, moves, now)
        return about, moves

    def _parts_of(self, connection: Connection, sent: Sent, route: str) -> int:
        """SMS that the push was cut into; 0 where it cannot be composed any more, or the route is unknown here."""
        if route not in self.forms:
            return 0
        try:
            profile = self._catalogue.version(connection, sent.settings, sent.version)
            outgoing, _ = compose(self._devices.known, self._seal, sent, profile, sent.attempts - 1)
        except (LookupError, EncodeError, UnsealError, *UNUSABLE):
            return 0
        by_route = self._routes[route]
        return by_route.pdu_count(len(outgoing.parts), outgoing.coding(by_route.config))


def _parked(receipt: Receipt, now: int) -> ParkedReceipt:
    message_id = normal_form(receipt.message_id)
    return ParkedReceipt(
        bucket_of(message_id),
        receipt.route,
        message_id,
        receipt.destination[:21],
        receipt.state,
        receipt.error,
        receipt.vendor,
        now,
        now + PAUSE_MIN_MS,
        now + KEPT_MS,
    )


def _put_off(parked: ParkedReceipt, now: int) -> ParkedReceipt:
    """To be looked for again after half of its age, and at the end of its time."""
    pause_ms = min(max((now - parked.parked_at) // 2, PAUSE_MIN_MS), PAUSE_MAX_MS)
    return parked._replace(look_at=min(now + pause_ms, parked.until))


def _parked_at(parked: ParkedReceipt) -> int:
    return parked.parked_at


def _digits(destination: str) -> str:
    """An international number without what is written before it."""
    return destination.lstrip("+0")
