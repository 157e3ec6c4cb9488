"""A running server for each test that asks for one."""

from collections.abc import AsyncIterator

import pytest

from tests.tps.web.api import Api, running


@pytest.fixture
async def api(sqlite_url: str) -> AsyncIterator[Api]:
    """A caller with a key, of a server on SQLite."""
    async with running(sqlite_url) as caller:
        yield caller
