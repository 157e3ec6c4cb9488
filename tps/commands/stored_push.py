"""A push from the store, ready to be explained: with the settings, values and PIN it was or will be composed of."""

from dataclasses import dataclass

from bootstrap.mac import Method
from encoders import settings
from tps.decisions.push_id import bucket_of_id, reference_of
from tps.decisions.push_life import State
from tps.delivery.catalogue import Catalogue, context_of
from tps.delivery.push_secrets import open_secrets
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


def load(connection: Connection, seal: Seal, push_id: int) -> StoredPush | None:
    """The push, or None where the store has none of this id."""
    bucket = bucket_of_id(push_id)
    row = pushes.find(connection, bucket, push_id)
    if row is None:
        return None
    secrets = open_secrets(seal, pushes.sealed_secrets(connection, bucket, push_id), push_id)
    profile = Catalogue(seal).version(connection, row.settings, row.version)
    wide = profile.policy.wide_reference
    subject = Subject(
        profile=profile,
        method=None if row.security is None else Method(row.security),
        imsi=row.imsi,
        pin=secrets.pin,
        values=secrets.values,
        reference=reference_of(push_id, last_attempt(row), wide=wide),
        secret=_secret_parms(connection, seal, row) | secret_parms.of_document(profile.document),
    )
    return StoredPush(row, subject)


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
