"""How soon after a fault a push is DELIVERED again, by the histories in the store."""

import bisect
import re
from collections.abc import Sequence
from typing import NamedTuple

from tps.store.database import Connection, Database

_FIRST = re.compile(r"(\d+) ")
_DELIVERED = re.compile(r"^(\d+) \S+ DELIVERED", re.MULTILINE)


class Delivery(NamedTuple):
    """When a push was accepted by the server, and when it was DELIVERED, in milliseconds since 1970-01-01 UTC."""

    accepted_ms: int
    delivered_ms: int


def deliveries(store_url: str) -> list[Delivery]:
    """All pushes that were DELIVERED, in the order in which they were."""
    database = Database(store_url)
    try:
        histories = database.read_now(_histories)
    finally:
        database.close()
    return sorted((made for history in histories if (made := _delivery(history))), key=lambda made: made.delivered_ms)


def recoveries(made: Sequence[Delivery], ends_ms: Sequence[float]) -> list[float]:
    """Seconds from the end of each fault until a push was DELIVERED; without faults after which nothing was left."""
    times = [delivery.delivered_ms for delivery in made]
    places = (bisect.bisect_left(times, end_ms) for end_ms in ends_ms)
    return [(times[place] - end_ms) / 1000 for place, end_ms in zip(places, ends_ms, strict=True) if place < len(times)]


def catching_up(made: Sequence[Delivery], ends_ms: Sequence[float]) -> list[float]:
    """Seconds from the end of each fault until all was DELIVERED that had been accepted before."""
    return [
        max((delivery.delivered_ms for delivery in made if delivery.accepted_ms <= end_ms), default=end_ms) / 1000
        - end_ms / 1000
        for end_ms in ends_ms
    ]


def _delivery(history: str) -> Delivery | None:
    first, delivered = _FIRST.match(history), _DELIVERED.search(history)
    return Delivery(int(first[1]), int(delivered[1])) if first and delivered else None


def _histories(connection: Connection) -> list[str]:
    return [history for (history,) in connection.exec_driver_sql("SELECT history FROM push")]
