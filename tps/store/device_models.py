"""Device models on disk: what each source says of a TAC, a model or a brand, in the words of an operator's file."""

from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    SmallInteger,
    delete,
    func,
    literal,
    select,
    true,
    tuple_,
)

from tps.decisions import quirks
from tps.decisions.device_model_words import security_from, security_in, switch_from, switch_in
from tps.decisions.device_models import DeviceModel, Hint, key_of
from tps.store.batches import Batch, Prepared, inserting
from tps.store.schema import device_change, device_model

_encode_hints = msgspec.json.Encoder().encode
_decode_hints = msgspec.json.Decoder(dict[str, str]).decode


class StoredModel(NamedTuple):
    """One row; what it is about is in `tac`, or in `brand_key` and `model_key`."""

    tac: str
    brand_key: str
    model_key: str
    source: str
    brand: str
    model: str
    client_provisioning: str
    browser_settings: str
    mobileconfig: str
    quirks: str
    hints: str
    licence: str
    changed_at: int


class Place(NamedTuple):
    """The key of a row."""

    tac: str
    brand_key: str
    model_key: str
    source: str


class Source(NamedTuple):
    """Who says how much."""

    source: str
    licence: str
    rows: int


_COLUMNS = tuple(device_model.c[name] for name in StoredModel._fields)
_KEY = tuple(device_model.c[name] for name in Place._fields)


def put(connection: Connection, models: Sequence[DeviceModel], now_ms: int) -> None:
    """Store these; each replaces what its source said of the same before. Of two about the same the last one counts."""
    if not models:
        return
    rows = {place_of(model): _row(model, now_ms) for model in models}
    statement, batch = _put(connection.dialect.name)
    statement.run(connection, batch.parameters([rows[place] for place in sorted(rows)]))
    _note_change(connection)


def remove(connection: Connection, place: Place) -> bool:
    """Forget one row; False where there was none."""
    same = (column == value for column, value in zip(_KEY, place, strict=True))
    return _removed(connection, connection.execute(delete(device_model).where(*same)).rowcount) > 0


def remove_source(connection: Connection, source: str) -> int:
    """Forget all that a source said; how many rows it was."""
    return _removed(
        connection, connection.execute(delete(device_model).where(device_model.c.source == source)).rowcount
    )


def by_weight(connection: Connection) -> list[StoredModel]:
    """All rows, of those about the same the weightiest last: the operator's own over public ones, then the newest."""
    weight = (device_model.c.licence == "", device_model.c.changed_at, device_model.c.source)
    return [StoredModel(*row) for row in connection.execute(select(*_COLUMNS).order_by(*weight))]


def about(connection: Connection, tac: str) -> list[StoredModel]:
    """What each source says of this TAC itself."""
    statement = select(*_COLUMNS).where(device_model.c.tac == tac).order_by(*_KEY)
    return [StoredModel(*row) for row in connection.execute(statement)]


def page(connection: Connection, after: Place | None, limit: int, source: str | None = None) -> list[StoredModel]:
    """At most `limit` rows in the order of their keys, those after `after`, of one source or of all."""
    statement = select(*_COLUMNS).order_by(*_KEY).limit(limit)
    if after is not None:
        statement = statement.where(tuple_(*_KEY) > tuple_(*map(literal, after)))
    if source is not None:
        statement = statement.where(device_model.c.source == source)
    return [StoredModel(*row) for row in connection.execute(statement)]


def sources(connection: Connection) -> list[Source]:
    """Who said anything, and under which licence."""
    columns = (device_model.c.source, device_model.c.licence)
    return [
        Source(*row) for row in connection.execute(select(*columns, func.count()).group_by(*columns).order_by(*columns))
    ]


def tacs(connection: Connection) -> frozenset[str]:
    """The TACs that any row is about."""
    return frozenset(
        connection.execute(select(device_model.c.tac).where(device_model.c.tac != "").distinct()).scalars()
    )


def changes(connection: Connection) -> int:
    """How many transactions changed device models, ever."""
    return connection.execute(select(device_change.c.changes)).scalar_one_or_none() or 0


def place_of(model: DeviceModel) -> Place:
    """Where a row about this, from its source, lies."""
    return Place(*key_of(model), model.source)


def model_of(row: StoredModel) -> DeviceModel:
    """The row as it is decided with; `RejectedError` where a newer version stored words that this one does not know."""
    return DeviceModel(
        tac=row.tac,
        brand=row.brand,
        model=row.model,
        client_provisioning=security_from(row.client_provisioning),
        browser_settings=switch_from(row.browser_settings, "browser_settings"),
        mobileconfig=switch_from(row.mobileconfig, "mobileconfig"),
        quirks=quirks.from_words(row.quirks),
        hints=tuple(Hint(language, text) for language, text in _decode_hints(row.hints).items()),
        source=row.source,
        licence=row.licence,
    )


def _row(model: DeviceModel, now_ms: int) -> StoredModel:
    return StoredModel(
        *place_of(model),
        brand=model.brand,
        model=model.model,
        client_provisioning=security_in(model.client_provisioning),
        browser_settings=switch_in(model.browser_settings),
        mobileconfig=switch_in(model.mobileconfig),
        quirks=quirks.in_words(model.quirks),
        hints=_encode_hints({hint.language: hint.text for hint in model.hints}).decode(),
        licence=model.licence,
        changed_at=now_ms,
    )


def _removed(connection: Connection, rows: int) -> int:
    if rows:
        _note_change(connection)
    return rows


def _note_change(connection: Connection) -> None:
    """Let all nodes read the device models anew."""
    _count_change(connection.dialect.name).run(connection, {})


@cache
def _put(dialect: str) -> tuple[Prepared, Batch]:
    batch = Batch(dialect, **{name: device_model.c[name].type for name in StoredModel._fields})
    rows = select(*batch.c.values()).select_from(batch.source).where(true())
    statement = inserting(dialect, device_model, StoredModel._fields, rows)
    said = {name: statement.excluded[name] for name in StoredModel._fields if name not in Place._fields}
    return Prepared(dialect, statement.on_conflict_do_update(index_elements=list(_KEY), set_=said)), batch


@cache
def _count_change(dialect: str) -> Prepared:
    values: list[ColumnElement[Any]] = [literal(0, SmallInteger), literal(1, BigInteger)]
    first: Select[Any] = select(*values).where(true())
    statement = inserting(dialect, device_change, ("id", "changes"), first)
    more = {"changes": device_change.c.changes + 1}
    return Prepared(dialect, statement.on_conflict_do_update(index_elements=[device_change.c.id], set_=more))
