"""A push from the store, ready to be explained: with the settings, values and PIN it was or will be composed of."""

from dataclasses import dataclass

from bootstrap.mac import Method
from encoders import settings
from tps.commands.channel_page import OtherChannel
from tps.decisions.device_models import KnownDevice
from tps.decisions.push_id import bucket_of_id, reference_of
from tps.decisions.push_life import State
from tps.delivery.catalogue import Catalogue, context_of
from tps.delivery.channel_plan import ChannelRules, Plan
from tps.delivery.channels import DocumentWay, Recipient
from tps.delivery.device_knowledge import knowledge
from tps.delivery.push_secrets import PushSecrets, open_secrets
from tps.explanation import secret_parms
from tps.explanation.push import Subject
from tps.store import pushes
from tps.store import settings as settings_store
from tps.store.database import Connection
from tps.store.pushes import PushRow
from tps.store.sealing import Seal


@dataclass(frozen=True, slots=True)
class StoredPush:
    """The row as people look at it, and what its SMS are made of."""

    row: PushRow
    subject: Subject
    device: KnownDevice
    plan: Plan | None
    """None where the settings leave as they are."""
    other: OtherChannel | None
    """What leaves by another channel than client provisioning."""


def load(connection: Connection, seal: Seal, push_id: int, rules: ChannelRules) -> StoredPush | None:
    """The push, or None where the store has none of this id."""
    bucket = bucket_of_id(push_id)
    row = pushes.find(connection, bucket, push_id)
    if row is None:
        return None
    secrets = open_secrets(seal, pushes.sealed_secrets(connection, bucket, push_id), push_id)
    profile = Catalogue(seal).version(connection, row.settings, row.version)
    known = knowledge(connection, rules)
    plan = known.plan(profile, row.device, has_pin=secrets.pin is not None)
    method = None if row.security is None else Method(row.security)
    way = None if plan is None else plan.first(_recipient(row, secrets))
    secret = _secret_parms(connection, seal, row) | secret_parms.of_document(profile.document)
    if isinstance(way, DocumentWay):
        secret = secret_parms.of_shaped(way.profile.document, profile.document, secret)
        profile, method = way.profile, way.method
    wide = profile.policy.wide_reference
    reference = reference_of(push_id, last_attempt(row), wide=wide)
    subject = Subject(
        profile=profile,
        method=method,
        imsi=row.imsi,
        pin=secrets.pin,
        values=secrets.values,
        reference=reference,
        secret=secret,
    )
    other = None
    if way is not None and not isinstance(way, DocumentWay):
        other = OtherChannel(way, way.compose(_recipient(row, secrets)), secrets.values, reference)
    return StoredPush(row, subject, known.device(row.device), plan, other)


def _recipient(row: PushRow, secrets: PushSecrets) -> Recipient:
    return Recipient(row.id, last_attempt(row), row.imsi, secrets.pin, secrets.values)


def last_attempt(row: PushRow) -> int:
    """The attempt (from 0) whose SMS are shown: the one to come of a waiting push, otherwise the last one made."""
    return row.attempts if row.state == State.QUEUED else max(row.attempts - 1, 0)


def _secret_parms(connection: Connection, seal: Seal, row: PushRow) -> frozenset[int]:
    """What neutral settings mark as secret themselves."""
    stored = settings_store.find(connection, row.settings, row.version)
    if stored is None or stored.kind != "neutral":
        return frozenset()
    body = seal.open(stored.sealed_body, context_of(stored.name, stored.version))
    return secret_parms.of_settings(settings.decode(body))
