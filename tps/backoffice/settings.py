"""Settings: published version by version, each checked to its last parameter before it is stored."""

import contextlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from bootstrap.mac import Method
from encoders import client_provisioning, instructions, settings_values
from encoders import settings as neutral
from encoders.client_provisioning import Document
from encoders.client_provisioning_model import Authentication, Severity, validate
from encoders.client_provisioning_settings import placeholders, to_document
from encoders.errors import DecodeError, EncodeError
from tps.decisions.policy import DeliveryPolicy, method_of
from tps.delivery.catalogue import Kind, Profile, context_of, fingerprint_again, fingerprint_of
from tps.delivery.compose import segments_of
from tps.errors import RejectedError, RetryLaterError
from tps.store import settings as settings_store
from tps.store.database import Connection, Database
from tps.store.sealing import Seal
from tps.store.settings import StoredSettings, VersionTakenError

NAME_PATTERN = "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
_NAME = re.compile(NAME_PATTERN.strip("^$"))
_NOTE = re.compile(r"[^\x00-\x08\x0b-\x1f\x7f]{0,500}")

# A value that is not known yet is reckoned with this when the size of a push is told beforehand.
_SAMPLE_VALUE = "x" * 16
_SAMPLE_IMSI = "001010123456789"
_SAMPLE_PIN = "000000"

_TRIES = 5
"""Times that publishing may find its version taken by another node."""

_read_policy = msgspec.json.Decoder(DeliveryPolicy).decode


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong in settings, or worth a look; `path` leads to it."""

    path: str
    message: str


class FaultyError(RejectedError):
    """Settings that cannot be published, with everything that is wrong in them."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(faults[0].path, faults[0].message)
        self.faults = tuple(faults)


@dataclass(frozen=True, slots=True)
class Draft:
    """Settings that can be published."""

    kind: Kind
    body: bytes
    policy: DeliveryPolicy
    segments: int
    """SMS that a push will take, about: values of subscribers differ in length."""
    warnings: tuple[Fault, ...]


@dataclass(frozen=True, slots=True)
class Published:
    """One version of named settings, opened: the body may hold secrets."""

    name: str
    version: int
    kind: Kind
    body: bytes
    policy: DeliveryPolicy
    note: str
    created_at: int

    @property
    def document(self) -> Document:
        """The provisioning document that the body stands for, placeholders not filled."""
        if self.kind == "neutral":
            return to_document(neutral.decode(self.body))
        return client_provisioning.decode_xml(self.body)


def checked_name(name: str, *, status: int = 422) -> str:
    """`name` where settings can have it; else `RejectedError` with this HTTP status."""
    if not _NAME.fullmatch(name):
        rule = "1 to 64 letters, digits, '.', '_' or '-' expected, the first a letter or digit"
        raise RejectedError("name", rule, status=status)
    return name


def draft_of_settings(settings: neutral.Settings, policy: DeliveryPolicy) -> Draft:
    """The draft of neutral settings; `FaultyError` names the field that cannot be said or sent."""
    _verify_instructions(settings, policy)
    try:
        return _checked("neutral", neutral.encode(settings), to_document(settings), policy)
    except EncodeError as error:
        fault = _fault_of(error)
        path = f"settings.{fault.path}" if fault.path else "settings"
        raise FaultyError([Fault(path, fault.message)]) from error


def draft_of_document(xml: bytes, policy: DeliveryPolicy) -> Draft:
    """The draft of a provisioning document in XML; `FaultyError` names the line or the parameter that is wrong."""
    try:
        return _checked("document", xml, client_provisioning.decode_xml(xml), policy)
    except (DecodeError, EncodeError) as error:
        fault = _fault_of(error)
        raise FaultyError([Fault(fault.path or "document", fault.message)]) from error


async def publish(database: Database, seal: Seal, name: str, draft: Draft, *, note: str, now_ms: int) -> Published:
    """The next version of the settings `name`, which is the active one from now on.

    `RetryLaterError` where other nodes publish the same name all the time.
    """
    checked_name(name)
    if not _NOTE.fullmatch(note):
        raise RejectedError("note", "at most 500 characters expected, none a control character")
    policy_text = msgspec.json.encode(draft.policy).decode()

    def store(connection: Connection) -> int:
        earlier = settings_store.versions(connection, name)
        version = earlier[0].version + 1 if earlier else 1
        fingerprint = _fingerprint(draft, version, earlier)
        sealed = seal.close(draft.body, context_of(name, version))
        row = StoredSettings(name, version, draft.kind, sealed, fingerprint, policy_text, note, now_ms)
        settings_store.add(connection, row)
        return version

    for _ in range(_TRIES):
        with contextlib.suppress(VersionTakenError):
            version = await database.write(store)
            return Published(name, version, draft.kind, draft.body, draft.policy, note, now_ms)
    raise RetryLaterError("other nodes publish these settings all the time; nothing was stored, send the request again")


async def find(database: Database, seal: Seal, name: str, version: int | None = None) -> Published:
    """This version of the settings `name` (None: the newest); `RejectedError` (404) where there is none."""
    row = await database.read(lambda connection: settings_store.find(connection, name, version))
    if row is None:
        missing = "no settings have this name" if version is None else "these settings have no such version"
        raise RejectedError("name" if version is None else "version", missing, status=404)
    return _published(seal, row)


async def versions(database: Database, seal: Seal, name: str) -> list[Published]:
    """All versions of the settings `name`, the newest first; `RejectedError` (404) where there is none."""
    rows = await database.read(lambda connection: settings_store.versions(connection, name))
    if not rows:
        raise RejectedError("name", "no settings have this name", status=404)
    return [_published(seal, row) for row in rows]


async def active(database: Database, seal: Seal) -> list[Published]:
    """The newest version of all settings, by name."""
    return [_published(seal, row) for row in await database.read(settings_store.active)]


def _fingerprint(draft: Draft, version: int, earlier: Sequence[StoredSettings]) -> int:
    """That of the content, or another one where this content was left and comes back.

    A device that was given something else since then does not hold it any more, whatever the key of its pair says.
    """
    own = fingerprint_of(draft.kind, draft.body, draft.policy)
    known = [row.fingerprint for row in earlier]
    of_this_content = {own, *(fingerprint_again(own, row.version) for row in earlier)}
    if known and known[0] in of_this_content:
        return known[0]
    return fingerprint_again(own, version) if own in known else own


def _published(seal: Seal, row: StoredSettings) -> Published:
    body = seal.open(row.sealed_body, context_of(row.name, row.version))
    kind: Kind = "neutral" if row.kind == "neutral" else "document"
    return Published(row.name, row.version, kind, body, _read_policy(row.policy), row.note, row.created_at)


def _checked(kind: Kind, body: bytes, document: Document, policy: DeliveryPolicy) -> Draft:
    """The draft, once its content is sound, its placeholders can be found, and a push of it can be sent."""
    method = method_of(policy.security)
    findings = validate(document, Authentication.NONE if method is None else Authentication[method.name])
    faults = [Fault(found.path, found.message) for found in findings if found.severity is Severity.ERROR]
    if faults:
        raise FaultyError(faults)
    warnings = tuple(Fault(found.path, found.message) for found in findings)
    return Draft(kind, body, policy, _segment_count(document, policy, method), warnings)


def _verify_instructions(settings: neutral.Settings, policy: DeliveryPolicy) -> None:
    """`FaultyError` for a text that no user could be sent: it names what the settings do not say."""
    if not policy.instructions:
        return
    try:
        asked = settings_values.placeholders(settings)
        fields = instructions.fields(settings_values.fill(settings, dict.fromkeys(asked, _SAMPLE_VALUE)))
    except EncodeError as error:
        raise FaultyError([Fault("policy.instructions", str(error))]) from error
    for language, text in policy.instructions.items():
        try:
            instructions.encode(text, fields, reference=0)
        except EncodeError as error:
            raise FaultyError([Fault(f"policy.instructions.{language}", str(error))]) from error


def _segment_count(document: Document, policy: DeliveryPolicy, method: Method | None) -> int:
    """SMS that a push will take, with values of a likely length; `EncodeError` where it could not be sent."""
    asked = placeholders(document)
    profile = Profile("", 0, 0, policy, document, asked, None)
    values = dict.fromkeys(asked, _SAMPLE_VALUE)
    return len(
        segments_of(profile, push_id=0, attempt=0, method=method, imsi=_SAMPLE_IMSI, pin=_SAMPLE_PIN, values=values)
    )


def _fault_of(error: ValueError) -> Fault:
    """The text of a codec's error leads with its place; one that is about the whole has none."""
    path, separator, message = str(error).partition(": ")
    if not separator or path in ("settings", "document"):
        return Fault("", message or str(error))
    return Fault(path, message)
