"""Subscribers: accounts created, changed, listed, removed; one by one and as streams."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from tps.backoffice import account_triggers, sim_change, subscribers
from tps.backoffice.subscribers import Account, Changes, Written
from tps.decisions import identities
from tps.decisions.triggers import Cause
from tps.errors import RejectedError, RetryLaterError
from tps.store import subscribers as store
from tps.store.database import Connection
from tps.store.subscribers import Subscriber
from tps.web.access import Caller
from tps.web.ndjson import LineAnswer, rejected
from tps.web.operations import Call, Line, LinesTaker, Office, Reply, moment
from tps.web.paging import After, Limit, limit_of
from tps.web.problems import FieldError, note_defect
from tps.web.triggers import Imsi, Msisdn, SettingsName, patiently, refused, too_long

Settings = Annotated[SettingsName | None, Meta(description="Name of the settings; null: the server's default")]
Values = Annotated[
    dict[str, str],
    Meta(
        description="What fills the placeholders of the settings, such as {ppp_user}; secret, never shown again",
        examples=[{"ppp_user": "web", "ppp_password": "geheim"}],
    ),
]
Pin = Annotated[
    str | None,
    Meta(description="PIN for settings whose security asks for one, 4 to 32 digits; secret", examples=["4711"]),
]


class NewSubscriber(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An account to be made."""

    imsi: Imsi
    msisdn: Msisdn
    settings: Settings = None
    values: Values = {}
    pin: Pin = None


class SubscriberContent(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An account as it shall be; what is left out is removed."""

    msisdn: Msisdn
    settings: Settings = None
    values: Values = {}
    pin: Pin = None


class SubscriberChanges(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What to change (JSON merge patch, RFC 7396): what is left out stays, null removes."""

    msisdn: Msisdn | UnsetType = UNSET
    settings: Settings | UnsetType = UNSET
    values: (
        Annotated[
            dict[str, str | None] | None,
            Meta(description="Values to set; null in place of one removes it, null in place of all removes all"),
        ]
        | UnsetType
    ) = UNSET
    pin: Pin | UnsetType = UNSET


class NewSim(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Another SIM for an account."""

    imsi: Imsi


class SubscriberView(msgspec.Struct, frozen=True, kw_only=True):
    """An account; secrets are not shown."""

    imsi: str
    msisdn: str
    settings: str | None
    value_names: Annotated[list[str], Meta(description="Names of the values it holds")]
    has_pin: bool
    imei: Annotated[str | None, Meta(description="The newest device it was seen in, with its check digit")]
    imei_seen_at: datetime | None
    declined_at: Annotated[
        datetime | None,
        Meta(description="When the subscriber asked by SMS to get nothing without asking; null: not so"),
    ]
    created_at: datetime
    changed_at: datetime


class SubscriberPage(msgspec.Struct, frozen=True):
    """Some accounts."""

    items: list[SubscriberView]
    next: Annotated[str | None, Meta(description="Ask for the next page with `after` set to this; null: no more")]


class SubscriberQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which accounts to list; the order is fixed and has no meaning."""

    msisdn: Annotated[Msisdn | None, Meta(description="Only the one who has this number")] = None
    after: After = None
    limit: Limit = None


class RemovalView(msgspec.Struct, frozen=True):
    """What went with an account."""

    cancelled_pushes: int
    running_pushes: Annotated[int, Meta(description="Pushes the SMSC has already: they come to their end")]
    forgotten_devices: int


async def create(call: Call[NewSubscriber, None]) -> Reply:
    """Make an account."""
    desk = call.office.desk
    stored = await subscribers.create(desk.database, desk.seal, _account(call.body), now_ms=desk.clock())
    view = _view(call.office, stored)
    return Reply(201, view, headers={"Location": f"/v1/subscribers/{view.imsi}"})


async def show(call: Call[None, None]) -> Reply:
    """One account."""
    imsi = imsi_of(call.path["imsi"])
    found = await call.office.desk.database.read(lambda connection: store.load(connection, [imsi]))
    if imsi not in found:
        raise subscribers.unknown()
    return Reply(200, _view(call.office, found[imsi]))


async def list_page(call: Call[None, SubscriberQuery]) -> Reply:
    """A page of accounts."""
    office, query = call.office, call.query
    limit = limit_of(query.limit, office.desk.config.store.max_page)
    after = None if query.after is None else identities.imsi(query.after, "after")
    msisdn = None if query.msisdn is None else identities.msisdn(query.msisdn)

    def read(connection: Connection) -> list[Subscriber]:
        if msisdn is None:
            return store.page(connection, after, limit)
        return list(store.load(connection, list(store.imsis_of(connection, [msisdn]).values())).values())

    found = await office.desk.database.read(read)
    more = found[-1].imsi if msisdn is None and len(found) == limit else None
    return Reply(200, SubscriberPage([_view(office, row) for row in found], more))


async def replace(call: Call[SubscriberContent, None]) -> Reply:
    """Make an account what the body says."""
    desk, body = call.office.desk, call.body
    account = Account(imsi_of(call.path["imsi"]), identities.msisdn(body.msisdn), body.settings, body.values, body.pin)
    written = await subscribers.replace(desk.database, desk.seal, account, now_ms=desk.clock())
    await _follow(call.office, [written])
    return Reply(201 if written.is_new else 200, _view(call.office, written.now))


async def change(call: Call[SubscriberChanges, None]) -> Reply:
    """Change some of an account."""
    desk = call.office.desk
    given = {name: value for name, value in msgspec.structs.asdict(call.body).items() if value is not UNSET}
    if "msisdn" in given:
        given["msisdn"] = identities.msisdn(given["msisdn"])
    changes = Changes(frozenset(given), **given)
    imsi = imsi_of(call.path["imsi"])
    written = await subscribers.change(desk.database, desk.seal, imsi, changes, now_ms=desk.clock())
    await _follow(call.office, [written])
    return Reply(200, _view(call.office, written.now))


async def change_sim(call: Call[NewSim, None]) -> Reply:
    """Give an account another SIM."""
    desk, imsi = call.office.desk, imsi_of(call.path["imsi"])
    done = await sim_change.change_sim(
        desk.database, desk.seal, imsi, identities.imsi(call.body.imsi), now_ms=desk.clock()
    )
    trigger = account_triggers.of_device(done.after.imsi, done.before, Cause.SIM_CHANGED)
    await account_triggers.send(desk, [] if trigger is None else [trigger])
    return Reply(200, _view(call.office, done.after))


async def remove(call: Call[None, None]) -> Reply:
    """De-provision: the account, its devices and its open pushes go."""
    desk = call.office.desk
    removed = await subscribers.remove(desk.database, imsi_of(call.path["imsi"]), now_ms=desk.clock())
    return Reply(200, RemovalView(*removed))


def take_lines(office: Office, _: Caller) -> LinesTaker:
    """Create or replace one account a line."""
    return LinesTaker(partial(_take_lines, office))


async def _take_lines(office: Office, lines: Sequence[Line]) -> list[LineAnswer]:
    accounts: list[Account] = []
    places: list[int] = []
    answers: list[LineAnswer | None] = [None] * len(lines)
    for place, line in enumerate(lines):
        if line.octets is None:
            answers[place] = too_long(line.number, office.desk.config.http.max_line_octets)
            continue
        try:
            account = _account(_decode(line.octets))
            subscribers.verify(account)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, RejectedError) as error:
            answers[place] = refused(line.number, error, NewSubscriber)
        else:
            accounts.append(account)
            places.append(place)
    for place, answer in zip(
        places, await _written(office, accounts, [lines[at].number for at in places]), strict=True
    ):
        answers[place] = answer
    return [answer for answer in answers if answer is not None]


def imsi_of(text: str) -> str:
    """The IMSI in a path; what cannot be one belongs to nobody (404)."""
    try:
        return identities.imsi(text)
    except RejectedError as error:
        raise RejectedError(error.field, error.message, status=404) from None


_decode = msgspec.json.Decoder(NewSubscriber).decode


async def _written(office: Office, accounts: Sequence[Account], numbers: Sequence[int]) -> list[LineAnswer]:
    desk = office.desk

    async def store_all() -> list[Written]:
        return await subscribers.replace_many(desk.database, desk.seal, accounts, now_ms=desk.clock())

    if not accounts:
        return []
    try:
        written: list[Written] = await patiently(store_all)
    except RetryLaterError as error:
        return [rejected(number, 503, (), error.message) for number in numbers]
    except Exception as error:  # noqa: BLE001 - every line gets its answer, whatever happened
        reason = note_defect(error, source="subscribers", lines=len(accounts))
        return [rejected(number, 500, (), reason) for number in numbers]
    await _follow(office, written)
    return [_line_answer(number, outcome) for number, outcome in zip(numbers, written, strict=True)]


async def _follow(office: Office, written: Sequence[Written]) -> None:
    """Let changed accounts have what follows from the change."""
    seal = office.desk.seal
    found = [account_triggers.of_change(seal, one.before, one.now) for one in written if one.refusal is None]
    await account_triggers.send(office.desk, [trigger for trigger in found if trigger is not None])


def _line_answer(number: int, written: Written) -> LineAnswer:
    refusal = written.refusal
    if refusal is not None:
        return rejected(number, refusal.status, (FieldError(refusal.field, refusal.message),))
    if written.is_new:
        return LineAnswer(line=number, status=201, outcome="created")
    return LineAnswer(line=number, status=200, outcome="changed")


def _account(body: NewSubscriber) -> Account:
    return Account(identities.imsi(body.imsi), identities.msisdn(body.msisdn), body.settings, body.values, body.pin)


def _view(office: Office, row: Subscriber) -> SubscriberView:
    return SubscriberView(
        imsi=row.imsi,
        msisdn=row.msisdn,
        settings=row.settings,
        value_names=subscribers.value_names(office.desk.seal, row),
        has_pin=row.sealed_pin is not None,
        imei=None if row.device is None else identities.imei_of(row.device),
        imei_seen_at=None if row.device_seen_at is None else moment(row.device_seen_at),
        declined_at=None if row.declined_at is None else moment(row.declined_at),
        created_at=moment(row.created_at),
        changed_at=moment(row.changed_at),
    )
