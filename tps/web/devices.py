"""Device models: what is known of a TAC, and the rows that it is known from."""

import json
from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from tps.backoffice import devices
from tps.backoffice.devices import OPERATOR
from tps.decisions import quirks
from tps.decisions.device_models import DeviceModel, Hint, explanation
from tps.decisions.policy import LANGUAGE, SecurityName
from tps.errors import RejectedError
from tps.store.device_models import Place, StoredModel, model_of
from tps.web.operations import Call, Reply, moment
from tps.web.paging import After, Limit, limit_of

Tac = Annotated[str, Meta(description="The first 8 digits of an IMEI", examples=["35690901"])]
Source = Annotated[str, Meta(description="Who says so", min_length=1, max_length=100)]
Brand = Annotated[str, Meta(description="Upper and lower case make no difference", examples=["Nokia"])]
Hints = Annotated[dict[str, str], Meta(description="What the user is told to do afterwards, by language")]


class DeviceAbout(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which row: about a TAC, about a model of a brand, or about a brand."""

    tac: Tac = ""
    brand: Brand = ""
    model: str = ""
    source: Source = OPERATOR


class DeviceRow(DeviceAbout, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a source says; what is left out is inherited."""

    client_provisioning: Annotated[
        list[SecurityName] | None, Meta(description="Security methods it accepts; []: it takes no such documents")
    ] = None
    browser_settings: bool | None = None
    mobileconfig: bool | None = None
    quirks: Annotated[str, Meta(description="What it cannot take", examples=["napid_length=16 narrow_reference"])] = ""
    hints: Hints = {}
    licence: Annotated[str, Meta(max_length=1000)] = ""


class DeviceRowView(DeviceRow, frozen=True, kw_only=True, omit_defaults=False):
    """A row as it is stored."""

    changed_at: datetime


class DevicePage(msgspec.Struct, frozen=True):
    """Some rows, in the order of TAC, brand and model."""

    items: list[DeviceRowView]
    next: Annotated[str | None, Meta(description="Ask for the next page with `after` set to this; null: no more")]


class DeviceQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which rows to list."""

    source: str | None = None
    after: After = None
    limit: Limit = None


class DeviceView(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of devices with one TAC."""

    tac: str
    brand: str
    model: str
    is_listed: Annotated[bool, Meta(description="Whether any row is about this TAC itself")]
    client_provisioning: list[SecurityName]
    browser_settings: bool
    mobileconfig: bool
    quirks: str
    hints: Hints
    explanation: Annotated[list[str], Meta(description="Each value with where it comes from")]
    rows: Annotated[list[DeviceRowView], Meta(description="What is said of this TAC itself")]


async def list_page(call: Call[None, DeviceQuery]) -> Reply:
    """A page of rows."""
    desk, query = call.office.desk, call.query
    limit = limit_of(query.limit, desk.config.store.max_page)
    after = None if query.after is None else _place(query.after)
    rows = await devices.page(desk.database, after, limit + 1, query.source)
    shown = rows[:limit]
    more = json.dumps(shown[-1][:4]) if len(rows) > limit else None
    return Reply(200, DevicePage([_view(row) for row in shown], more))


async def show(call: Call[None, None]) -> Reply:
    """What is known of a TAC."""
    desk = call.office.desk
    known, rows = await devices.known(desk.database, desk.config.devices, call.path["tac"])
    view = DeviceView(
        tac=known.tac,
        brand=known.brand,
        model=known.model,
        is_listed=known.is_listed,
        client_provisioning=list(known.capabilities.client_provisioning),
        browser_settings=known.capabilities.browser_settings,
        mobileconfig=known.capabilities.mobileconfig,
        quirks=quirks.in_words(known.quirks),
        hints=dict(known.hints),
        explanation=list(explanation(known)),
        rows=[_view(row) for row in rows],
    )
    return Reply(200, view)


async def put(call: Call[DeviceRow, None]) -> Reply:
    """Store a row."""
    desk, body = call.office.desk, call.body
    await devices.put(desk.database, [_model(body)], now_ms=desk.clock())
    return Reply(204)


async def remove(call: Call[None, DeviceAbout]) -> Reply:
    """Forget a row."""
    about = call.query
    await devices.remove(
        call.office.desk.database, DeviceModel(about.tac, about.brand, about.model, source=about.source)
    )
    return Reply(204)


def _model(row: DeviceRow) -> DeviceModel:
    for language in row.hints:
        if not LANGUAGE.fullmatch(language):
            raise RejectedError("hints", f'a language such as "en" or "pt-br" expected; got {language[:20]!r}')
    return DeviceModel(
        tac=row.tac,
        brand=row.brand,
        model=row.model,
        client_provisioning=None if row.client_provisioning is None else tuple(row.client_provisioning),
        browser_settings=row.browser_settings,
        mobileconfig=row.mobileconfig,
        quirks=quirks.from_words(row.quirks),
        hints=tuple(Hint(language, text) for language, text in row.hints.items()),
        source=row.source,
        licence=row.licence,
    )


def _view(row: StoredModel) -> DeviceRowView:
    model = model_of(row)
    return DeviceRowView(
        tac=model.tac,
        brand=model.brand,
        model=model.model,
        source=model.source,
        client_provisioning=None if model.client_provisioning is None else list(model.client_provisioning),
        browser_settings=model.browser_settings,
        mobileconfig=model.mobileconfig,
        quirks=row.quirks,
        hints=dict(model.hints),
        licence=model.licence,
        changed_at=moment(row.changed_at),
    )


def _place(cursor: str) -> Place:
    try:
        return Place(*msgspec.json.decode(cursor, type=tuple[str, str, str, str]))
    except msgspec.DecodeError as error:
        raise RejectedError("after", "the `next` of the page before expected") from error
