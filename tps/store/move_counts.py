"""How many pushes were moved by each event, counted with the transactions that move them: not what is rolled back."""

from collections import Counter
from collections.abc import Iterable

from sqlalchemy import Connection

_NOTED = "move_counts"


def note(connection: Connection, events: Iterable[str]) -> None:
    """This transaction moves a push by each of these events."""
    noted: Counter[str] = connection.info.setdefault(_NOTED, Counter())
    noted.update(events)


def take(connection: Connection) -> Counter[str]:
    """What was noted since the last time, and is noted no more."""
    noted: Counter[str] = connection.info.pop(_NOTED, Counter())
    return noted
