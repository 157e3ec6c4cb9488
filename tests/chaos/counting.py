"""What became of the pushes: the SMSC's own record and the handsets', held against the histories in the store."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tps.sim.smsc_record import RecordLine, read_record
from tps.store.database import Connection, Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """The figures of one run."""

    pushes: int
    """Acknowledged by the server."""
    lost: int
    """Of these, those that the SMSC never accepted a whole document of."""
    not_installed: int
    """Of these, those that no handset installed: its document was never whole there, or its MAC was wrong."""
    stuck: int
    """Of these, those that are still open."""
    missing: int
    """Of these, those that are not in the store."""
    uncertain: int
    """Those that were UNCERTAIN once at least."""
    doubled: int
    """Those that the SMSC accepted a whole document of more than once."""
    doubled_unexplained: int
    """Of these, those that were not UNCERTAIN as often."""
    installed_again: int
    """Those that a handset installed more than once."""
    installed_again_unexplained: int
    """Of these, those that were not UNCERTAIN as often."""
    parts: int
    """submit_sm that the SMSC accepted."""

    @property
    def is_promise_kept(self) -> bool:
        """Never lost, never twice, never stuck."""
        return not (
            self.lost
            or self.not_installed
            or self.stuck
            or self.missing
            or self.doubled_unexplained
            or self.installed_again_unexplained
        )

    def as_dict(self) -> dict[str, Any]:
        """By name."""
        return asdict(self)


def whole_documents(lines: Iterable[RecordLine]) -> dict[str, int]:
    """How often the SMSC accepted every part of one attempt, by number."""
    attempts: defaultdict[tuple[str, int], Counter[int]] = defaultdict(Counter)
    parts: dict[str, int] = {}
    for line in lines:
        attempts[line.destination, line.reference][line.part] += 1
        parts[line.destination] = line.parts
    whole: Counter[str] = Counter()
    for (destination, _), seen in attempts.items():
        whole[destination] += min(seen[part] for part in range(1, parts[destination] + 1))
    return dict(whole)


def count(record: Path, store_url: str, *, acknowledged: Collection[str], installed: Mapping[str, int]) -> Count:
    """The figures, when nothing moves any more.

    `acknowledged` are the numbers to which the server acknowledged a push, `installed` is how often each handset
    installed a document.
    """
    lines = list(read_record(record))
    whole = whole_documents(lines)
    stored = _stored(store_url)
    return Count(
        pushes=len(acknowledged),
        lost=sum(not whole.get(number) for number in acknowledged),
        not_installed=sum(not installed.get(number) for number in acknowledged),
        stuck=sum(number in stored and stored[number][0] for number in acknowledged),
        missing=sum(number not in stored for number in acknowledged),
        uncertain=sum(times > 0 for _, times in stored.values()),
        doubled=sum(times > 1 for times in whole.values()),
        doubled_unexplained=unexplained(whole, stored),
        installed_again=sum(times > 1 for times in installed.values()),
        installed_again_unexplained=unexplained(installed, stored),
        parts=len(lines),
    )


def unexplained(times: Mapping[str, int], stored: Mapping[str, tuple[bool, int]]) -> int:
    """Numbers that something reached once more than their push was UNCERTAIN, or oftener."""
    return sum(often > 1 + stored[number][1] for number, often in times.items() if often > 1)


def _stored(url: str) -> dict[str, tuple[bool, int]]:
    """Number -> whether its push is open, and how often it was UNCERTAIN."""
    database = Database(url)
    try:
        return database.read_now(_rows)
    finally:
        database.close()


def _rows(connection: Connection) -> dict[str, tuple[bool, int]]:
    # The states from QUEUED to HELD are open.
    rows = connection.exec_driver_sql("SELECT msisdn, state <= 4, history FROM push")
    return {msisdn: (bool(is_open), history.count(" UNCERTAIN")) for msisdn, is_open, history in rows}
