"""How long links waited before they connected again, read from the server's log."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

import msgspec


class LinkEvent(msgspec.Struct, frozen=True):
    """A line of the log about a link."""

    event: str
    """smpp_bound or smpp_down."""
    timestamp: datetime
    link: str


class Pauses(NamedTuple):
    """Seconds between two attempts to connect, each link by itself."""

    after_loss: list[float]
    """From the loss of a bound link to its first attempt."""
    after_failure: list[float]
    """From an attempt that failed to the next."""


_read = msgspec.json.Decoder(LinkEvent).decode


def link_events(log: Iterable[bytes]) -> list[LinkEvent]:
    """The lines about links that were bound or lost, or could not be bound."""
    return [_read(line) for line in log if b'"smpp_bound"' in line or b'"smpp_down"' in line]


def pauses(events: Iterable[LinkEvent]) -> Pauses:
    """All pauses; an attempt is told when it succeeds (smpp_bound) or fails (smpp_down of a link not bound)."""
    found = Pauses([], [])
    bound: set[str] = set()
    waiting: dict[str, tuple[datetime, list[float]]] = {}
    for line in events:
        was_bound = line.link in bound
        if not was_bound and line.link in waiting:
            since, kind = waiting[line.link]
            kind.append((line.timestamp - since).total_seconds())
        if line.event == "smpp_bound":
            bound.add(line.link)
            continue
        bound.discard(line.link)
        waiting[line.link] = line.timestamp, found.after_loss if was_bound else found.after_failure
    return found
