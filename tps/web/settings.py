"""Settings: published version by version, looked at with secrets masked, tried on a subscriber."""

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
import structlog
from msgspec import Meta

from encoders import settings as neutral
from encoders.client_provisioning import encode_xml
from tps.backoffice import settings, subscribers
from tps.backoffice.settings import Draft, Fault, FaultyError, Published
from tps.decisions import identities
from tps.decisions.policy import DeliveryPolicy, SecurityName, UncertainRule
from tps.errors import RejectedError
from tps.store import subscribers as store
from tps.store.database import Connection
from tps.store.subscribers import Subscriber
from tps.web import previews
from tps.web.operations import JSON, Call, Office, Reply, moment
from tps.web.problems import FieldError, ProblemError, of_decoding
from tps.web.triggers import Imsi, Msisdn

log = structlog.get_logger(__name__)

Note = Annotated[str, Meta(description="Why this version was made, for people", max_length=500)]
VersionNumber = Annotated[int, Meta(ge=1, le=2_147_483_647)]


class Publication(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A version of settings to be published."""

    settings: neutral.Settings
    policy: DeliveryPolicy = DeliveryPolicy()
    note: Note = ""


class PolicyQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """Delivery policy and note of a document in XML; with JSON they stand in the body."""

    security: SecurityName | None = None
    unprotected_reason: Annotated[str | None, Meta(description="Why documents may leave without a MAC")] = None
    uncertain: UncertainRule | None = None
    validity_s: int | None = None
    max_attempts: int | None = None
    wide_reference: bool | None = None
    pin_message: str | None = None
    pin_message_first: bool | None = None
    note: Note | None = None


class Warned(msgspec.Struct, frozen=True):
    """Something in settings that is worth a look."""

    path: str
    message: str


class PolicyView(DeliveryPolicy, frozen=True, kw_only=True, omit_defaults=False):
    """The delivery policy of a version, all of it."""


class VersionView(msgspec.Struct, frozen=True, kw_only=True):
    """A version of settings."""

    name: str
    version: int
    kind: Annotated[
        Literal["neutral", "document"], Meta(description="Published in the neutral model, or as a document")
    ]
    policy: PolicyView
    note: str
    created_at: datetime


class PublishedView(VersionView, frozen=True, kw_only=True):
    """A version that was just published."""

    segments: Annotated[int, Meta(description="SMS that a push will take, about")]
    warnings: list[Warned]


class ContentView(VersionView, frozen=True, kw_only=True):
    """A version of settings with its content; secrets are masked."""

    settings: Annotated[neutral.Settings | None, Meta(description="The neutral model; null for a document")]
    document: Annotated[str, Meta(description="The provisioning document as XML, placeholders not filled")]


class VersionList(msgspec.Struct, frozen=True):
    """Versions of settings."""

    items: list[VersionView]


class PreviewRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Whom to try settings on: `imsi` or `msisdn`."""

    imsi: Imsi | None = None
    msisdn: Msisdn | None = None
    version: Annotated[VersionNumber | None, Meta(description="Left out: the active one")] = None
    pin: Annotated[str | None, Meta(description="Left out: the PIN stored with the subscriber")] = None
    show_secrets: Annotated[
        bool, Meta(description="True shows the octets as they would be sent, passwords included; this is logged")
    ] = False


class PreviewView(msgspec.Struct, frozen=True, kw_only=True):
    """A push as it would be sent."""

    name: str
    version: int
    masked: Annotated[bool, Meta(description="True: secrets, and the octets made from them, stand for others")]
    xml: str
    wbxml: Annotated[str, Meta(description="Hexadecimal")]
    security: str
    mac: Annotated[str | None, Meta(description="40 hexadecimal digits; null where none is sent")]
    user_pin: Annotated[str | None, Meta(description="What the user is told with USERPINMAC, where secrets are shown")]
    push: Annotated[str, Meta(description="The WSP push PDU, hexadecimal")]
    segments: Annotated[list[str], Meta(description="User data of each SMS, header included, hexadecimal")]


async def publish(call: Call[Publication, PolicyQuery]) -> Reply:
    """Publish a version."""
    desk, name = call.office.desk, call.path["name"]
    try:
        draft, note = _draft(call)
    except FaultyError as error:
        raise _problem_of(error.faults) from error
    stored = await settings.publish(desk.database, desk.seal, name, draft, note=note, now_ms=desk.clock())
    log.info(
        "settings.published",
        settings=name,
        version=stored.version,
        security=draft.policy.security,
        by=call.caller.key_id,
    )
    view = PublishedView(
        **_version(stored),
        segments=draft.segments,
        warnings=[Warned(fault.path, fault.message) for fault in draft.warnings],
    )
    return Reply(201, view, headers={"Location": f"/v1/settings/{name}/versions/{stored.version}"})


async def list_all(call: Call[None, None]) -> Reply:
    """The active version of all settings."""
    desk = call.office.desk
    return Reply(200, _list(await settings.active(desk.database, desk.seal)))


async def list_versions(call: Call[None, None]) -> Reply:
    """All versions of some settings."""
    desk = call.office.desk
    return Reply(200, _list(await settings.versions(desk.database, desk.seal, _name(call))))


async def show(call: Call[None, None]) -> Reply:
    """The active version with its content."""
    return Reply(200, _content(await settings.find(call.office.desk.database, call.office.desk.seal, _name(call))))


async def show_version(call: Call[None, None]) -> Reply:
    """One version with its content."""
    desk, text = call.office.desk, call.path["version"]
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise RejectedError("version", "a version number expected", status=404)
    return Reply(200, _content(await settings.find(desk.database, desk.seal, _name(call), int(text))))


async def preview(call: Call[PreviewRequest, None]) -> Reply:
    """Every stage of a push to one subscriber."""
    office, body = call.office, call.body
    subscriber = await _subscriber(office, body)
    published = await settings.find(office.desk.database, office.desk.seal, _name(call), body.version)
    values = subscribers.values_of(office.desk.seal, subscriber)
    values |= {"imsi": subscriber.imsi, "msisdn": subscriber.msisdn}
    pin = subscribers.pin_of(office.desk.seal, subscriber) if body.pin is None else body.pin
    shown = previews.preview(published, imsi=subscriber.imsi, values=values, pin=pin, show_secrets=body.show_secrets)
    log.info(
        "settings.previewed",
        settings=published.name,
        version=published.version,
        imsi=subscriber.imsi,
        secrets_shown=body.show_secrets,
        by=call.caller.key_id,
    )
    composed = shown.composed
    view = PreviewView(
        name=published.name,
        version=published.version,
        masked=not body.show_secrets,
        xml=encode_xml(shown.document).decode(),
        wbxml=composed.wbxml.hex(),
        security=published.policy.security,
        mac=composed.mac,
        user_pin=shown.user_pin,
        push=composed.pdu.hex(),
        segments=[segment.hex() for segment in composed.segments],
    )
    return Reply(200, view)


async def _subscriber(office: Office, body: PreviewRequest) -> Subscriber:
    if (body.imsi is None) == (body.msisdn is None):
        raise RejectedError("imsi", "imsi or msisdn is required, and not both")
    imsi = None if body.imsi is None else identities.imsi(body.imsi)
    msisdn = None if body.msisdn is None else identities.msisdn(body.msisdn)

    def read(connection: Connection) -> list[Subscriber]:
        imsis = [imsi] if imsi is not None else list(store.imsis_of(connection, [msisdn or ""]).values())
        return list(store.load(connection, imsis).values())

    found = await office.desk.database.read(read)
    if not found:
        raise subscribers.unknown("imsi" if msisdn is None else "msisdn")
    return found[0]


def _draft(call: Call[Publication, PolicyQuery]) -> tuple[Draft, str]:
    """The draft and its note, from JSON or from XML."""
    if call.media_type != JSON:
        return settings.draft_of_document(call.octets, _policy(call.query)), call.query.note or ""
    if msgspec.to_builtins(call.query):
        raise RejectedError("query", "with JSON the policy and the note stand in the body")
    return settings.draft_of_settings(call.body.settings, call.body.policy), call.body.note


def _policy(query: PolicyQuery) -> DeliveryPolicy:
    given = {
        name: value for name, value in msgspec.structs.asdict(query).items() if value is not None and name != "note"
    }
    try:
        return msgspec.convert(given, DeliveryPolicy)
    except msgspec.ValidationError as error:
        raise of_decoding(error, DeliveryPolicy, "query") from None


def _problem_of(faults: tuple[Fault, ...]) -> ProblemError:
    errors = [FieldError(fault.path, fault.message) for fault in faults]
    return ProblemError(422, f"{errors[0].field}: {errors[0].message}", errors)


def _name(call: Call[None, None] | Call[PreviewRequest, None]) -> str:
    return settings.checked_name(call.path["name"], status=404)


def _list(found: list[Published]) -> VersionList:
    return VersionList([VersionView(**_version(published)) for published in found])


def _content(published: Published) -> ContentView:
    return ContentView(
        **_version(published),
        settings=previews.masked_settings(published),
        document=encode_xml(previews.masked_document(published)).decode(),
    )


def _version(published: Published) -> dict[str, Any]:
    return {
        "name": published.name,
        "version": published.version,
        "kind": published.kind,
        "policy": PolicyView(**msgspec.structs.asdict(published.policy)),
        "note": published.note,
        "created_at": moment(published.created_at),
    }
