"""The server under test, as its own process: configured, given a key, started."""

import base64
import hashlib
import json
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tps import app, config
from tps.backoffice import keys
from tps.bench.processes import ProcessError, child, python
from tps.bench.smsc import ACCOUNT
from tps.bench.workload import SETTINGS_NAME

_ADDRESS = re.compile(r"http\S+")
_SEALING_KEY = base64.b64encode(hashlib.sha256(b"tps bench").digest())
"""Always the same: a store may be used by several load tests, and holds nobody's secrets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSetup:
    """How the server under test is configured."""

    folder: Path
    store: str
    smsc_port: int
    window: int = 50
    binds: int = 1
    rate_per_s: int = 0
    max_open_pushes: int = 0
    node: int = 0
    """Its number among the nodes of the store."""
    route: Mapping[str, object] = field(default_factory=dict)
    """Keys of the route that shall be other than here."""
    arguments: tuple[str, ...] = ()
    """What else `tps serve` is told."""
    tables: str = ""
    """What else stands in its configuration."""

    @property
    def file(self) -> Path:
        """Its configuration file."""
        return self.folder / "tps.toml"

    def write(self) -> None:
        """Write the configuration and the sealing key."""
        key = self.folder / "sealing.key"
        key.write_bytes(_SEALING_KEY)
        tables: Mapping[str, Mapping[str, object]] = {
            "[store]": {
                "url": self.store,
                "sealing_key_file": str(key),
                "max_open_pushes": self.max_open_pushes,
            },
            "[http]": {"port": 0},
            "[node]": {"name": f"node-{self.node}", "number": self.node},
            "[detection]": {"default_settings": SETTINGS_NAME},
            "[[routes]]": {
                "name": "bench",
                "host": "127.0.0.1",
                "port": self.smsc_port,
                "system_id": ACCOUNT,
                "password": ACCOUNT,
                "window": self.window,
                "binds": self.binds,
                "rate_per_s": self.rate_per_s,
                "reconnect_min_s": 0.1,
                "reconnect_max_s": 0.2,
                **self.route,
            },
        }
        # A JSON string, number or array is the same thing in TOML.
        lines = [
            f"{name}\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in table.items())
            for name, table in tables.items()
        ]
        self.file.write_text("\n".join([*lines, self.tables]))

    async def new_key(self) -> str:
        """An API key, made in the store while no server runs on it; brings the store to this version."""
        database, _ = app.open_store(config.load(self.file))
        try:
            return (await keys.create(database, "bench", now_ms=app.now_ms())).key
        finally:
            database.close()


@dataclass(frozen=True, slots=True)
class ServerProcess:
    """The server under test."""

    pid: int
    address: str
    key: str


@asynccontextmanager
async def server(setup: ServerSetup, *, key: str | None = None) -> AsyncIterator[ServerProcess]:
    """The server in a process of its own; with a new key, unless it has one."""
    setup.write()
    if key is None:
        key = await setup.new_key()
    command = python("tps", "serve", "--config", setup.file, *setup.arguments)
    async with child(command, setup.folder / "server.log") as running:
        said = await running.line()
        address = _ADDRESS.search(said)
        if address is None:
            raise ProcessError(f"the server does not tell its address: {said}")
        yield ServerProcess(running.pid, address[0], key)
