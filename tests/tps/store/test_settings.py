"""Settings on disk, on both databases: every version stays, the newest of a name is active."""

from typing import Any

import pytest

from tps.store import settings
from tps.store.database import Database
from tps.store.settings import StoredSettings, VersionTakenError

NOW = 1_800_000_000_000


def version(number: int, name: str = "internet", **changes: Any) -> StoredSettings:
    row = StoredSettings(name, number, "neutral", f"sealed {number}", -number, "{}", "a note", NOW + number)
    return row._replace(**changes)


def add(database: Database, *rows: StoredSettings) -> None:
    def store(connection: Any) -> None:
        for row in rows:
            settings.add(connection, row)

    database.write_now(store)


def test_a_version_is_found_by_its_number_and_the_newest_without_one(database: Database) -> None:
    add(database, version(1), version(2), version(1, "mms"))
    assert database.read_now(lambda connection: settings.find(connection, "internet")) == version(2)
    assert database.read_now(lambda connection: settings.find(connection, "internet", 1)) == version(1)
    assert database.read_now(lambda connection: settings.find(connection, "internet", 3)) is None
    assert database.read_now(lambda connection: settings.find(connection, "wap")) is None


def test_versions_come_newest_first(database: Database) -> None:
    add(database, version(1), version(10), version(9), version(3, "mms"))
    stored = database.read_now(lambda connection: settings.versions(connection, "internet"))
    assert [row.version for row in stored] == [10, 9, 1]
    assert database.read_now(lambda connection: settings.versions(connection, "wap")) == []


def test_the_newest_version_of_each_name_is_active(database: Database) -> None:
    assert database.read_now(settings.active) == []
    add(database, version(1), version(2), version(1, "mms"))
    assert database.read_now(settings.active) == [version(2), version(1, "mms")]
    assert database.read_now(settings.names) == {"internet", "mms"}


def test_a_number_is_given_once(database: Database) -> None:
    add(database, version(1))
    with pytest.raises(VersionTakenError, match="internet, version 1"):
        add(database, version(1, sealed_body="another"))
    assert database.read_now(lambda connection: settings.find(connection, "internet")) == version(1)


def test_each_version_stored_is_another_generation(database: Database) -> None:
    generations = [database.read_now(settings.generation)]
    for row in (version(1), version(2), version(1, "mms")):
        add(database, row)
        generations.append(database.read_now(settings.generation))
    assert len(set(generations)) == 4
    assert database.read_now(settings.generation) == generations[-1]
