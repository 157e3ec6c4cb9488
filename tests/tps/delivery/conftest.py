"""A clock that the tests of the way move, and subscribers to serve."""

import pytest

from tests.tps.delivering import Clock, publish, subscribe
from tps import app
from tps.delivery import attend, node_lease
from tps.store import nodes
from tps.store.database import Database
from tps.store.sealing import Seal


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock of all parts that are put together in this test and of the database.

    They attend to pushes only when the test says so, and do not renew their nodes' leases.
    """
    standing = Clock()
    monkeypatch.setattr(app, "now_ms", standing)
    monkeypatch.setattr(nodes, "time_ms", lambda _connection, clock: clock())
    monkeypatch.setattr(attend, "INTERVAL_S", 3600.0)
    monkeypatch.setattr(node_lease, "RENEW_S", 3600.0)
    return standing


@pytest.fixture
def served(sqlite: Database, seal: Seal) -> None:
    """Settings "internet", and three subscribers."""
    publish(sqlite, seal)
    subscribe(sqlite, seal, 3)
