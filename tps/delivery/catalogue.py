"""The settings as the way of a push uses them: opened, encoded once where no value of a subscriber is in them."""

import hashlib
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

import msgspec
import structlog

from encoders import client_provisioning, settings
from encoders.client_provisioning import Document
from encoders.client_provisioning_settings import fill, placeholders, to_document
from encoders.errors import DecodeError, EncodeError
from encoders.settings import Settings
from tps.decisions.policy import DeliveryPolicy
from tps.store import settings as settings_store
from tps.store.database import Connection
from tps.store.sealing import Seal, UnsealError
from tps.store.settings import Generation, StoredSettings

Kind = Literal["neutral", "document"]

log = structlog.get_logger(__name__)

UNUSABLE = (EncodeError, DecodeError, msgspec.ValidationError, UnsealError)
"""What a stored version may raise that a newer program, or another key, cannot read."""
_read_policy = msgspec.json.Decoder(DeliveryPolicy).decode


@dataclass(frozen=True, slots=True)
class Profile:
    """One version of named settings, ready to be composed."""

    name: str
    version: int
    fingerprint: int
    policy: DeliveryPolicy
    document: Document
    placeholders: frozenset[str]
    body: bytes | None
    """The encoded document where it is the same for every subscriber."""
    neutral: Settings | None = None
    """The neutral model, for the channels that need it; None where a document was published."""

    def encoded(self, values: Mapping[str, str]) -> bytes:
        """The document as WBXML, its placeholders filled with `values`."""
        if self.body is not None:
            return self.body
        return client_provisioning.encode(fill(self.document, values))


def document_of(kind: Kind, body: bytes) -> Document:
    """The provisioning document that a stored body stands for."""
    if kind == "neutral":
        return to_document(settings.decode(body))
    return client_provisioning.decode_xml(body)


def fingerprint_of(kind: Kind, body: bytes, policy: DeliveryPolicy) -> int:
    """64 bits that change with the content of the settings and with how they are protected."""
    digest = hashlib.sha256(f"{kind}\n{policy.security}\n".encode() + body).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


def fingerprint_again(fingerprint: int, version: int) -> int:
    """What stands for a content that was published before and, after another one, becomes active again as `version`."""
    digest = hashlib.sha256(b"%d\n%d" % (fingerprint, version)).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


class Fresh(NamedTuple):
    """What the store holds at one moment."""

    profiles: Mapping[str, Profile]
    """The active settings by name."""
    device_changes: int
    """How often device models have been changed."""


class Catalogue:
    """All active settings, and older versions as long as pushes of them are on their way."""

    def __init__(self, seal: Seal) -> None:
        self._seal = seal
        self._lock = threading.Lock()
        """Readers refresh beside each other: what each is given is what its own transaction sees."""
        self._generation: Generation | None = None
        self._active: dict[str, Profile] = {}
        self._versions: dict[tuple[str, int], tuple[str, Profile]] = {}

    def refresh(self, connection: Connection) -> Mapping[str, Profile]:
        """The active settings by name, read anew when any node has stored a version since."""
        return self.fresh(connection).profiles

    def fresh(self, connection: Connection) -> Fresh:
        """The same, and how often device models were changed."""
        with self._lock:
            generation = settings_store.generation(connection)
            if generation._replace(device_changes=0) != self._generation:
                self._active = dict(self._usable(settings_store.active(connection)))
                self._generation = generation._replace(device_changes=0)
            return Fresh(self._active, generation.device_changes)

    def version(self, connection: Connection, name: str, version: int) -> Profile:
        """This version of the settings; `LookupError` where it is not stored."""
        known = self._versions.get((name, version))
        if known is not None:
            return known[1]
        row = settings_store.find(connection, name, version)
        if row is None:
            raise LookupError(f"settings {name} version {version} are not stored")
        return self._profile(row)

    def _usable(self, rows: Iterable[StoredSettings]) -> Iterator[tuple[str, Profile]]:
        """One row that cannot be read must not stop the others."""
        for row in rows:
            try:
                yield row.name, self._profile(row)
            except UNUSABLE as error:
                log.warning("settings.unusable", name=row.name, version=row.version, error=str(error))

    def _profile(self, row: StoredSettings) -> Profile:
        key = (row.name, row.version)
        # Compared, because a version can have been read in a transaction that was rolled back afterwards.
        if key not in self._versions or self._versions[key][0] != row.sealed_body:
            body = self._seal.open(row.sealed_body, context_of(row.name, row.version))
            document = document_of("neutral" if row.kind == "neutral" else "document", body)
            asked = placeholders(document)
            profile = Profile(
                name=row.name,
                version=row.version,
                fingerprint=row.fingerprint,
                policy=_read_policy(row.policy),
                document=document,
                placeholders=asked,
                body=None if asked else client_provisioning.encode(fill(document, {})),
                neutral=settings.decode(body) if row.kind == "neutral" else None,
            )
            self._versions[key] = (row.sealed_body, profile)
        return self._versions[key][1]


def context_of(name: str, version: int) -> str:
    """What binds a sealed settings body to its row."""
    return f"settings/{name}/{version}"
