"""The devices that each SIM was seen in. Whether a pair is SET stands in its pushes (`tps.store.pushes`)."""

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

from sqlalchemy import Connection, case, delete, func, select, true

from tps.store import changes
from tps.store.batches import Batch, Prepared, inserting
from tps.store.schema import pair, push


class Pair(NamedTuple):
    """A SIM seen in a device. `dirty` is why the identity proves nothing, or None."""

    bucket: int
    imsi: str
    device: str
    software_version: str | None
    dirty: str | None
    source: str
    first_seen_at: int
    last_seen_at: int


class SettingsState(NamedTuple):
    """What a pair's key holds for one settings fingerprint."""

    device: str
    settings: str
    version: int
    state: int
    push_id: int
    changed_at: int


def note(connection: Connection, pairs: Sequence[Pair]) -> None:
    """Create these or note that they were seen again; a sighting older than what is known only widens the time."""
    if not pairs:
        return
    changes.note(connection, [row.imsi for row in pairs])
    statement, batch = _note(connection.dialect.name)
    merged = {row[:3]: row for row in pairs}
    if len(merged) < len(pairs):  # one statement may not touch a row twice
        merged = {}
        for row in pairs:
            other = merged.get(row[:3])
            merged[row[:3]] = row if other is None else _merge(other, row)
    statement.run(connection, batch.parameters([merged[key] for key in sorted(merged)]))


def of_subscriber(connection: Connection, bucket: int, imsi: str) -> list[Pair]:
    """The devices this SIM was seen in, the newest first."""
    columns = [pair.c[name] for name in Pair._fields]
    statement = (
        select(*columns).where(pair.c.bucket == bucket, pair.c.imsi == imsi).order_by(pair.c.last_seen_at.desc())
    )
    return [Pair(*row) for row in connection.execute(statement)]


def settings_states(connection: Connection, bucket: int, imsi: str) -> list[SettingsState]:
    """What the keys of this SIM's pairs hold: the open and the delivered pushes."""
    statement = select(
        push.c.device, push.c.settings, push.c.version, push.c.state, push.c.id, push.c.changed_at
    ).where(push.c.bucket == bucket, push.c.imsi == imsi, push.c.key_released == 0)
    return [SettingsState(*row) for row in connection.execute(statement)]


def forget(connection: Connection, bucket: int, imsi: str, device: str | None = None) -> int:
    """Forget the devices of this SIM (or one of them); returns how many."""
    changes.note_forgotten(connection, imsi)
    where = [pair.c.bucket == bucket, pair.c.imsi == imsi]
    if device is not None:
        where.append(pair.c.device == device)
    return connection.execute(delete(pair).where(*where)).rowcount


def _merge(older: Pair, newer: Pair) -> Pair:
    last = newer if newer.last_seen_at >= older.last_seen_at else older
    return last._replace(
        first_seen_at=min(older.first_seen_at, newer.first_seen_at),
        last_seen_at=max(older.last_seen_at, newer.last_seen_at),
    )


@cache
def _note(dialect: str) -> tuple[Prepared, Batch]:
    batch = Batch(dialect, ("dirty", "source"), **{name: pair.c[name].type for name in Pair._fields})
    rows = select(*(batch.c[name] for name in Pair._fields)).select_from(batch.source).where(true())
    statement = inserting(dialect, pair, Pair._fields, rows)
    new = statement.excluded
    is_newer = new.last_seen_at >= pair.c.last_seen_at
    greater, lesser = (func.max, func.min) if dialect == "sqlite" else (func.greatest, func.least)
    changed = {
        "software_version": case(
            (is_newer, func.coalesce(new.software_version, pair.c.software_version)), else_=pair.c.software_version
        ),
        "dirty": case((is_newer, new.dirty), else_=pair.c.dirty),
        "source": case((is_newer, new.source), else_=pair.c.source),
        "first_seen_at": lesser(new.first_seen_at, pair.c.first_seen_at),
        "last_seen_at": greater(new.last_seen_at, pair.c.last_seen_at),
    }
    key = [pair.c.bucket, pair.c.imsi, pair.c.device]
    return Prepared(dialect, statement.on_conflict_do_update(index_elements=key, set_=changed)), batch
