"""Subscriber accounts and their numbers on disk."""

from collections.abc import Mapping, Sequence
from functools import cache
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Label,
    SmallInteger,
    String,
    delete,
    func,
    select,
    true,
    update,
)

from tps.decisions.identities import BUCKETS, bucket_of
from tps.store import changes
from tps.store.batches import Batch, Fetching, Prepared, inserting
from tps.store.schema import pair, subscriber, subscriber_number


class Subscriber(NamedTuple):
    """An account as it is stored; secrets are sealed."""

    bucket: int
    imsi: str
    msisdn: str
    settings: str | None
    sealed_values: str | None
    sealed_pin: str | None
    created_at: int
    changed_at: int
    device: str | None = None
    """The newest device seen, from the pairs; `put` does not write it."""
    device_seen_at: int | None = None
    declined_at: int | None = None
    """When the subscriber asked to get nothing without asking, None: not so; `note_declined` writes it."""


class NumberOwner(NamedTuple):
    """Whose a number is."""

    msisdn: str
    imsi: str


class Known(NamedTuple):
    """What intake needs of one trigger's subscriber and device. `msisdn` is None where there is no account."""

    place: int
    msisdn: str | None
    settings: str | None
    sealed_values: str | None
    sealed_pin: str | None
    device: str | None
    device_seen_at: int | None
    pair_seen_at: int | None
    software_version: str | None
    declined_at: int | None = None
    """When the subscriber asked to get nothing without asking; None: not so."""


_seen = pair.alias("seen")
_STORED = Subscriber._fields[:-3]
_CHANGEABLE = ("msisdn", "settings", "sealed_values", "sealed_pin", "changed_at")


def put(connection: Connection, subscribers: Sequence[Subscriber]) -> None:
    """Create or change these accounts and their numbers; what is known of their devices stays."""
    put_accounts(connection, subscribers)
    put_numbers(connection, [(bucket_of(row.msisdn), row.msisdn, row.imsi) for row in subscribers])


def put_accounts(connection: Connection, subscribers: Sequence[Subscriber]) -> None:
    """Create or change these accounts without their numbers."""
    changes.note(connection, [row.imsi for row in subscribers])
    statement, batch = _put(connection.dialect.name)
    rows = [row[: len(_STORED)] for row in sorted(subscribers, key=itemgetter(0, 1))]
    statement.run(connection, batch.parameters(rows))


def put_numbers(connection: Connection, numbers: Sequence[tuple[int, str, str]]) -> None:
    """Let each number lead to its account, from (bucket of the number, number, IMSI)."""
    statement, batch = _put_numbers(connection.dialect.name)
    statement.run(connection, batch.parameters(numbers))


def load(connection: Connection, imsis: Sequence[str]) -> dict[str, Subscriber]:
    """These accounts by IMSI; those that do not exist are left out."""
    statement, batch = _load(connection.dialect.name)
    rows = statement.fetch(connection, batch.parameters([(bucket_of(imsi), imsi) for imsi in imsis]))
    return {row.imsi: row for row in rows}


def known(connection: Connection, wanted: Sequence[tuple[int, int, str, str]]) -> list[Known]:
    """What is known for each (place, bucket, IMSI, device)."""
    statement, batch = _known(connection.dialect.name)
    return statement.fetch(connection, batch.parameters(wanted))


def imsis_of(connection: Connection, msisdns: Sequence[str]) -> dict[str, str]:
    """MSISDN -> IMSI for the numbers that belong to an account."""
    statement, batch = _imsis_of(connection.dialect.name)
    return dict(statement.fetch(connection, batch.parameters([(bucket_of(number), number) for number in msisdns])))


def note_declined(connection: Connection, declined: Mapping[str, bool], now: int) -> None:
    """Note for each IMSI whether its subscriber wants nothing without asking from `now` on, or anything again."""
    changes.note(connection, declined)
    for wants_nothing in (True, False):
        imsis = sorted(imsi for imsi, each in declined.items() if each is wants_nothing)
        if imsis:
            of_them = subscriber.c.bucket.in_({bucket_of(imsi) for imsi in imsis}), subscriber.c.imsi.in_(imsis)
            since = now if wants_nothing else None
            connection.execute(update(subscriber).where(*of_them).values(declined_at=since))


def remove(connection: Connection, imsi: str) -> Subscriber | None:
    """Remove the account and its number; returns what it was."""
    found = load(connection, [imsi]).get(imsi)
    if found is None:
        return None
    changes.note(connection, [imsi])
    connection.execute(delete(subscriber).where(subscriber.c.bucket == found.bucket, subscriber.c.imsi == imsi))
    forget_number(connection, found.msisdn, imsi)
    return found


def forget_number(connection: Connection, msisdn: str, imsi: str) -> None:
    """The number no longer leads to this account."""
    number = subscriber_number.c
    connection.execute(
        delete(subscriber_number).where(
            number.bucket == bucket_of(msisdn), number.msisdn == msisdn, number.imsi == imsi
        )
    )


def page(connection: Connection, after: str | None, limit: int) -> list[Subscriber]:
    """Accounts in the order of (bucket, IMSI), those after IMSI `after`."""
    columns = _columns()
    found: list[Subscriber] = []
    first = 0 if after is None else bucket_of(after)
    for bucket in range(first, BUCKETS):
        statement = select(*columns).where(subscriber.c.bucket == bucket)
        if after is not None and bucket == first:
            statement = statement.where(subscriber.c.imsi > after)
        statement = statement.order_by(subscriber.c.imsi).limit(limit - len(found))
        found += [Subscriber(*row) for row in connection.execute(statement)]
        if len(found) >= limit:
            break
    return found


def count(connection: Connection) -> int:
    """How many accounts there are."""
    return connection.execute(select(func.count()).select_from(subscriber)).scalar_one()


def _newest_device(bucket: ColumnElement[int], imsi: ColumnElement[str]) -> list[Label[Any]]:
    """The device that a SIM was seen in last, and when.

    The pairs of a SIM lie side by side: looking costs less than keeping it with the account, which would be one more
    page to write for each new device.
    """
    of_sim = _seen.c.bucket == bucket, _seen.c.imsi == imsi, _seen.c.dirty.is_(None)
    newest = [_seen.c.last_seen_at.desc(), _seen.c.device.desc()]
    device = select(_seen.c.device).where(*of_sim).order_by(*newest).limit(1)
    seen_at = select(func.max(_seen.c.last_seen_at)).where(*of_sim)
    return [device.scalar_subquery().label("device"), seen_at.scalar_subquery().label("device_seen_at")]


def _columns() -> list[ColumnElement[Any]]:
    """The columns of a `Subscriber`."""
    return [
        *(subscriber.c[name] for name in _STORED),
        *_newest_device(subscriber.c.bucket, subscriber.c.imsi),
        subscriber.c.declined_at,
    ]


@cache
def _put(dialect: str) -> tuple[Prepared, Batch]:
    batch = Batch(dialect, **{name: subscriber.c[name].type for name in _STORED})
    rows = select(*(batch.c[name] for name in _STORED)).select_from(batch.source).where(true())
    statement = inserting(dialect, subscriber, _STORED, rows)
    key = [subscriber.c.bucket, subscriber.c.imsi]
    changed = {name: statement.excluded[name] for name in _CHANGEABLE}
    return Prepared(dialect, statement.on_conflict_do_update(index_elements=key, set_=changed)), batch


@cache
def _put_numbers(dialect: str) -> tuple[Prepared, Batch]:
    batch = Batch(dialect, bucket=SmallInteger(), msisdn=String(), imsi=String())
    rows = select(*batch.c.values()).select_from(batch.source).where(true())
    statement = inserting(dialect, subscriber_number, ["bucket", "msisdn", "imsi"], rows)
    key = [subscriber_number.c.bucket, subscriber_number.c.msisdn]
    changed = {"imsi": statement.excluded.imsi}
    return Prepared(dialect, statement.on_conflict_do_update(index_elements=key, set_=changed)), batch


@cache
def _load(dialect: str) -> tuple[Fetching[Subscriber], Batch]:
    batch = Batch(dialect, bucket=SmallInteger(), imsi=String())
    statement = (
        select(*_columns())
        .select_from(batch.source)
        .join(subscriber, (subscriber.c.bucket == batch.c["bucket"]) & (subscriber.c.imsi == batch.c["imsi"]))
    )
    return Fetching(dialect, statement, Subscriber), batch


@cache
def _known(dialect: str) -> tuple[Fetching[Known], Batch]:
    batch = Batch(dialect, place=BigInteger(), bucket=SmallInteger(), imsi=String(), device=String())
    statement = (
        select(
            batch.c["place"].label("place"),
            subscriber.c.msisdn,
            subscriber.c.settings,
            subscriber.c.sealed_values,
            subscriber.c.sealed_pin,
            *_newest_device(batch.c["bucket"], batch.c["imsi"]),
            pair.c.last_seen_at.label("pair_seen_at"),
            pair.c.software_version,
            subscriber.c.declined_at,
        )
        .select_from(batch.source)
        .outerjoin(subscriber, (subscriber.c.bucket == batch.c["bucket"]) & (subscriber.c.imsi == batch.c["imsi"]))
        .outerjoin(
            pair,
            (pair.c.bucket == batch.c["bucket"])
            & (pair.c.imsi == batch.c["imsi"])
            & (pair.c.device == batch.c["device"]),
        )
    )
    return Fetching(dialect, statement, Known), batch


@cache
def _imsis_of(dialect: str) -> tuple[Fetching[NumberOwner], Batch]:
    batch = Batch(dialect, bucket=SmallInteger(), msisdn=String())
    statement = (
        select(subscriber_number.c.msisdn, subscriber_number.c.imsi)
        .select_from(batch.source)
        .join(
            subscriber_number,
            (subscriber_number.c.bucket == batch.c["bucket"]) & (subscriber_number.c.msisdn == batch.c["msisdn"]),
        )
    )
    return Fetching(dialect, statement, NumberOwner), batch
