"""A clock that the tests of the way move."""

import pytest

from tests.tps.delivering import Clock
from tps import app
from tps.delivery import attend


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock of all parts that are put together in this test, which attend to pushes only when the test says so."""
    standing = Clock()
    monkeypatch.setattr(app, "now_ms", standing)
    monkeypatch.setattr(attend, "INTERVAL_S", 3600.0)
    return standing
