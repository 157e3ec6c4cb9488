"""What came of it: the store, the SMSC's own record and the handsets', held against the devices that were told of."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

from tests.chaos.counting import whole_documents
from tps.decisions.push_life import State
from tps.sim.smsc_record import read_record
from tps.store.database import Connection, Database


class Row(NamedTuple):
    """A push of the store."""

    imsi: str
    device: str
    fingerprint: int
    state: int
    history: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """The figures; all but the first two must be 0."""

    devices: int
    """Pairs of a SIM and a device that were told of."""
    pushes: int
    without_push: int
    """Of these pairs, those that no push was made for: lost."""
    pushed_again: int
    """Pushes for a pair and a fingerprint beyond the first."""
    unasked: int
    """Pushes for pairs that nobody told of."""
    undelivered: int
    """Pushes that are not DELIVERED."""
    uncertain: int
    """Pushes that were UNCERTAIN once, though nothing went wrong."""
    smsc_too_few: int
    """Documents that the SMSC never accepted whole, by its own record."""
    smsc_too_many: int
    """Documents that it accepted beyond one for each pair."""
    installed_too_few: int
    """Documents that no handset installed."""
    installed_too_many: int
    """Documents that a handset installed beyond one for each pair."""

    @property
    def is_promise_kept(self) -> bool:
        """One push and one document for each pair: nothing lost, nothing twice."""
        wrong = {name: number for name, number in self.as_dict().items() if name not in {"devices", "pushes"}}
        return not any(wrong.values())

    def as_dict(self) -> dict[str, Any]:
        """By name."""
        return asdict(self)


def count(
    record: Path,
    store_url: str,
    *,
    devices: Mapping[str, set[str]],
    numbers: Mapping[str, str],
    installed: Mapping[str, int],
) -> Count:
    """The figures, when nothing moves any more: `devices` and `numbers` are by IMSI, `installed` is by number."""
    whole = whole_documents(read_record(record))
    return judged(_stored(store_url), whole, devices=devices, numbers=numbers, installed=installed)


def judged(
    rows: Sequence[Row],
    whole: Mapping[str, int],
    *,
    devices: Mapping[str, set[str]],
    numbers: Mapping[str, str],
    installed: Mapping[str, int],
) -> Count:
    """The same of pushes and of what the SMSC accepted whole, by number."""
    pushed = Counter((row.imsi, row.device, row.fingerprint) for row in rows)
    pairs = {(row.imsi, row.device) for row in rows}
    told = {(imsi, device) for imsi, those in devices.items() for device in those}
    wanted = {number: len(devices.get(imsi, ())) for imsi, number in numbers.items()}
    return Count(
        devices=len(told),
        pushes=len(rows),
        without_push=len(told - pairs),
        pushed_again=sum(times - 1 for times in pushed.values()),
        unasked=len(pairs - told),
        undelivered=sum(row.state != State.DELIVERED for row in rows),
        uncertain=sum(" UNCERTAIN" in row.history for row in rows),
        smsc_too_few=_missing(whole, wanted),
        smsc_too_many=_missing(wanted, whole),
        installed_too_few=_missing(installed, wanted),
        installed_too_many=_missing(wanted, installed),
    )


def _missing(found: Mapping[str, int], wanted: Mapping[str, int]) -> int:
    """How many more are wanted than found."""
    return sum(max(0, number - found.get(who, 0)) for who, number in wanted.items())


def _stored(url: str) -> list[Row]:
    database = Database(url)
    try:
        return database.read_now(_rows)
    finally:
        database.close()


def _rows(connection: Connection) -> list[Row]:
    rows = connection.exec_driver_sql("SELECT imsi, device, fingerprint, state, history FROM push")
    return [Row(*row) for row in rows]
