"""Attend: what time does to a push, once a second.

SENDING    its node died, or its lease ran out        -> UNCERTAIN
UNCERTAIN  the rule of its settings                   -> QUEUED (resend) | HELD (hold) | waits for a receipt
SENT, HELD, UNCERTAIN, QUEUED past their validity     -> EXPIRED
"""

import asyncio
from collections.abc import Callable

import structlog

from tps.decisions.identities import BUCKETS
from tps.decisions.policy import DeliveryPolicy
from tps.decisions.push_life import DEAD_LETTER_STATES, UNCERTAIN_RULES, Event, State, move
from tps.delivery.catalogue import UNUSABLE, Catalogue
from tps.delivery.flights import Flights
from tps.delivery.node_lease import NodeLease
from tps.delivery.unsent import why_unsent
from tps.errors import RetryLaterError
from tps.smpp.routes import Routes
from tps.store import access, pushes, submissions
from tps.store.database import Connection, Database
from tps.store.pushes import Move, StoredPush, history_line
from tps.store.retention import Retention

log = structlog.get_logger(__name__)

INTERVAL_S = 1.0
BATCH_MAX = 1000
LEASE_MS = 120_000
"""How long a push may be in SENDING without a sign of life, whatever its node says; renewed at half of that."""
RESEND_PAUSE_MS, RESEND_PAUSE_MAX_MS = 1_000, 3_600_000
"""Pause before an unanswered push is sent again: doubled with each attempt."""
REMEMBER_REQUESTS_MS = 24 * 3_600_000
"""How long the answer to a request with an Idempotency-Key is kept."""
SWEEP_INTERVAL_MS = 60_000
"""One bucket of what is of no use any more is swept so often: each about once an hour."""


class Attend:
    """Looks after pushes whose time has come."""

    def __init__(
        self,
        database: Database,
        catalogue: Catalogue,
        routes: Routes,
        flights: Flights,
        *,
        lease: NodeLease,
        retention: Retention,
        clock: Callable[[], int],
        wake: asyncio.Event,
    ) -> None:
        self._database = database
        self._catalogue = catalogue
        self._routes = routes
        self._flights = flights
        self._lease = lease
        self._retention = retention
        self._clock = clock
        self._wake = wake
        self._bucket = 0
        self._sweep_at = 0

    def recover(self, connection: Connection) -> int:
        """What processes that are no nodes any more had in flight is UNCERTAIN now. Returns how many pushes that is."""
        now = self._clock()
        recovered = 0
        while True:
            lost = pushes.orphaned(connection, BATCH_MAX)
            if not lost:
                return recovered
            moves = [_lost(push, now, "the server stopped while it was in flight") for push in lost]
            recovered += pushes.save(connection, moves, now)

    def leave(self, connection: Connection) -> int:
        """Be a node no more; returns how many pushes that leaves UNCERTAIN."""
        self._lease.leave(connection)
        return self.recover(connection)

    async def run(self) -> None:
        """Attend until cancelled."""
        while True:
            await asyncio.sleep(INTERVAL_S)
            try:
                if await self._database.write(self._attend):
                    self._wake.set()
            except RetryLaterError:
                log.warning("attend.waits_for_the_store")

    def _attend(self, connection: Connection) -> int:
        now = self._clock()
        moves = self._leases(connection, now) + self._uncertain(connection, now) + self._expired(connection, now)
        saved = self._take_over(connection) + pushes.save(connection, moves, now)
        self._retention.step(connection, now)
        if now >= self._sweep_at:
            self._sweep_at = now + SWEEP_INTERVAL_MS
            self._bucket = (self._bucket + 1) % BUCKETS
            submissions.remove_expired(connection, self._bucket, now)
            access.forget_before(connection, self._bucket, now - REMEMBER_REQUESTS_MS)
        return saved

    def _take_over(self, connection: Connection) -> int:
        """What dead nodes had in flight; it is looked for only where a node was found dead."""
        dead = self._lease.remove_dead(connection)
        if not dead:
            return 0
        recovered = self.recover(connection)
        log.warning("attend.took_over", nodes=dead, uncertain=recovered)
        return recovered

    def _leases(self, connection: Connection, now: int) -> list[Move]:
        """Renew what this node has in flight at half its lease; what nobody renewed in time is lost."""
        moves: list[Move] = []
        for push in pushes.needing_attention(connection, State.SENDING, now + LEASE_MS // 2, BATCH_MAX):
            if push.id in self._flights:
                moves.append(_renewed(push, now))
            elif push.attention_at <= now:
                moves.append(_lost(push, now, "its lease ran out without an outcome"))
        return moves

    def _uncertain(self, connection: Connection, now: int) -> list[Move]:
        moves: list[Move] = []
        for push in pushes.needing_attention(connection, State.UNCERTAIN, now, BATCH_MAX):
            if push.expires_at <= now:
                moves.append(_moved(push, Event.EXPIRE, now, now, "nobody knows whether it was sent"))
                continue
            try:
                policy = self._catalogue.version(connection, push.settings, push.version).policy
            except (LookupError, *UNUSABLE) as error:
                moves.append(_moved(push, Event.HOLD, now, push.expires_at, str(error)))
                continue
            moves.append(_by_rule(push, policy, now))
        return moves

    def _expired(self, connection: Connection, now: int) -> list[Move]:
        moves: list[Move] = []
        for state, detail in ((State.SENT, "no receipt came"), (State.HELD, "nobody released it")):
            overdue = pushes.needing_attention(connection, state, now, BATCH_MAX)
            moves += [_moved(push, Event.EXPIRE, now, now, detail) for push in overdue]
        queued = pushes.queued_past_validity(connection, now, BATCH_MAX)
        return moves + [
            _moved(push, Event.EXPIRE, now, now, why_unsent(self._routes, msisdn, history))
            for msisdn, history, push in queued
        ]


def _moved(push: StoredPush, event: Event, now: int, attention_at: int, detail: str) -> Move:
    before = State(push.state)
    after = move(before, event)
    ended = after is State.EXPIRED
    is_dead_letter = after in DEAD_LETTER_STATES
    return Move(
        bucket=push.bucket,
        id=push.id,
        state_before=before,
        state=after,
        attention_at=attention_at,
        line=history_line(now, event, after, detail),
        error=detail if is_dead_letter else None,
        releases_key=int(ended),
    )


def _by_rule(push: StoredPush, policy: DeliveryPolicy, now: int) -> Move:
    """What the settings say about a push that may have been sent; with its attempts used up, a person must look."""
    event = UNCERTAIN_RULES[policy.uncertain]
    if event is None:
        return _waiting(push, now)
    attempts = push.attempts - push.attempts_before
    if event is Event.RESEND and attempts >= policy.max_attempts:
        return _moved(push, Event.HOLD, now, push.expires_at, f"no answer after {attempts} attempts")
    pause_ms = min(RESEND_PAUSE_MS << attempts - 1, RESEND_PAUSE_MAX_MS) if attempts else 0
    until = now + pause_ms if event is Event.RESEND else push.expires_at
    return _moved(push, event, now, until, f"the settings' rule is {policy.uncertain}")


def _lost(push: StoredPush, now: int, detail: str) -> Move:
    """It was in flight, which counts as an attempt."""
    return _moved(push, Event.LOSE, now, now, detail)._replace(attempts=push.attempts + 1, held_by=push.owner)


def _renewed(push: StoredPush, now: int) -> Move:
    state = State(push.state)
    return Move(push.bucket, push.id, state, state, now + LEASE_MS, "", owner=push.owner, held_by=push.owner)


def _waiting(push: StoredPush, now: int) -> Move:
    """Stay UNCERTAIN until a receipt comes or the validity ends."""
    state = State(push.state)
    line = history_line(now, "wait", state, "the settings' rule is wait")
    return Move(push.bucket, push.id, state, state, push.expires_at, line)
