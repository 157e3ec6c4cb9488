"""`tps serve` on a store with a damaged page: nothing is acknowledged, and the server ends and says what to do."""

import asyncio
import os
import sqlite3
import subprocess
import sys
import urllib.error
import urllib.request
from contextlib import closing
from pathlib import Path

import pytest

from tests.tps.commands.conftest import SEALING_KEY
from tests.tps.delivering import publish
from tps import app
from tps.backoffice import keys
from tps.store.database import Database
from tps.store.sealing import Seal


def damage_table(path: Path, name: str) -> None:
    """Write over the first page of a table, as a failing disk does."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
        (root,) = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", [name]).fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    with path.open("r+b") as file:
        file.seek((root - 1) * size)
        file.write(b"\xa5" * size)


def test_a_damaged_page_ends_the_server_with_a_line_that_names_the_file_and_the_way_out(
    sqlite: Database, seal: Seal, sqlite_url: str, tmp_path: Path
) -> None:
    publish(sqlite, seal)
    key = asyncio.run(keys.create(sqlite, "test", now_ms=app.now_ms())).key
    sqlite.close()
    damage_table(tmp_path / "store.sqlite3", "settings")
    config_file = tmp_path / "tps.toml"
    config_file.write_text(f'[store]\nurl = "{sqlite_url}"\n[http]\nport = 0\n')
    with subprocess.Popen(
        [sys.executable, "-m", "tps", "serve", "--config", config_file],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1", "TPS_SEALING_KEY": SEALING_KEY},
    ) as process:  # fmt: skip
        try:
            assert process.stdout is not None
            address = process.stdout.readline().split()[-1]
            asking = urllib.request.Request(f"{address}/v1/settings", headers={"Authorization": f"Bearer {key}"})
            with pytest.raises(urllib.error.HTTPError) as refused, urllib.request.urlopen(asking, timeout=10):
                pass
            refused.value.close()
            _, errors = process.communicate(timeout=15)
        finally:
            process.kill()
    assert (refused.value.status, process.returncode) == (503, 1)
    assert int(refused.value.headers["Retry-After"]) > 0
    line = errors.splitlines()[-1]
    assert line.startswith(f"Error: store.url: {tmp_path}/store.sqlite3 is damaged")
    assert line.endswith("put a backup in its place with `tps restore FILE`")
    assert "Traceback" not in errors
