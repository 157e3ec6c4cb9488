"""Dispatch: claim what is due, compose it, hand it to the routes. As much as they have room for, never more.

The claim is on the disk before anything is written to a link: a push in QUEUED has certainly not been sent.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

import msgspec
import structlog

from encoders.errors import EncodeError
from tps.decisions.policy import PIN_PLACE, DeliveryPolicy
from tps.decisions.push_life import OPEN_STATES, Event, State, move
from tps.delivery.attend import LEASE_MS
from tps.delivery.catalogue import UNUSABLE, Catalogue, Profile
from tps.delivery.device_knowledge import Devices
from tps.delivery.flights import Flight, Flights
from tps.delivery.handover import Departing, Handover
from tps.delivery.node_lease import NodeLease
from tps.delivery.push_secrets import open_secrets
from tps.delivery.push_sms import compose
from tps.delivery.texts import Texts
from tps.delivery.unsent import why_unsent
from tps.errors import RetryLaterError
from tps.smpp.routes import Route, Routes
from tps.store import pushes
from tps.store.database import Connection, Database
from tps.store.pushes import DuePush, Move, history_line
from tps.store.sealing import Seal, UnsealError

if TYPE_CHECKING:
    from tps.smpp.submit_sm import Coding, Message

log = structlog.get_logger(__name__)

CLAIM_MAX = 500
"""Pushes claimed in one transaction."""
PARTS_EXPECTED = 3
"""Segments a push is reckoned with when routes say how many PDUs they have room for."""
DEFER_MIN_MS, DEFER_MAX_MS = 1_000, 60_000
"""Pause of a push whose route is down or full while others are not: a quarter of its age, so ever rarer."""
IDLE_S = 0.25
"""How often to look whether anything has become due on the disk, and whether a route has come up."""


class Claimed(msgspec.Struct, frozen=True, gc=False):
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
        devices: Devices,
        routes: Routes,
        flights: Flights,
        texts: Texts,
        handover: Handover,
        *,
        lease: NodeLease,
        clock: Callable[[], int],
        wake: asyncio.Event,
    ) -> None:
        self._database = database
        self._catalogue = catalogue
        self._seal = seal
        self._devices = devices
        self._routes = routes
        self._flights = flights
        self._texts = texts
        self._lease = lease
        self._clock = clock
        self._handover = handover
        self._wake = wake
        self._look = asyncio.Event()
        self._stopping = False
        self._is_behind = False
        """The last claim took all it could: more waits on the disk."""
        self._claiming = 0
        """Pushes that a claim under way may take."""
        self._returned: list[Move] = []

    def stop(self) -> None:
        """Claim nothing more."""
        self._stopping = True
        self._wake.set()
        self._look.set()

    async def run(self) -> None:
        """Send what is handed over and claim what waits on the disk, until stopped.

        Two tasks, so that what is handed over never waits for the commit of a claim.
        """
        async with asyncio.TaskGroup() as group:
            group.create_task(self._claim_until_stopped(), name="dispatch-claim")
            while not self._stopping:
                self._wake.clear()
                self._send(self._routed(self._handover.take_over()))
                room = self._free_pushes() - self._claiming
                self._handover.open_for(room, capacity=self._capacity(), is_behind=self._is_behind)
                if self._handover.waiting_on_disk or self._returned:
                    self._look.set()
                await self._wake.wait()
        self._handover.open_for(0, capacity=0, is_behind=True)
        self._send(self._routed(self._handover.take_over()))
        await self._return_to_the_disk()

    async def _claim_until_stopped(self) -> None:
        """Claim what is due, as much as there is room for, as long as anything waits on the disk."""
        while not self._stopping:
            self._look.clear()
            try:
                if not self._handover.waiting_on_disk and not self._returned:
                    self._handover.waiting_on_disk = await self._database.read(self._is_due)
                if (self._handover.waiting_on_disk or self._returned) and await self._claim_and_send():
                    self._wake.set()  # the room is reckoned anew
            except RetryLaterError:
                log.warning("dispatch.waits_for_the_store")
                self._handover.waiting_on_disk = True
                await asyncio.sleep(IDLE_S)
            try:
                async with asyncio.timeout(IDLE_S):
                    await self._look.wait()
            except TimeoutError:
                self._wake.set()  # a route may have come up

    def _is_due(self, connection: Connection) -> bool:
        return pushes.is_any_due(connection, self._clock())

    async def _claim_and_send(self) -> bool:
        """One claim; False where no route has room. The disk holds no more when it took less than it could."""
        granted = self._handover.granted * PARTS_EXPECTED
        rooms = {route: max(0, _worthwhile(route) - granted) for route in self._routes}
        limit = min(CLAIM_MAX, -(-sum(rooms.values()) // PARTS_EXPECTED))
        if not limit and not self._returned:
            return False
        self._claiming = limit
        self._handover.waiting_on_disk = False
        returned, self._returned = self._returned, []
        try:
            due, claimed = await self._database.write(partial(self._claim, limit=limit, rooms=rooms, returned=returned))
        except RetryLaterError:
            self._returned += returned
            raise
        finally:
            self._claiming = 0
        self._is_behind = due == limit
        self._handover.waiting_on_disk |= self._is_behind
        self._send(claimed)
        return limit > 0

    async def _return_to_the_disk(self) -> None:
        """Save what nobody could send when we stopped, or it would come back as UNCERTAIN.

        Where the store is away, this waits for it, for as long as stopping may take.
        """
        while self._returned:
            try:
                await self._database.write(lambda connection: pushes.save(connection, self._returned, self._clock()))
                self._returned = []
            except RetryLaterError:
                log.warning("dispatch.waits_for_the_store")
                await asyncio.sleep(IDLE_S)

    def _free_pushes(self) -> int:
        """Pushes that the routes have room for, by a cautious reckoning; none while this node's lease is in doubt."""
        if not self._lease.held:
            return 0
        return sum(route.room() for route in self._routes if route.up) // PARTS_EXPECTED

    def _capacity(self) -> int:
        """Pushes that the routes have room for when nothing is on its way."""
        return sum(route.capacity for route in self._routes) // PARTS_EXPECTED

    def _routed(self, departing: Sequence[Departing]) -> list[Claimed]:
        """With a route each; those that no route takes any more go back to the queue."""
        now = self._clock()
        routed: list[Claimed] = []
        choose = self._routes.chooser()
        for each in departing:
            push = each.push
            route = choose(push.msisdn)
            if route is None:
                until = now + DEFER_MIN_MS
                self._returned.append(self._given_up(push, Event.RELEASE, now, detail="no route is up", until=until))
            else:
                routed.append(Claimed(push, each.profile, route))
        return routed

    def _claim(
        self, connection: Connection, *, limit: int, rooms: Mapping[Route, int], returned: Sequence[Move]
    ) -> tuple[int, list[Claimed]]:
        """Take due pushes under this node's lease, as far as their routes have room; the others get another time.

        Returns how many were due, and those that were taken.
        """
        now = self._clock()
        pushes.save(connection, returned, now)
        if not self._lease.held:  # others may find this node dead, and all that it claims nobody's
            return 0, []
        left, choose = dict(rooms), self._routes.chooser()
        claimed: list[Claimed] = []
        moves: list[Move] = []
        due = pushes.due(connection, now, limit)
        if due:
            self._devices.refresh(connection, self._catalogue.fresh(connection).device_changes)
        for push in due:
            if push.id in self._flights:  # its landing was committed and nobody heard of it: it will be written again
                moves.append(_deferred(push, now))
                continue
            ended = _why_ended(push, self._routes, now)
            if ended is not None:
                moves.append(_moved(push, State.QUEUED, ended[0], now, detail=ended[1]))
                continue
            route = choose(push.msisdn)
            if route is None or left[route] <= 0:
                moves.append(_deferred(push, now))
                continue
            try:
                profile = self._catalogue.version(connection, push.settings, push.version)
            except (LookupError, *UNUSABLE) as error:
                moves.append(_moved(push, State.QUEUED, Event.REFUSE, now, detail=str(error)))
                continue
            left[route] -= PARTS_EXPECTED
            claim = _moved(push, State.QUEUED, Event.CLAIM, now, owner=self._lease.instance, until=now + LEASE_MS)
            # What arrived of an earlier attempt makes no whole document with parts of this one.
            moves.append(claim._replace(route=route.name, delivered_parts=0))
            claimed.append(Claimed(push, profile, route))
        pushes.save(connection, moves, now)
        return len(due), claimed

    def _send(self, claimed: Sequence[Claimed]) -> None:
        """Compose and submit; what nobody can encode is returned with the next claim."""
        now = self._clock()
        messages: defaultdict[tuple[Route, Coding | None], list[Message]] = defaultdict(list)
        departing: list[Flight] = []
        known, seal = self._devices.known, self._seal
        for each in claimed:
            push, profile, route = each.push, each.profile, each.route
            try:
                outgoing, remarks = compose(known, seal, push, profile, push.attempts)
            except (EncodeError, UnsealError) as error:
                self._returned.append(self._given_up(push, Event.REFUSE, now, detail=str(error)))
                continue
            parts, coding = outgoing.parts, outgoing.coding(route.config)
            messages[route, coding].append((push.id, push.msisdn, parts))
            pdus = route.pdu_count(len(parts), coding)
            age_s = (now - push.created_at) / 1000
            departing.append(Flight(push, route.name, pdus, profile.policy.max_attempts, age_s, remarks=remarks))
            if profile.policy.pin_message is not None and coding is None:
                self._send_pin(push, profile.policy, route)
        self._flights.depart(departing)
        self._handover.note_sent(len(departing))
        for (route, coding), batch in messages.items():
            route.submit(batch, coding)

    def _send_pin(self, push: DuePush, policy: DeliveryPolicy, route: Route) -> None:
        """The PIN in a message of its own: ahead of each attempt, or once an attempt was accepted."""
        pin = open_secrets(self._seal, push.sealed_secrets, push.id).pin
        if pin is None or policy.pin_message is None:
            return
        text = policy.pin_message.replace(PIN_PLACE, pin)
        if policy.pin_message_first:
            self._texts.send(route, push.msisdn, text)
        else:
            self._texts.hold(push.id, route, push.msisdn, text)

    def _given_up(self, push: DuePush, event: Event, now: int, *, detail: str, until: int | None = None) -> Move:
        """A push that this node has claimed and did not send, unless another node has taken it meanwhile."""
        given_up = _moved(push, State.SENDING, event, now, detail=detail, until=until)
        return given_up._replace(held_by=self._lease.instance)


def _worthwhile(route: Route) -> int:
    """The room of a route, 0 while less than half of it is free: a few large claims cost less than many small ones."""
    room = route.room()
    return room if room * 2 >= route.capacity else 0


def _why_ended(push: DuePush, routes: Routes, now: int) -> tuple[Event, str] | None:
    """What ends a due push instead of its being sent."""
    if push.key_released:
        return Event.CANCEL, "its subscriber or its device was removed"
    if push.expires_at <= now:
        return Event.EXPIRE, why_unsent(routes, push.msisdn)
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
