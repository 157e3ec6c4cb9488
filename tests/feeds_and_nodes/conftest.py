"""The stores that the tests of the server have."""

from tests.tps.conftest import postgresql_url, sqlite, sqlite_url

__all__ = ["postgresql_url", "sqlite", "sqlite_url"]
