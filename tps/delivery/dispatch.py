"""Dispatch: claim what is due, compose it, hand it to the routes. As much as they have room for, never more.

The claim is on the disk before anything is written to a link: a push in QUEUED has certainly not been sent.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import structlog

from bootstrap.mac import Method
from encoders.errors import EncodeError
from tps.decisions.push_life import OPEN_STATES, Event, State, move
from tps.delivery.attend import LEASE_MS
from tps.delivery.catalogue import UNUSABLE, Catalogue, Profile
from tps.delivery.compose import segments_of
from tps.delivery.flights import Flight, Flights
from tps.delivery.intake import open_secrets
from tps.errors import RetryLaterError
from tps.smpp.routes import Route, Routes
from tps.store import pushes
from tps.store.database import Connection, Database
from tps.store.pushes import DuePush, Move, history_line
from tps.store.sealing import Seal, UnsealError

if TYPE_CHECKING:
    from tps.smpp.submit_sm import Message

log = structlog.get_logger(__name__)

CLAIM_MAX = 500
"""Pushes claimed in one transaction."""
PARTS_EXPECTED = 3
"""Segments a push is reckoned with when routes say how many PDUs they have room for."""
DEFER_MIN_MS, DEFER_MAX_MS = 1_000, 60_000
"""Pause of a push whose route is down or full while others are not: a quarter of its age, so ever rarer."""
IDLE_S = 0.25
"""Longest pause when nothing is due or no route has room."""


class Claimed(NamedTuple):
    """A push under this node's lease, what it shall say and the way it takes."""

    push: DuePush
    profile: Profile
    route: Route


class Dispatch:
    """Keeps the routes busy."""

    def __init__(
        self,
        database: Database,
        catalogue: Catalogue,
        seal: Seal,
        routes: Routes,
        flights: Flights,
        *,
        node: str,
        clock: Callable[[], int],
        wake: asyncio.Event,
    ) -> None:
        self._database = database
        self._catalogue = catalogue
        self._seal = seal
        self._routes = routes
        self._flights = flights
        self._node = node
        self._clock = clock
        self._wake = wake
        self._stopping = False
        self._returned: list[Move] = []

    def stop(self) -> None:
        """Claim nothing more."""
        self._stopping = True
        self._wake.set()

    async def run(self) -> None:
        """Claim and send until stopped."""
        while not self._stopping:
            self._wake.clear()
            rooms = {route: _worthwhile(route) for route in self._routes}
            limit = min(CLAIM_MAX, -(-sum(rooms.values()) // PARTS_EXPECTED))
            claim = partial(self._claim, limit=limit, rooms=rooms, returned=self._returned)
            try:
                claimed = await self._database.write(claim) if limit else []
            except RetryLaterError:
                log.warning("dispatch.waits_for_the_store")
                await asyncio.sleep(IDLE_S)
                continue
            if limit:
                self._returned = self._send(claimed)
            if not claimed and not self._returned:
                await self._sleep()

    async def _sleep(self) -> None:
        """Until a push is stored or an answer makes room; a route that comes up is seen after `IDLE_S`."""
        try:
            await asyncio.wait_for(self._wake.wait(), IDLE_S)
        except TimeoutError:
            return

    def _claim(
        self, connection: Connection, *, limit: int, rooms: Mapping[Route, int], returned: Sequence[Move]
    ) -> list[Claimed]:
        """Take due pushes under this node's lease, as far as their routes have room; the others get another time."""
        now = self._clock()
        pushes.save(connection, returned, now)
        left = dict(rooms)
        claimed: list[Claimed] = []
        moves: list[Move] = []
        for push in pushes.due(connection, now, limit):
            ended = _why_ended(push, now)
            if ended is not None:
                moves.append(_moved(push, State.QUEUED, ended[0], now, detail=ended[1]))
                continue
            route = self._routes.choose(push.msisdn)
            if route is None or left[route] <= 0:
                moves.append(_deferred(push, now))
                continue
            try:
                profile = self._catalogue.version(connection, push.settings, push.version)
            except (LookupError, *UNUSABLE) as error:
                moves.append(_moved(push, State.QUEUED, Event.REFUSE, now, detail=str(error)))
                continue
            left[route] -= PARTS_EXPECTED
            moves.append(_moved(push, State.QUEUED, Event.CLAIM, now, owner=self._node, until=now + LEASE_MS))
            claimed.append(Claimed(push, profile, route))
        pushes.save(connection, moves, now)
        return claimed

    def _send(self, claimed: Sequence[Claimed]) -> list[Move]:
        """Compose and submit; the moves of those that nobody can encode."""
        now = self._clock()
        refused: list[Move] = []
        messages: defaultdict[Route, list[Message]] = defaultdict(list)
        departing: list[Flight] = []
        for push, profile, route in claimed:
            try:
                parts = self._composed(push, profile)
            except (EncodeError, UnsealError) as error:
                refused.append(_moved(push, State.SENDING, Event.REFUSE, now, detail=str(error)))
                continue
            messages[route].append((push.id, push.msisdn, parts))
            departing.append(Flight(push, route.name, route.pdu_count(len(parts)), profile.policy.max_attempts))
        self._flights.depart(departing)
        for route, batch in messages.items():
            route.submit(batch)
        return refused

    def _composed(self, push: DuePush, profile: Profile) -> tuple[bytes, ...]:
        secrets = open_secrets(self._seal, push.sealed_secrets, push.id)
        return segments_of(
            profile,
            push_id=push.id,
            attempt=push.attempts,
            method=None if push.security is None else Method(push.security),
            imsi=push.imsi,
            pin=secrets.pin,
            values=secrets.values,
        )


def _worthwhile(route: Route) -> int:
    """The room of a route, 0 while less than half of it is free: a few large claims cost less than many small ones."""
    room = route.room()
    return room if room * 2 >= route.capacity else 0


def _why_ended(push: DuePush, now: int) -> tuple[Event, str] | None:
    """What ends a due push instead of its being sent."""
    if push.key_released:
        return Event.CANCEL, "its subscriber or its device was removed"
    if push.expires_at <= now:
        return Event.EXPIRE, "before it could be sent"
    return None


def _deferred(push: DuePush, now: int) -> Move:
    """Still QUEUED, out of the way of those that can go; no line in its history, or there would be thousands."""
    pause_ms = min(max((now - push.created_at) // 4, DEFER_MIN_MS), DEFER_MAX_MS)
    return Move(push.bucket, push.id, State.QUEUED, State.QUEUED, now + pause_ms, "")


def _moved(
    push: DuePush,
    state: State,
    event: Event,
    now: int,
    *,
    detail: str = "",
    owner: str | None = None,
    until: int | None = None,
) -> Move:
    after = move(state, event)
    ended = after not in OPEN_STATES
    return Move(
        bucket=push.bucket,
        id=push.id,
        state_before=state,
        state=after,
        attention_at=push.expires_at if until is None else until,
        line=history_line(now, event, after, detail),
        owner=owner,
        error=detail if ended else None,
        releases_key=int(ended),
    )
