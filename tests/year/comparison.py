"""The store at the end of a year, held against the model."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, select

from tests.year.model import Key, Model, Sighting
from tps.decisions.push_life import State
from tps.store import subscribers
from tps.store.schema import pair, push

SHOWN = 3
ACCOUNTS = 1000


def differences(connection: Connection, model: Model) -> list[str]:
    """What is stored otherwise than it should be: devices, the newest of each SIM, pushes, held keys."""
    newest = {imsi: model.newest(imsi) for imsi in model.accounts}
    compared: dict[str, tuple[Mapping[Any, Any], Mapping[Any, Any]]] = {
        "devices": (_devices(connection), model.devices),
        "newest devices": (_newest(connection, list(newest)), newest),
        "pushes": (_pushes(connection), model.all_pushes()),
        "held keys": (_held(connection), model.held),
    }
    return [line for name, (stored, expected) in compared.items() for line in _different(name, stored, expected)]


def _different(name: str, stored: Mapping[Any, Any], expected: Mapping[Any, Any]) -> Iterable[str]:
    keys = [key for key in stored.keys() | expected.keys() if stored.get(key) != expected.get(key)]
    for key in keys[:SHOWN]:
        yield f"{name}, {len(keys)} of {len(expected)}: {key}: {stored.get(key)} stored, {expected.get(key)} expected"


def _devices(connection: Connection) -> dict[str, dict[str, Sighting]]:
    found: defaultdict[str, dict[str, Sighting]] = defaultdict(dict)
    for row in connection.execute(select(pair.c.imsi, pair.c.device, pair.c.last_seen_at, pair.c.dirty)):
        found[row.imsi][row.device] = Sighting(row.last_seen_at, is_dirty=row.dirty is not None)
    return found


def _newest(connection: Connection, imsis: list[str]) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for start in range(0, len(imsis), ACCOUNTS):
        rows = subscribers.load(connection, imsis[start : start + ACCOUNTS])
        found |= {imsi: row.device for imsi, row in rows.items()}
    return found


def _pushes(connection: Connection) -> Counter[tuple[Key, str]]:
    rows = connection.execute(select(push.c.imsi, push.c.device, push.c.version, push.c.state))
    return Counter((Key(imsi, device, version), State(state).name) for imsi, device, version, state in rows)


def _held(connection: Connection) -> dict[Key, str]:
    columns = push.c.imsi, push.c.device, push.c.version, push.c.state
    rows = connection.execute(select(*columns).where(push.c.key_released == 0)).all()
    return {Key(imsi, device, version): State(state).name for imsi, device, version, state in rows}
