"""`tps serve`: a server as a process, started, asked and stopped."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path


def test_it_tells_its_address_and_token_and_stops_when_told_to(tmp_path: Path) -> None:
    path = tmp_path / "tps.toml"
    path.write_text(f'[store]\nurl = "sqlite:///{tmp_path}/tps.sqlite3"\n[http]\nport = 0\n')
    with subprocess.Popen(
        [sys.executable, "-m", "tps", "serve", "--config", path],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    ) as process:
        assert process.stdout is not None
        told = [process.stdout.readline() for _ in range(3)]
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0
    assert told[0].startswith("The HTTP API is at http://127.0.0.1:")
    assert "one-time set-up token" in told[1]


def test_a_port_that_is_taken_ends_it_in_a_line(tmp_path: Path) -> None:
    path = tmp_path / "tps.toml"
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        path.write_text(f'[store]\nurl = "sqlite:///{tmp_path}/tps.sqlite3"\n[http]\nport = {port}\n')
        command = [sys.executable, "-m", "tps", "serve", "--config", str(path)]
        refused = subprocess.run(command, capture_output=True, text=True, check=False)
    assert refused.returncode == 2
    last_line = refused.stderr.splitlines()[-1]
    assert last_line.startswith(f"Error: http.port: cannot listen on 127.0.0.1:{port}")
