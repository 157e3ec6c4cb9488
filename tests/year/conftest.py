"""The stores of the tests of the server."""

from tests.tps.conftest import postgresql_url, sqlite_url, store_url

__all__ = ["postgresql_url", "sqlite_url", "store_url"]
