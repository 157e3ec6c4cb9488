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
    candidates = [Path(on_path).parent] if on_path else []
    candidates += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((folder for folder in candidates if (folder / "initdb").exists()), None)


@contextmanager
def running(binaries: Path, *settings: str) -> Iterator[str]:
    """The URL of a started server; `settings` are lines like "max_connections=50"."""
    # Not below pytest's own temporary folder: each new session of pytest closes that to other users again.
    with tempfile.TemporaryDirectory(prefix="tps-postgresql-") as folder:
        yield from _run(binaries, Path(folder), settings)


def _run(binaries: Path, folder: Path, settings: Sequence[str]) -> Iterator[str]:
    as_owner = _as_unprivileged(folder)
    data = folder / "data"
    subprocess.run(
        [*as_owner, binaries / "initdb", "-D", data, "-A", "trust", "-U", "tps", "--no-locale", "-E", "UTF8"],
        check=True,
        capture_output=True,
        cwd=folder,
    )
    port = _free_port()
    options = [f"-c{line}" for line in ("listen_addresses=127.0.0.1", f"unix_socket_directories={folder}", *settings)]
    control = [*as_owner, binaries / "pg_ctl", "-D", data, "-w", "-t", "60", "-l", folder / "log"]
    subprocess.run(
        [*control, "-o", f"-p {port} {' '.join(options)}", "start"], check=True, capture_output=True, cwd=folder
    )
    try:
        yield f"postgresql://tps@127.0.0.1:{port}/postgres"
    finally:
        subprocess.run([*control, "-m", "immediate", "stop"], check=True, capture_output=True, cwd=folder)


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
