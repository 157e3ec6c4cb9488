"""The store of a run: new, empty, and as durable as in production."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from tests import postgresql_server
from tests.postgresql_server import Cluster


class Store(NamedTuple):
    """Where it is, and the PostgreSQL that holds it, where that is there for this run alone."""

    url: str
    cluster: Cluster | None = None


@contextmanager
def new_store(kind: str, folder: Path) -> Iterator[Store]:
    """An empty store of this kind; PostgreSQL with its own settings, which wait for the disk."""
    if kind == "sqlite":
        yield Store(f"sqlite:///{folder}/store.sqlite3")
        return
    binaries = postgresql_server.find_binaries()
    if binaries is None:
        raise SystemExit("PostgreSQL is not installed here")
    with postgresql_server.cluster(binaries) as cluster:
        yield Store(cluster.url, cluster)
