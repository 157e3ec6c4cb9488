"""Devices that hold an older version of settings than the newest: what a re-send begins with."""

from typing import NamedTuple

from sqlalchemy import Connection, select

from tps.decisions.push_life import State
from tps.store.schema import push
from tps.store.stretches import stretch_of, stretches


class Outdated(NamedTuple):
    """A delivered push of an older version, by which its pair is SET."""

    id: int
    imsi: str
    device: str


def page(connection: Connection, settings: str, version: int, after_id: int | None, limit: int) -> list[Outdated]:
    """Pairs that are SET for a version below `version`, in the order in which they lie, those behind `after_id`.

    All pages together go through the pushes once.
    """
    found: list[Outdated] = []
    dialect = connection.dialect.name
    first = 0 if after_id is None else stretch_of(dialect, after_id)
    for place, stretch in enumerate(stretches(dialect)[first:]):
        statement = select(push.c.id, push.c.imsi, push.c.device).where(
            stretch,
            push.c.state == int(State.DELIVERED),
            push.c.key_released == 0,
            push.c.settings == settings,
            push.c.version < version,
        )
        if after_id is not None and place == 0:
            statement = statement.where(push.c.id > after_id)
        statement = statement.order_by(push.c.id).limit(limit - len(found))
        found += [Outdated(*row) for row in connection.execute(statement)]
        if len(found) >= limit:
            break
    return found
