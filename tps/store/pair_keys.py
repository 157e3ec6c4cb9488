"""The key of a pair and its settings: (IMSI, device, settings fingerprint), held by at most one push.

An open or delivered push holds it (`push.key_released` is 0); the unique index keeps the promise. A delivered holder
means that the pair is SET.
"""

import contextlib
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

from sqlalchemy import BigInteger, Connection, SmallInteger, String, exists, select, update
from sqlalchemy.exc import IntegrityError

from tps.decisions.push_life import State
from tps.store import changes
from tps.store.batches import Batch, Fetching
from tps.store.schema import push


class PairKey(NamedTuple):
    """What at most one push may hold: this subscriber, on this device, with these settings."""

    bucket: int
    imsi: str
    device: str
    fingerprint: int


class Holder(NamedTuple):
    """The push that holds a pair's key."""

    place: int
    id: int
    state: int


def holders(connection: Connection, keys: Sequence[PairKey]) -> list[Holder]:
    """Which of these keys are held: `place` is the place in `keys`."""
    statement, batch = _holders(connection.dialect.name)
    rows = [(place, *key) for place, key in enumerate(keys)]
    return statement.fetch(connection, batch.parameters(rows))


def release(
    connection: Connection, bucket: int, imsi: str, device: str | None = None, fingerprint: int | None = None
) -> None:
    """Let go of the keys that this subscriber's pushes hold (all, or for one device or fingerprint)."""
    changes.note(connection, [imsi])
    where = [push.c.bucket == bucket, push.c.imsi == imsi, push.c.key_released == 0]
    if device is not None:
        where.append(push.c.device == device)
    if fingerprint is not None:
        where.append(push.c.fingerprint == fingerprint)
    connection.execute(update(push).where(*where).values(key_released=push.c.id))


def is_replaced(
    connection: Connection, bucket: int, imsi: str, device: str, settings: str | None, delivered: int
) -> bool:
    """Whether this device was given something else after the push `delivered`, or may yet get what has left.

    That is other content of these settings; with `settings` None, of any.
    """
    later = select(push.c.id).where(
        push.c.bucket == bucket,
        push.c.imsi == imsi,
        push.c.device == device,
        push.c.key_released == 0,
        (push.c.state != int(State.QUEUED)) | (push.c.attempts > 0),
        push.c.id > delivered,
    )
    if settings is not None:
        later = later.where(push.c.settings == settings)
    return connection.execute(select(later.exists())).scalar_one()


def retake(connection: Connection, bucket: int, push_id: int) -> None:
    """A push that had ended was delivered after all: it holds its pair's key again, unless another push took it."""
    other = push.alias()
    taken = exists().where(
        other.c.bucket == push.c.bucket,
        other.c.imsi == push.c.imsi,
        other.c.device == push.c.device,
        other.c.fingerprint == push.c.fingerprint,
        other.c.key_released == 0,
    )
    retaking = update(push).where(push.c.bucket == bucket, push.c.id == push_id, ~taken).values(key_released=0)
    with contextlib.suppress(IntegrityError), connection.begin_nested():  # another node's push may take it right now
        connection.execute(retaking)


@cache
def _holders(dialect: str) -> tuple[Fetching[Holder], Batch]:
    batch = Batch(
        dialect, place=SmallInteger(), bucket=SmallInteger(), imsi=String(), device=String(), fingerprint=BigInteger()
    )
    statement = (
        select(batch.c["place"].label("place"), push.c.id, push.c.state)
        .select_from(batch.source)
        .join(
            push,
            (push.c.bucket == batch.c["bucket"])
            & (push.c.imsi == batch.c["imsi"])
            & (push.c.device == batch.c["device"])
            & (push.c.fingerprint == batch.c["fingerprint"])
            & (push.c.key_released == 0),
        )
    )
    return Fetching(dialect, statement, Holder), batch
