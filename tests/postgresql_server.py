"""A real PostgreSQL server of our own: in a temporary directory, on a loopback port, gone with the tests."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psycopg


def find_binaries() -> Path | None:
    """The folder of initdb and postgres, None where PostgreSQL is not installed."""
    on_path = shutil.which("initdb")
    candidates = [Path(on_path).resolve().parent] if on_path else []  # the other programs lie where a link leads
    candidates += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((folder for folder in candidates if (folder / "initdb").exists()), None)


@contextmanager
def running(binaries: Path, *settings: str) -> Iterator[str]:
    """The URL of a started server; `settings` are lines like "max_connections=50"."""
    with cluster(binaries, *settings) as started:
        yield started.url


@contextmanager
def cluster(binaries: Path, *settings: str) -> Iterator["Cluster"]:
    """A started server that can be killed, started again, and copied by a replica."""
    # Not below pytest's own temporary folder: each new session of pytest closes that to other users again.
    with tempfile.TemporaryDirectory(prefix="tps-postgresql-") as folder:
        made = Cluster(binaries, Path(folder), settings)
        made.run(binaries / "initdb", "-D", made.data, "-A", "trust", "-U", "tps", "--no-locale", "-E", "UTF8")
        made.start()
        try:
            yield made
        finally:
            made.kill()


class Cluster:
    """The files of a server in a folder of its own, and the port where it listens."""

    def __init__(self, binaries: Path, folder: Path, settings: Sequence[str]) -> None:
        self._binaries = binaries
        self._folder = folder
        self._settings = settings
        self._as_owner = _as_unprivileged(folder)
        self.data = folder / "data"
        self.port = _free_port()
        self.url = f"postgresql://tps@127.0.0.1:{self.port}/postgres"

    def run(self, *command: str | Path) -> None:
        """Run a program as the owner of the files."""
        subprocess.run([*self._as_owner, *command], check=True, capture_output=True, cwd=self._folder)

    def start(self) -> None:
        """Until it takes connections; after `kill` it first mends its files."""
        lines = ("listen_addresses=127.0.0.1", f"unix_socket_directories={self._folder}", *self._settings)
        options = f"-p {self.port} {' '.join(f'-c{line}' for line in lines)}"
        self._control("-w", "-t", "60", "-l", self._folder / "log", "-o", options, "start")

    def kill(self) -> None:
        """End all its processes at once, without a checkpoint; nothing where none runs."""
        if (self.data / "postmaster.pid").exists():
            self._control("-w", "-m", "immediate", "stop")

    def promote(self) -> None:
        """Make of a replica a server that takes writes."""
        self._control("-w", "promote")

    @contextmanager
    def replica(self) -> Iterator["Cluster"]:
        """A second server that follows this one by streaming; a commit here waits until it is there, too."""
        with tempfile.TemporaryDirectory(prefix="tps-postgresql-") as folder:
            made = Cluster(self._binaries, Path(folder), self._settings)
            source = f"host=127.0.0.1 port={self.port} user=tps"
            made.run(self._binaries / "pg_basebackup", "-D", made.data, "-R", "-c", "fast", "-d", source)
            made.start()
            with psycopg.connect(self.url, autocommit=True) as connection:
                connection.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
                connection.execute("SELECT pg_reload_conf()")
            try:
                yield made
            finally:
                made.kill()

    def _control(self, *arguments: str | Path) -> None:
        self.run(self._binaries / "pg_ctl", "-D", self.data, *arguments)


@contextmanager
def database(server_url: str, name: str) -> Iterator[str]:
    """The URL of a new, empty database."""
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
    try:
        yield server_url.rsplit("/", 1)[0] + f"/{name}"
    finally:
        with psycopg.connect(server_url, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())


def _as_unprivileged(folder: Path) -> list[str | Path]:
    """PostgreSQL refuses to run as root: the command that runs it as its own user, who must reach the folder."""
    if os.geteuid() != 0:
        return []
    user = pwd.getpwnam("postgres")
    os.chown(folder, user.pw_uid, user.pw_gid)
    return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
