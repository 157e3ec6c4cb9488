"""The routes of the server: which links a batch takes, and one collection of outcomes per route."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import count
from typing import TYPE_CHECKING

import msgspec

from tps.smpp.counters import Counters
from tps.smpp.link import Link
from tps.smpp.outcomes import Inbound, Outcomes
from tps.smpp.pdus import ESME_ROK, Bind
from tps.smpp.permit import PermitOf, needs_none
from tps.smpp.route_config import RouteConfig

if TYPE_CHECKING:
    from tps.decisions.receipts import Receipt
    from tps.smpp.submit_sm import Coding, Message


class LinkStatus(msgspec.Struct, frozen=True, kw_only=True):
    """One connection as the console and the metrics show it."""

    name: str
    bind: str
    up: bool
    state: str
    """State of the session, or "down" between two connections."""
    reason: str
    """Why it is down; empty while up."""
    window: int
    """PDUs that await their response."""
    backlog: int
    """PDUs that await their place in the window."""
    rate_per_s: float | None
    """submit_sm a second that it may send now; null is no limit."""
    rate_learnt: bool
    """True while that is less than agreed, because the SMSC asked for it."""
    congestion: int | None
    """Load of the SMSC in percent, where it tells (congestion_state of SMPP 5.0)."""
    counters: Counters


class RouteStatus(msgspec.Struct, frozen=True, kw_only=True):
    """One route as the console and the metrics show it; no secret in it."""

    name: str
    host: str
    port: int
    system_id: str
    up: bool
    room: int
    rate_per_s: float | None
    """submit_sm a second that the links that are up may send now; null is no limit."""
    links: tuple[LinkStatus, ...]


class Route:
    """One account at an SMSC with all its links. Create it inside the running event loop."""

    def __init__(
        self,
        config: RouteConfig,
        *,
        outcome_ready: asyncio.Event,
        chance: Callable[[], float],
        permit_of: PermitOf = needs_none,
    ) -> None:
        self.config = config
        self.name = config.name
        self._outcomes = Outcomes()
        self._outcome_ready = outcome_ready
        numbers = count()
        kinds = (Bind.TRANSMITTER, Bind.RECEIVER) if config.bind == "pair" else (Bind.TRANSCEIVER,)
        self.links = tuple(
            Link(
                config,
                name=(name := f"smpp:{config.name}:{place}:{kind.name.lower()}"),
                bind=kind,
                outcomes=self._outcomes,
                outcome_ready=outcome_ready,
                chance=chance,
                next_number=lambda: next(numbers),
                permit=permit_of(config, name, kind),
            )
            for place in range(config.binds)
            for kind in kinds
        )
        self._senders = tuple(link for link in self.links if link.bind is not Bind.RECEIVER)
        self._turn = 0

    def __repr__(self) -> str:
        """Like <Route north, 2 of 2 links up>."""
        return f"<Route {self.name}, {sum(link.up for link in self.links)} of {len(self.links)} links up>"

    @property
    def up(self) -> bool:
        """True while a link can send."""
        return any(link.up for link in self._senders)

    def room(self) -> int:
        """PDUs the route takes now."""
        return sum(link.room() for link in self._senders)

    @property
    def capacity(self) -> int:
        """PDUs the route takes when nothing is on its way: over all links that are up."""
        return sum(link.up for link in self._senders) * self.config.backlog

    @property
    def rate_per_s(self) -> float | None:
        """submit_sm a second that the links that are up may send now; None is no limit."""
        rates = [link.pace.rate_per_s for link in self._senders if link.up]
        limited = [rate for rate in rates if rate is not None]
        return _rounded(sum(limited)) if len(limited) == len(rates) else None

    def pdu_count(self, segments: int, coding: "Coding | None" = None) -> int:
        """PDUs, and so parts in the outcomes, of so many segments: one in all for a push with carriage "payload"."""
        return 1 if coding is None and self.config.carriage == "payload" else segments

    def submit(self, batch: "Sequence[Message]", coding: "Coding | None" = None) -> None:
        """Spread messages over the links that are up, each whole on one link; what none of them takes is `unsent`.

        `coding` is for anything but a push, for example a text (see `Coding`).
        """
        senders = [link for link in self._senders if link.room() > 0]
        if not senders:
            self._refuse(batch, coding)
            return
        if len(senders) == 1:
            senders[0].submit(batch, coding)
            return
        self._turn = (self._turn + 1) % len(senders)
        senders = senders[self._turn :] + senders[: self._turn]  # so that small batches are spread too
        sizes = [self.pdu_count(len(segments), coding) for _, _, segments in batch]
        ends = _shares(sizes, [link.room() for link in senders])
        start = 0
        for link, end in zip(senders, ends, strict=True):
            if end > start:
                link.submit(batch[start:end], coding)
            start = end

    def _refuse(self, batch: "Sequence[Message]", coding: "Coding | None") -> None:
        for key, _, segments in batch:
            self._outcomes.unsent += [(key, part) for part in range(self.pdu_count(len(segments), coding))]
        self._outcome_ready.set()

    def drain_outcomes(self) -> Outcomes:
        """Everything that came back since the last call; receipts and inbound messages want to be acknowledged."""
        return self._outcomes.take()

    def acknowledge(self, delivered: "Iterable[Receipt | Inbound]", status: int = ESME_ROK) -> None:
        """Send deliver_sm_resp: the SMSC may forget them. Those of a lost connection are left out, and come again."""
        sequences: defaultdict[int, list[int]] = defaultdict(list)
        for each in delivered:
            number, sequence = each.token
            sequences[number].append(sequence)
        for link in self.links:
            if link.session is not None and link.session.number in sequences:
                link.acknowledge(sequences[link.session.number], status)

    def status(self) -> RouteStatus:
        """A snapshot for the console and the metrics."""
        config = self.config
        return RouteStatus(
            name=self.name,
            host=config.host,
            port=config.port,
            system_id=config.system_id,
            up=self.up,
            room=self.room(),
            rate_per_s=self.rate_per_s,
            links=tuple(_link_status(link) for link in self.links),
        )


def _shares(sizes: list[int], rooms: list[int]) -> list[int]:
    """Where the share of each link ends in a batch of messages of these sizes, in proportion to the links' rooms."""
    total, free = sum(sizes), sum(rooms)
    ends: list[int] = []
    place, used, room_used = 0, 0, 0
    for room in rooms:
        room_used += room
        while place < len(sizes) and used * free < total * room_used:
            used += sizes[place]
            place += 1
        ends.append(place)
    return ends


def _rounded(rate_per_s: float | None) -> float | None:
    return None if rate_per_s is None else round(rate_per_s, 1)


def _link_status(link: Link) -> LinkStatus:
    session = link.session
    return LinkStatus(
        name=link.name,
        bind=link.bind.name.lower(),
        up=link.up,
        state=session.state.value if session else "down",
        reason=link.reason,
        window=session.window.used if session else 0,
        backlog=session.window.waiting if session else 0,
        rate_per_s=_rounded(link.pace.rate_per_s),
        rate_learnt=link.pace.learnt,
        congestion=link.pace.congestion,
        counters=link.counters,
    )


class Routes:
    """All routes. Create it inside the running event loop, let `run` live in a task of its own, end it with `stop`."""

    def __init__(
        self, configs: Iterable[RouteConfig], *, chance: Callable[[], float], permit_of: PermitOf = needs_none
    ) -> None:
        """`chance` gives a number from 0 to 1 each time; it spreads the reconnections. `permit_of` limits the binds."""
        self.outcome_ready = asyncio.Event()
        """Set when something came back, and when a link has come up or gone down."""
        self._routes = {
            config.name: Route(config, outcome_ready=self.outcome_ready, chance=chance, permit_of=permit_of)
            for config in configs
        }
        self._tiers = _tiers(self._routes.values())
        self._lengths = sorted({len(prefix) for prefix in self._tiers}, reverse=True)
        self._credits = dict.fromkeys(self._routes, 0)
        self._ended = asyncio.Event()
        self._ended.set()

    def __iter__(self) -> Iterator[Route]:
        return iter(self._routes.values())

    def __getitem__(self, name: str) -> Route:
        return self._routes[name]

    async def run(self) -> None:
        """Keep all links up until `stop`; any of them failing by a defect ends them all."""
        self._ended.clear()
        try:
            async with asyncio.TaskGroup() as group:
                for route in self:
                    for link in route.links:
                        group.create_task(link.run(), name=link.name)
        finally:
            self._ended.set()

    def give_back(self) -> None:
        """Before `stop`: what is in no window yet is `unsent`; what is submitted from now on still goes."""
        for route in self:
            for link in route.links:
                link.give_back()

    async def stop(self) -> None:
        """Drain all windows, unbind, and wait until `run` has ended; outcomes still want to be drained after it."""
        for route in self:
            for link in route.links:
                link.stop()
        await self._ended.wait()

    def drop_limited(self) -> None:
        """Break the connections to accounts that allow only so many: this node's right to them is in doubt."""
        for route in self:
            for link in route.links:
                link.drop_limited()

    def serving(self, msisdn: str) -> list[Route]:
        """All routes for a number, up or not."""
        tiers = (tier for length in self._lengths for tier in self._tiers.get(msisdn[:length], ()))
        return [route for tier in tiers for route in tier]

    def choose(self, msisdn: str) -> Route | None:
        """The route for a number: longest prefix that has a route up, of these the lowest priority, then by weight."""
        return self.chooser()(msisdn)

    def chooser(self) -> Callable[[str], Route | None]:
        """`choose` for many numbers at once, as the routes are up at this moment."""
        up: dict[str, list[Route]] = {}
        for prefix, tiers in self._tiers.items():
            routes = next(filter(None, ([route for route in tier if route.up] for tier in tiers)), None)
            if routes is not None:
                up[prefix] = routes
        lengths = [length for length in self._lengths if any(len(prefix) == length for prefix in up)]

        def choose(msisdn: str) -> Route | None:
            for length in lengths:
                routes = up.get(msisdn[:length])
                if routes is not None:
                    return routes[0] if len(routes) == 1 else self._by_weight(routes)
            return None

        return choose

    def _by_weight(self, routes: list[Route]) -> Route:
        """Take turns in proportion to the weights: each gains its weight, the richest pays for all."""
        for route in routes:
            self._credits[route.name] += route.config.weight
        chosen = max(routes, key=lambda route: self._credits[route.name])
        self._credits[chosen.name] -= sum(route.config.weight for route in routes)
        return chosen

    def drain_outcomes(self) -> list[tuple[Route, Outcomes]]:
        """Everything that came back, by route; clears `outcome_ready`."""
        self.outcome_ready.clear()
        drained = ((route, route.drain_outcomes()) for route in self)
        return [(route, outcomes) for route, outcomes in drained if outcomes]

    def acknowledge(self, delivered: "Iterable[Receipt | Inbound]", status: int = ESME_ROK) -> None:
        """Acknowledge what is on disk, each to the route it came by."""
        by_route: defaultdict[str, list[Receipt | Inbound]] = defaultdict(list)
        for each in delivered:
            by_route[each.route].append(each)
        for name, its in by_route.items():
            self._routes[name].acknowledge(its, status)

    def status(self) -> tuple[RouteStatus, ...]:
        """A snapshot of every route."""
        return tuple(route.status() for route in self)


def _tiers(routes: Iterable[Route]) -> dict[str, list[list[Route]]]:
    """For each prefix its routes, grouped by priority, the first to use first."""
    groups: defaultdict[str, defaultdict[int, list[Route]]] = defaultdict(lambda: defaultdict(list))
    for route in routes:
        for prefix in route.config.prefixes:
            groups[prefix][route.config.priority].append(route)
    return {prefix: [tiers[priority] for priority in sorted(tiers)] for prefix, tiers in groups.items()}
