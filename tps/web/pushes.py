"""Pushes: asked for, looked at, taken back, sent again."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial
from typing import Annotated, Literal, cast

import msgspec
from msgspec import Meta

from bootstrap.mac import Method
from tps.backoffice import dead_letters, pushes
from tps.backoffice.pushes import Search
from tps.decisions import identities
from tps.decisions.push_id import id_of, text_of
from tps.decisions.push_life import State
from tps.decisions.triggers import Trigger
from tps.errors import RejectedError
from tps.smpp.command_status import explained
from tps.store.pushes import PushRow
from tps.web.operations import Call, Reply, milliseconds, moment
from tps.web.paging import After, Limit, limit_of
from tps.web.triggers import Imei, Imsi, Msisdn, SettingsName, reading, take_one, take_triggers, taking_lines

SOURCE = "api"
StateName = Literal["QUEUED", "SENDING", "SENT", "UNCERTAIN", "HELD", "DELIVERED", "FAILED", "EXPIRED", "CANCELLED"]
Reason = Annotated[
    str,
    Meta(
        description="Text that the reason contains, as the list of dead letters tells it",
        examples=["no route took it in time"],
        pattern=r"^[^\x00-\x1f]{1,200}$",
    ),
]
Since = Annotated[
    Annotated[datetime, Meta(tz=True)] | None,
    Meta(description="Stored at or after", examples=["2026-03-01T00:00:00Z"]),
]
Until = Annotated[Annotated[datetime, Meta(tz=True)] | None, Meta(description="Stored before")]
Step = Callable[..., Awaitable[State]]


class PushRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The wish to set up a device. Names the SIM by `imsi` or `msisdn`."""

    imsi: Imsi | None = None
    msisdn: Msisdn | None = None
    imei: Annotated[Imei | None, Meta(description="Device; left out: the newest this SIM was seen in")] = None
    settings: Annotated[
        SettingsName | None, Meta(description="Name of the settings; left out: the subscriber's, or the default")
    ] = None
    pin: Annotated[
        str | None,
        Meta(description="PIN of this push, 4 to 32 digits, where the settings' security asks for one"),
    ] = None
    force: Annotated[bool, Meta(description="Send again what the device holds already")] = False


class HistoryView(msgspec.Struct, frozen=True, omit_defaults=True):
    """One step in the life of a push."""

    at: datetime
    event: str
    state: StateName
    detail: str = ""


class PushView(msgspec.Struct, frozen=True, kw_only=True):
    """A push."""

    id: str
    state: StateName
    imsi: str
    msisdn: str
    imei: Annotated[str | None, Meta(description="With its check digit; null where no device is known")]
    settings: str
    version: int
    security: Annotated[str, Meta(description="Security method; none without MAC", examples=["netwpin"])]
    source: str
    attempts: int
    route: str | None
    parts: Annotated[int, Meta(description="SMS it was cut into; 0 before it was sent")]
    delivered_parts: int
    error: Annotated[str | None, Meta(description="What went wrong last, and what to do about it")]
    created_at: datetime
    changed_at: datetime
    expires_at: datetime


class PushWithHistory(PushView, frozen=True, kw_only=True):
    """A push and everything that happened to it."""

    history: list[HistoryView]


class PushPage(msgspec.Struct, frozen=True):
    """Some pushes, the newest first."""

    items: list[PushView]
    next: Annotated[str | None, Meta(description="Ask for the next page with `after` set to this; null: no more")]


class PushQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which pushes to list."""

    state: StateName | None = None
    reason: Reason | None = None
    imsi: Imsi | None = None
    msisdn: Annotated[Msisdn | None, Meta(description="Pushes of the subscriber who has this number now")] = None
    settings: SettingsName | None = None
    since: Since = None
    until: Until = None
    after: After = None
    limit: Limit = None


class PushState(msgspec.Struct, frozen=True):
    """The state of a push after it was moved."""

    id: str
    state: StateName


def trigger_of(wish: PushRequest, now: int) -> Trigger:
    """The trigger of a wish; `RejectedError` names the identity that cannot be one."""
    imsi, msisdn, imei = wish.imsi, wish.msisdn, wish.imei
    if (imsi is None) == (msisdn is None):
        raise RejectedError("imsi", "imsi or msisdn is required, and not both")
    return Trigger(
        imsi=None if imsi is None else identities.imsi(imsi),
        msisdn=None if msisdn is None else identities.msisdn(msisdn),
        device=None if imei is None else identities.device(imei),
        seen_at=now,
        source=SOURCE,
        is_detection=False,
        settings=wish.settings,
        pin=wish.pin,
        force=wish.force,
    )


async def push(call: Call[PushRequest, None]) -> Reply:
    """Take one wish."""
    return await take_one(call.office, trigger_of(call.body, call.office.desk.clock()), take_triggers, SOURCE)


push_lines = taking_lines(reading(PushRequest, trigger_of), take_triggers, SOURCE)


async def show(call: Call[None, None]) -> Reply:
    """One push with its history."""
    row = await pushes.find(call.office.desk.database, id_of(call.path["id"]))
    history = [
        HistoryView(moment(entry.at), entry.event, cast("StateName", entry.state), explained(entry.detail))
        for entry in pushes.history(row)
    ]
    return Reply(200, PushWithHistory(**msgspec.structs.asdict(_view(row)), history=history))


async def list_page(call: Call[None, PushQuery]) -> Reply:
    """A page of pushes."""
    query = call.query
    search = Search(
        imsi=None if query.imsi is None else identities.imsi(query.imsi),
        msisdn=None if query.msisdn is None else identities.msisdn(query.msisdn),
        settings=query.settings,
        state=None if query.state is None else State[query.state],
        reason=query.reason,
        since=None if query.since is None else milliseconds(query.since),
        until=None if query.until is None else milliseconds(query.until),
        below_id=None if query.after is None else _after(query.after),
    )
    limit = limit_of(query.limit, call.office.desk.config.store.max_page)
    rows = await pushes.page(call.office.desk.database, search, limit)
    return Reply(200, PushPage([_view(row) for row in rows], text_of(rows[-1].id) if len(rows) == limit else None))


async def cancel(call: Call[None, None]) -> Reply:
    """Take a push back before it is sent."""
    return await _moved(call, pushes.cancel)


async def resend(call: Call[None, None]) -> Reply:
    """Send an uncertain or held push again."""
    return await _moved(call, pushes.resend)


async def release(call: Call[None, None]) -> Reply:
    """Let a held push go."""
    return await _moved(call, pushes.release)


async def requeue(call: Call[None, None]) -> Reply:
    """Let a dead letter begin again."""
    return await _moved(call, partial(dead_letters.requeue, catalogue=call.office.desk.catalogue))


async def _moved(call: Call[None, None], step: Step) -> Reply:
    desk = call.office.desk
    push_id = id_of(call.path["id"])
    reason = f"by key {call.caller.key_id}"
    state = await step(desk.database, push_id, reason=reason, now_ms=desk.clock())
    return Reply(200, PushState(text_of(push_id), cast("StateName", state.name)))


def _after(cursor: str) -> int:
    try:
        return id_of(cursor)
    except RejectedError:
        raise RejectedError("after", "the `next` of the page before expected") from None


def _view(row: PushRow) -> PushView:
    return PushView(
        id=text_of(row.id),
        state=cast("StateName", State(row.state).name),
        imsi=row.imsi,
        msisdn=row.msisdn,
        imei=identities.imei_of(row.device) if row.device else None,
        settings=row.settings,
        version=row.version,
        security="none" if row.security is None else Method(row.security).name.lower(),
        source=row.source,
        attempts=row.attempts - row.attempts_before,
        route=row.route,
        parts=row.parts,
        delivered_parts=row.delivered_parts.bit_count(),
        error=None if row.error is None else explained(row.error),
        created_at=moment(row.created_at),
        changed_at=moment(row.changed_at),
        expires_at=moment(row.expires_at),
    )
