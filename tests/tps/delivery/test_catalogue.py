"""Settings as the way uses them: read anew when a version is stored, opened once, one bad row alone."""

import msgspec
import pytest
from sqlalchemy import Connection

from encoders import client_provisioning
from encoders.errors import DecodeError
from tests.tps.delivering import INTERNET, INTERNET_AS_SUBSCRIBER, START_MS, publish
from tps.decisions.policy import DeliveryPolicy
from tps.delivery.catalogue import Catalogue, context_of, document_of, fingerprint_of
from tps.store import settings
from tps.store.database import Database
from tps.store.sealing import Seal
from tps.store.settings import StoredSettings

POLICY = DeliveryPolicy()
DOCUMENT = b"""<wap-provisioningdoc version="1.0">
<characteristic type="NAPDEF"><parm name="NAPID" value="i"/></characteristic></wap-provisioningdoc>"""


def row(seal: Seal, body: bytes, *, name: str = "internet", version: int = 1, **changes: object) -> StoredSettings:
    stored = StoredSettings(
        name=name,
        version=version,
        kind="neutral",
        sealed_body=seal.close(body, context_of(name, version)),
        fingerprint=fingerprint_of("neutral", body, POLICY),
        policy=msgspec.json.encode(POLICY).decode(),
        note="",
        created_at=START_MS,
    )
    return stored._replace(**changes)  # type: ignore[arg-type]


def add(database: Database, *rows: StoredSettings) -> None:
    def store(connection: Connection) -> None:
        for each in rows:
            settings.add(connection, each)

    database.write_now(store)


def test_the_newest_version_is_active_as_soon_as_it_is_stored(database: Database, seal: Seal) -> None:
    catalogue = Catalogue(seal)
    assert database.read_now(catalogue.refresh) == {}
    publish(database, seal)
    assert database.read_now(catalogue.refresh)["internet"].version == 1
    publish(database, seal, INTERNET_AS_SUBSCRIBER)
    assert database.read_now(catalogue.refresh)["internet"].version == 2
    old = database.read_now(lambda connection: catalogue.version(connection, "internet", 1))
    assert (old.version, old.placeholders) == (1, frozenset())


def test_a_version_is_opened_once(database: Database, seal: Seal) -> None:
    catalogue = Catalogue(seal)
    publish(database, seal)
    first = database.read_now(catalogue.refresh)["internet"]
    assert database.read_now(catalogue.refresh)["internet"] is first
    assert database.read_now(lambda connection: catalogue.version(connection, "internet", 1)) is first


def test_a_version_that_is_not_stored_is_named(database: Database, seal: Seal) -> None:
    publish(database, seal)
    with pytest.raises(LookupError, match="settings internet version 7 are not stored"):
        database.read_now(lambda connection: Catalogue(seal).version(connection, "internet", 7))


def test_a_version_that_was_rolled_back_is_not_remembered(database: Database, seal: Seal) -> None:
    catalogue = Catalogue(seal)
    phantom, right = (
        row(seal, INTERNET.replace(b"internet.example", name + b".example")) for name in (b"phantom", b"right")
    )
    with database.engine.connect() as connection, connection.begin() as transaction:
        settings.add(connection, phantom)
        assert catalogue.refresh(connection)["internet"].fingerprint == phantom.fingerprint
        transaction.rollback()
    add(database, right._replace(created_at=START_MS + 1))
    active = database.read_now(catalogue.refresh)["internet"]
    assert active.fingerprint == right.fingerprint
    assert b"right" in active.encoded({})
    assert database.read_now(lambda connection: catalogue.version(connection, "internet", 1)) is active


def test_settings_that_cannot_be_read_stop_no_others(database: Database, seal: Seal) -> None:
    add(
        database,
        row(seal, INTERNET),
        row(Seal([b"x" * 32]), INTERNET, name="sealed with another key"),
        row(seal, INTERNET, name="moved", sealed_body=seal.close(INTERNET, context_of("another row", 1))),
        row(seal, b'{"name": 5}', name="of a newer program"),
        row(seal, INTERNET, name="with another policy", policy='{"security": "rot13"}'),
        row(seal, b"<wrong>", name="no document", kind="document"),
    )
    assert set(database.read_now(Catalogue(seal).refresh)) == {"internet"}


def test_a_document_without_placeholders_is_encoded_once_and_one_with_them_for_each_subscriber(
    sqlite: Database, seal: Seal
) -> None:
    same_for_all = row(seal, INTERNET, name="same")
    personal = row(seal, INTERNET_AS_SUBSCRIBER, name="personal")
    add(sqlite, same_for_all, personal)
    profiles = sqlite.read_now(Catalogue(seal).refresh)
    assert profiles["same"].encoded({}) is profiles["same"].encoded({"unused": "x"})
    assert profiles["personal"].placeholders == {"msisdn", "ppp_password"}
    bodies = [profiles["personal"].encoded({"msisdn": number, "ppp_password": "hush"}) for number in ("4917", "4916")]
    assert b"4917" in bodies[0]
    assert b"4917" not in bodies[1]


def test_a_document_of_xml_is_sent_as_it_is() -> None:
    document = document_of("document", DOCUMENT)
    assert client_provisioning.decode(client_provisioning.encode(document)) == document
    with pytest.raises(DecodeError):
        document_of("document", INTERNET)
    with pytest.raises(DecodeError):
        document_of("neutral", DOCUMENT)


def test_a_fingerprint_changes_with_content_and_protection_and_with_nothing_else() -> None:
    prints = [
        fingerprint_of("neutral", INTERNET, POLICY),
        fingerprint_of("neutral", INTERNET + b" ", POLICY),
        fingerprint_of("document", INTERNET, POLICY),
        fingerprint_of("neutral", INTERNET, DeliveryPolicy(security="userpin")),
    ]
    assert len(set(prints)) == 4
    assert fingerprint_of("neutral", INTERNET, DeliveryPolicy(validity_s=60, uncertain="hold")) == prints[0]
    assert all(-(1 << 63) <= each < 1 << 63 for each in prints)
