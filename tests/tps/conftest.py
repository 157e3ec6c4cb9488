"""A store for each test that asks for one: on SQLite, and on a real PostgreSQL."""

import itertools
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import postgresql_server
from tps.store import migrate
from tps.store.database import Database
from tps.store.sealing import Seal

_numbers = itertools.count()
SEAL = Seal([b"k" * 32])


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    """A PostgreSQL server for the session; where it is not installed its tests are skipped, but fail when `CI=true`."""
    binaries = postgresql_server.find_binaries()
    if binaries is None:
        reason = "postgresql is not installed: the store is not checked against it here"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    with postgresql_server.running(binaries, "fsync=off", "max_connections=60") as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """URL of an empty store, on either database."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/store.sqlite3"
        return
    server: str = request.getfixturevalue("postgresql_url")
    with postgresql_server.database(server, f"test{next(_numbers)}") as url:
        yield url


@pytest.fixture
def database(store_url: str) -> Iterator[Database]:
    """An open store with the newest schema."""
    opened = Database(store_url)
    migrate.upgrade(opened.engine)
    try:
        yield opened
    finally:
        opened.close()


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """URL of an empty store on SQLite, for what does not depend on the database."""
    return f"sqlite:///{tmp_path}/store.sqlite3"


@pytest.fixture
def sqlite(sqlite_url: str) -> Iterator[Database]:
    """An open store on SQLite."""
    opened = Database(sqlite_url)
    migrate.upgrade(opened.engine)
    try:
        yield opened
    finally:
        opened.close()


@pytest.fixture
def seal() -> Seal:
    """The seal of the tests."""
    return SEAL
