"""API keys, the requests that were answered under an Idempotency-Key, and the server's own secrets."""

from typing import NamedTuple

from sqlalchemy import Connection, delete, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from tps.decisions.identities import bucket_of
from tps.store.schema import api_key, idempotency, server_secret


class ApiKey(NamedTuple):
    """A key by the digest of its secret; `set_up` marks the one-time token that makes the first key."""

    id: str
    name: str
    digest: str
    set_up: bool
    created_at: int
    used_up_at: int | None


class Remembered(NamedTuple):
    """A request under an Idempotency-Key; `status` is None while the first one is at work."""

    request_digest: str
    status: int | None
    body: str | None


def add_key(connection: Connection, key: ApiKey) -> None:
    """Store a key."""
    connection.execute(insert(api_key).values(key._asdict()))


def keys(connection: Connection) -> list[ApiKey]:
    """All keys that still open the door."""
    columns = [api_key.c[name] for name in ApiKey._fields]
    return [ApiKey(*row) for row in connection.execute(select(*columns).where(api_key.c.used_up_at.is_(None)))]


def renew_set_up(connection: Connection, key: ApiKey) -> bool:
    """Put a set-up token in the place of one that nobody has used.

    False, and nothing changed, where an API key was ever made, or where another node does the same right now.
    """
    made = or_(api_key.c.set_up.is_(False), api_key.c.used_up_at.is_not(None))
    if connection.execute(select(api_key.c.id).where(made).limit(1)).one_or_none() is not None:
        return False
    connection.execute(delete(api_key).where(api_key.c.set_up, api_key.c.used_up_at.is_(None)))
    try:
        with connection.begin_nested():
            add_key(connection, key)
    except IntegrityError:
        return False
    return True


def use_up(connection: Connection, key_id: str, now_ms: int) -> bool:
    """Close the door for this key; False where it was closed already."""
    statement = update(api_key).where(api_key.c.id == key_id, api_key.c.used_up_at.is_(None)).values(used_up_at=now_ms)
    return connection.execute(statement).rowcount == 1


def remember(connection: Connection, key: str, request_digest: str, now_ms: int) -> Remembered | None:
    """Note that a request under `key` is at work; what was remembered of an earlier one, or None for the first."""
    bucket = bucket_of(key)
    row = connection.execute(
        select(idempotency.c.request_digest, idempotency.c.status, idempotency.c.body).where(
            idempotency.c.bucket == bucket, idempotency.c.key == key
        )
    ).one_or_none()
    if row is not None:
        return Remembered(*row)
    connection.execute(
        insert(idempotency).values(bucket=bucket, key=key, request_digest=request_digest, created_at=now_ms)
    )
    return None


def take_over(connection: Connection, key: str, before_ms: int, now_ms: int) -> bool:
    """Take on a request whose first run never came to an answer. False while that run may still be at work."""
    statement = update(idempotency).where(
        idempotency.c.bucket == bucket_of(key),
        idempotency.c.key == key,
        idempotency.c.status.is_(None),
        idempotency.c.created_at < before_ms,
    )
    return connection.execute(statement.values(created_at=now_ms)).rowcount == 1


def conclude(connection: Connection, key: str, status: int, body: str) -> None:
    """Keep the answer for the repetitions of the request."""
    statement = update(idempotency).where(idempotency.c.bucket == bucket_of(key), idempotency.c.key == key)
    connection.execute(statement.values(status=status, body=body))


def forget(connection: Connection, key: str) -> None:
    """Forget a request that had no lasting answer, so that it can be repeated."""
    connection.execute(delete(idempotency).where(idempotency.c.bucket == bucket_of(key), idempotency.c.key == key))


def forget_before(connection: Connection, bucket: int, before_ms: int) -> int:
    """Forget the requests of one bucket older than `before_ms`."""
    return connection.execute(
        delete(idempotency).where(idempotency.c.bucket == bucket, idempotency.c.created_at < before_ms)
    ).rowcount


def secret(connection: Connection, name: str, sealed_if_new: str) -> str:
    """The server's own sealed secret of this name; stored now where there was none."""
    row = connection.execute(select(server_secret.c.sealed_value).where(server_secret.c.name == name)).one_or_none()
    if row is not None:
        return str(row[0])
    try:
        with connection.begin_nested():
            connection.execute(insert(server_secret).values(name=name, sealed_value=sealed_if_new))
    except IntegrityError:  # another node was first
        return str(
            connection.execute(select(server_secret.c.sealed_value).where(server_secret.c.name == name)).scalar_one()
        )
    return sealed_if_new
