"""The store of a run: new, empty, and as durable as in production."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests import postgresql_server


@contextmanager
def store(kind: str, place: Path) -> Iterator[str]:
    """The URL of an empty store of this kind; PostgreSQL with its own settings, which wait for the disk."""
    if kind == "sqlite":
        yield f"sqlite:///{place}/chaos.sqlite3"
        return
    binaries = postgresql_server.find_binaries()
    if binaries is None:
        raise SystemExit("PostgreSQL is not installed here")
    with postgresql_server.running(binaries) as server, postgresql_server.database(server, "chaos") as url:
        yield url
