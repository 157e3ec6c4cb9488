"""A clock that the tests of the way move."""

import pytest

from tests.tps.delivering import Clock
from tps import app
from tps.delivery import attend, node_lease
from tps.store import nodes


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
