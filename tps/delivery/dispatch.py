"""Dispatch: claim what is due, compose it, hand it to the routes. As much as they have room for, never more.

The claim is on the disk before anything is written to a link: a push in QUEUED has certainly not been sent.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

import structlog

from bootstrap.mac import Method
from encoders.errors import EncodeError
from tps.decisions.push_life import Event, State, move
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
LEASE_MS = 120_000
"""How long a node may keep a push in SENDING: longer than any window takes to drain and any response to time out."""
NO_ROUTE_PAUSE_MS = 2_000
IDLE_S = 0.25
"""Longest pause when nothing is due or no route has room."""


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

    def stop(self) -> None:
        """Claim nothing more."""
        self._stopping = True
        self._wake.set()

    async def run(self) -> None:
        """Claim and send until stopped."""
        while not self._stopping:
            self._wake.clear()
            room = sum(route.room() for route in self._routes)
            limit = min(CLAIM_MAX, -(-room // PARTS_EXPECTED))
            try:
                claimed = await self._database.write(partial(self._claim, limit=limit)) if limit else []
                await self._send(claimed)
            except RetryLaterError:
                log.warning("dispatch.waits_for_the_store")
                await asyncio.sleep(IDLE_S)
                continue
            if not claimed:
                await self._sleep()

    async def _sleep(self) -> None:
        """Until a push is stored or an answer makes room; a route that comes up is seen after `IDLE_S`."""
        try:
            await asyncio.wait_for(self._wake.wait(), IDLE_S)
        except TimeoutError:
            return

    def _claim(self, connection: Connection, limit: int) -> list[tuple[DuePush, Profile]]:
        """Take due pushes under this node's lease; those whose validity has ended end here."""
        now = self._clock()
        due = pushes.due(connection, now, limit)
        sendable: list[tuple[DuePush, Profile]] = []
        moves: list[Move] = []
        for push in due:
            if push.expires_at <= now:
                moves.append(_moved(push, State.QUEUED, Event.EXPIRE, now, detail="before it could be sent"))
                continue
            try:
                profile = self._catalogue.version(connection, push.settings, push.version)
            except (LookupError, *UNUSABLE) as error:
                moves.append(_moved(push, State.QUEUED, Event.REFUSE, now, detail=str(error)))
                continue
            moves.append(_moved(push, State.QUEUED, Event.CLAIM, now, owner=self._node, until=now + LEASE_MS))
            sendable.append((push, profile))
        pushes.save(connection, moves, now)
        return sendable

    async def _send(self, claimed: Sequence[tuple[DuePush, Profile]]) -> None:
        """Compose and submit; what no route can take, or nobody can encode, goes back or ends."""
        now = self._clock()
        returned: list[Move] = []
        messages: defaultdict[Route, list[Message]] = defaultdict(list)
        departing: list[Flight] = []
        for push, profile in claimed:
            route = self._routes.choose(push.msisdn)
            if route is None:
                returned.append(
                    _moved(
                        push, State.SENDING, Event.RELEASE, now, detail="no route is up", until=now + NO_ROUTE_PAUSE_MS
                    )
                )
                continue
            try:
                parts = self._composed(push, profile)
            except (EncodeError, UnsealError) as error:
                returned.append(_moved(push, State.SENDING, Event.REFUSE, now, detail=str(error)))
                continue
            messages[route].append((push.id, push.msisdn, parts))
            departing.append(Flight(push, route.name, route.pdu_count(len(parts)), profile.policy.max_attempts))
        self._flights.depart(departing)
        for route, batch in messages.items():
            route.submit(batch)
        if returned:
            await self._database.write(lambda connection: pushes.save(connection, returned, now))

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
    ended = after in (State.FAILED, State.EXPIRED)
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
