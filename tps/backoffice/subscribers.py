"""Subscriber accounts: created, changed, removed (de-provisioned). A number belongs to one account at a time."""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from tps.decisions.identities import bucket_of
from tps.delivery.push_secrets import pin_context, values_context
from tps.delivery.taking_back import take_back
from tps.errors import RejectedError
from tps.store import pair_keys, pairs, pushes, settings, subscribers
from tps.store.database import Connection, Database
from tps.store.sealing import Seal
from tps.store.subscribers import Subscriber

VALUES_MAX = 50
VALUE_LENGTH_MAX = 255
_VALUE_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_PIN = re.compile(r"[0-9]{4,32}")

_encode_values = msgspec.json.Encoder(order="sorted").encode
_decode_values = msgspec.json.Decoder(dict[str, str]).decode


class Account(NamedTuple):
    """A subscriber as the back office wants it; IMSI and MSISDN in their one form."""

    imsi: str
    msisdn: str
    settings: str | None = None
    """Name of the settings; None for the server's default."""
    values: Mapping[str, str] = {}
    """What fills the placeholders of the settings, such as ppp_user; secret."""
    pin: str | None = None


class Changes(NamedTuple):
    """What to change in an account: only what `given` names. In `values`, None removes one."""

    given: frozenset[str]
    msisdn: str = ""
    settings: str | None = None
    values: Mapping[str, str | None] | None = None
    pin: str | None = None


class Written(NamedTuple):
    """What became of one account of a batch; `refusal` where it was not written."""

    now: Subscriber
    before: Subscriber | None
    """None where the account is new."""
    refusal: RejectedError | None = None

    @property
    def is_new(self) -> bool:
        """Whether there was no such account."""
        return self.before is None


class Removed(NamedTuple):
    """What went with an account."""

    cancelled_pushes: int
    running_pushes: int
    """Already at the SMSC: they come to their end, but hold nothing any more."""
    forgotten_devices: int


def verify(account: Account) -> None:
    """`RejectedError` that names the field where a value or the PIN cannot be one."""
    verify_values(account.values)
    if account.pin is not None and not _PIN.fullmatch(account.pin):
        raise RejectedError("pin", "4 to 32 decimal digits expected")


def verify_values(values: Mapping[str, str | None]) -> None:
    """`RejectedError` where a value has no name that settings can ask for, or characters that no handset takes."""
    if len(values) > VALUES_MAX:
        raise RejectedError("values", f"at most {VALUES_MAX} values expected; got {len(values)}")
    for name, value in values.items():
        if not _VALUE_NAME.fullmatch(name):
            raise RejectedError(
                "values", f"names of a-z, 0-9 and _ expected, beginning with a letter; got {name[:20]!r}"
            )
        if value is not None and (len(value) > VALUE_LENGTH_MAX or _CONTROL.search(value)):
            raise RejectedError(
                f"values.{name}", f"at most {VALUE_LENGTH_MAX} characters expected, none a control character"
            )


async def create(database: Database, seal: Seal, account: Account, *, now_ms: int) -> Subscriber:
    """The new account; `RejectedError` (409) where the IMSI has one already."""
    row = _row(seal, account, now_ms)

    def store(connection: Connection) -> Subscriber:
        if subscribers.load(connection, [account.imsi]):
            raise RejectedError("imsi", "a subscriber has this IMSI already: change that one", status=409)
        return _stored(connection, row).now

    return await database.write(store)


async def replace(database: Database, seal: Seal, account: Account, *, now_ms: int) -> Written:
    """The account as given, whatever it was before."""
    row = _row(seal, account, now_ms)
    return await database.write(lambda connection: _stored(connection, row))


async def change(database: Database, seal: Seal, imsi: str, changes: Changes, *, now_ms: int) -> Written:
    """The account with these changes; what is not given stays."""

    def store(connection: Connection) -> Written:
        before = subscribers.load(connection, [imsi]).get(imsi)
        if before is None:
            raise unknown()
        given = changes.given
        return _stored(
            connection,
            before._replace(
                msisdn=changes.msisdn if "msisdn" in given else before.msisdn,
                settings=changes.settings if "settings" in given else before.settings,
                sealed_values=_merged(seal, before, changes) if "values" in given else before.sealed_values,
                sealed_pin=_sealed_pin(seal, imsi, changes.pin) if "pin" in given else before.sealed_pin,
                changed_at=now_ms,
            ),
        )

    if changes.values:
        verify_values(changes.values)
    if changes.pin is not None and not _PIN.fullmatch(changes.pin):
        raise RejectedError("pin", "4 to 32 decimal digits expected")
    return await database.write(store)


async def replace_many(database: Database, seal: Seal, accounts: Sequence[Account], *, now_ms: int) -> list[Written]:
    """One answer an account, in order, once all of them are durable: one transaction."""
    rows = [_row(seal, account, now_ms) for account in accounts]
    return await database.write(lambda connection: _store_many(connection, rows))


async def remove(database: Database, imsi: str, *, now_ms: int) -> Removed:
    """De-provision: the account goes, with its devices, and so do its pushes as far as they can be taken back."""

    def take_away(connection: Connection) -> Removed:
        if subscribers.remove(connection, imsi) is None:
            raise unknown()
        bucket = bucket_of(imsi)
        still_open = pushes.open_of(connection, bucket, imsi)
        cancelled = take_back(connection, ((push, "the subscriber was removed") for push in still_open), now_ms)
        pair_keys.release(connection, bucket, imsi)
        return Removed(cancelled, len(still_open) - cancelled, pairs.forget(connection, bucket, imsi))

    return await database.write(take_away)


def value_names(seal: Seal, subscriber: Subscriber) -> list[str]:
    """The names of the values an account holds; the values themselves are secret."""
    return sorted(values_of(seal, subscriber))


def values_of(seal: Seal, subscriber: Subscriber) -> dict[str, str]:
    """The values an account holds: secret, never shown."""
    if subscriber.sealed_values is None:
        return {}
    return _decode_values(seal.open(subscriber.sealed_values, values_context(subscriber.imsi)))


def pin_of(seal: Seal, subscriber: Subscriber) -> str | None:
    """The PIN an account holds: secret, never shown."""
    if subscriber.sealed_pin is None:
        return None
    return seal.open(subscriber.sealed_pin, pin_context(subscriber.imsi)).decode()


def unknown(field: str = "imsi") -> RejectedError:
    """The refusal where there is no such account."""
    return RejectedError(
        field, "no subscriber has this IMSI" if field == "imsi" else "no subscriber has this number", status=404
    )


def _row(seal: Seal, account: Account, now_ms: int) -> Subscriber:
    verify(account)
    return Subscriber(
        bucket=bucket_of(account.imsi),
        imsi=account.imsi,
        msisdn=account.msisdn,
        settings=account.settings,
        sealed_values=_sealed_values(seal, account.imsi, account.values),
        sealed_pin=_sealed_pin(seal, account.imsi, account.pin),
        created_at=now_ms,
        changed_at=now_ms,
    )


def _sealed_values(seal: Seal, imsi: str, values: Mapping[str, str]) -> str | None:
    return seal.close(_encode_values(dict(values)), values_context(imsi)) if values else None


def _sealed_pin(seal: Seal, imsi: str, pin: str | None) -> str | None:
    return None if pin is None else seal.close(pin.encode(), pin_context(imsi))


def _merged(seal: Seal, before: Subscriber, changes: Changes) -> str | None:
    """The values after the changes; no changes at all remove every value."""
    if changes.values is None:
        return None
    values = values_of(seal, before)
    for name, value in changes.values.items():
        if value is None:
            values.pop(name, None)
        else:
            values[name] = value
    verify_values(values)
    return _sealed_values(seal, before.imsi, values)


def _stored(connection: Connection, row: Subscriber) -> Written:
    """Store one account."""
    (written,) = _store_many(connection, [row])
    if written.refusal is not None:
        raise written.refusal
    return written._replace(now=subscribers.load(connection, [row.imsi])[row.imsi])


def _store_many(connection: Connection, rows: Sequence[Subscriber]) -> list[Written]:
    """Store accounts in their order. One statement takes each account and number once, so repetitions start another."""
    published = settings.names(connection)
    written: list[Written] = []
    start = 0
    while start < len(rows):
        imsis: set[str] = set()
        numbers: set[str] = set()
        end = start
        while end < len(rows) and rows[end].imsi not in imsis and rows[end].msisdn not in numbers:
            imsis.add(rows[end].imsi)
            numbers.add(rows[end].msisdn)
            end += 1
        written += _store_distinct(connection, rows[start:end], published)
        start = end
    return written


def _store_distinct(connection: Connection, rows: Sequence[Subscriber], published: frozenset[str]) -> list[Written]:
    before = subscribers.load(connection, [row.imsi for row in rows])
    owners = subscribers.imsis_of(connection, [row.msisdn for row in rows])
    written: list[Written] = []
    accepted: list[Subscriber] = []
    for row in rows:
        refusal = _refusal(row, owners, published)
        written.append(Written(row, before.get(row.imsi), refusal))
        if refusal is not None:
            continue
        accepted.append(row)
        earlier = before.get(row.imsi)
        if earlier is not None and earlier.msisdn != row.msisdn:
            subscribers.forget_number(connection, earlier.msisdn, row.imsi)
            pushes.readdress(connection, row.bucket, row.imsi, row.msisdn)
    subscribers.put(connection, accepted)
    return written


def _refusal(row: Subscriber, owners: Mapping[str, str], published: frozenset[str]) -> RejectedError | None:
    if owners.get(row.msisdn, row.imsi) != row.imsi:
        return RejectedError(
            "msisdn", "another subscriber has this number: change or remove that one first", status=409
        )
    if row.settings is not None and row.settings not in published:
        return RejectedError("settings", f"no settings are named {row.settings[:64]!r}: publish them first")
    return None
