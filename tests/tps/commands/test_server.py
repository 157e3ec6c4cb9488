"""`tps serve`: a server as a process, started, asked and stopped."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tps.commands.conftest import SEALING_KEY


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
        status, line = refused(path)
    assert status == 2
    assert line.startswith(f"Error: http.port: cannot listen on 127.0.0.1:{port}")


@pytest.mark.parametrize(
    ("text", "status", "line"),
    [
        ('[store]\nurl = "sqlite:////absent/tps.sqlite3"', 2, "Error: store.url: /absent/tps.sqlite3 cannot be made"),
        ('[http]\ntls_certificate_file = "a"\ntls_key_file = "b"', 2, "Error: http.tls_certificate_file: a cannot be"),
        (
            '[store]\nurl = "postgresql://nobody@127.0.0.1:1/none"\nsealing_key_file = "made.key"',
            1,
            "Error: store.url: the database cannot be used now",
        ),
    ],
)
def test_what_stands_in_the_way_of_a_start_ends_it_in_a_line(tmp_path: Path, text: str, status: int, line: str) -> None:
    key = tmp_path / "secrets.key"
    key.write_text(SEALING_KEY)
    path = tmp_path / "tps.toml"
    path.write_text(text.replace("made.key", str(key)))
    ended, told = refused(path)
    assert ended == status
    assert told.startswith(line)


def refused(config_file: Path) -> tuple[int, str]:
    """Exit status and last line of a server that cannot start; nothing of it is a traceback."""
    command = [sys.executable, "-m", "tps", "serve", "--config", str(config_file)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "Traceback" not in ended.stderr
    return ended.returncode, ended.stderr.splitlines()[-1]
