"""Settings on disk: every version ever published, its body sealed. The newest version of a name is active."""

from functools import cache
from typing import NamedTuple

from sqlalchemy import Connection, func, insert, select
from sqlalchemy.exc import IntegrityError

from tps.store import changes
from tps.store.batches import Fetching
from tps.store.schema import device_change, settings


class StoredSettings(NamedTuple):
    """One version of named settings; `kind` is neutral or document, `policy` is JSON."""

    name: str
    version: int
    kind: str
    sealed_body: str
    fingerprint: int
    policy: str
    note: str
    created_at: int


_COLUMNS = tuple(settings.c[name] for name in StoredSettings._fields)


class VersionTakenError(Exception):
    """Another node has stored this version meanwhile: find the newest in a new transaction."""


def add(connection: Connection, row: StoredSettings) -> None:
    """Store a new version; `VersionTakenError` where there is one of its number."""
    changes.note_everybody(connection)
    try:
        connection.execute(insert(settings).values(row._asdict()))
    except IntegrityError as error:
        raise VersionTakenError(f"{row.name}, version {row.version}") from error


class Generation(NamedTuple):
    """What changes whenever a version is stored, and whenever device models are."""

    versions: int
    newest_at: int
    device_changes: int = 0


def generation(connection: Connection) -> Generation:
    """Changes whenever a version is stored, at whichever node; one statement tells of device models, too."""
    return _generation(connection.dialect.name).fetch(connection, {})[0]


def find(connection: Connection, name: str, version: int | None = None) -> StoredSettings | None:
    """This version of `name` (None: the newest)."""
    statement = select(*_COLUMNS).where(settings.c.name == name).order_by(settings.c.version.desc()).limit(1)
    if version is not None:
        statement = statement.where(settings.c.version == version)
    row = connection.execute(statement).one_or_none()
    return None if row is None else StoredSettings(*row)


def versions(connection: Connection, name: str) -> list[StoredSettings]:
    """All versions of `name`, the newest first."""
    statement = select(*_COLUMNS).where(settings.c.name == name).order_by(settings.c.version.desc())
    return [StoredSettings(*row) for row in connection.execute(statement)]


def active(connection: Connection) -> list[StoredSettings]:
    """The newest version of every name."""
    newest = select(settings.c.name, func.max(settings.c.version).label("version")).group_by(settings.c.name).subquery()
    statement = (
        select(*_COLUMNS)
        .join(newest, (settings.c.name == newest.c.name) & (settings.c.version == newest.c.version))
        .order_by(settings.c.name)
    )
    return [StoredSettings(*row) for row in connection.execute(statement)]


def names(connection: Connection) -> frozenset[str]:
    """The names under which settings are published."""
    return frozenset(connection.execute(select(settings.c.name).distinct()).scalars())


@cache
def _generation(dialect: str) -> Fetching[Generation]:
    versions, newest_at = func.count().label("versions"), func.coalesce(func.max(settings.c.created_at), 0)
    devices = func.coalesce(select(device_change.c.changes).scalar_subquery(), 0).label("device_changes")
    statement = select(versions, newest_at.label("newest_at"), devices).select_from(settings)
    return Fetching(dialect, statement, Generation)
