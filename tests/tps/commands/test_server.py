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


RADIUS = '[radius]\nenabled = true\n{}\n[[radius.clients]]\nname = "ggsn"\nprefix = "10.0.0.1"\nsecret = "geheim"\n'
DIAMETER = (
    '[diameter]\nenabled = true\norigin_host = "eir.tps.example"\norigin_realm = "tps.example"\n{}\n'
    '[[diameter.peers]]\norigin_host = "mme01.epc.example"\nprefixes = ["10.0.0.2"]\n'
)


@pytest.mark.parametrize("own_process", ["true", "false"])
@pytest.mark.parametrize(
    ("feed", "line"),
    [
        (RADIUS.format("port = {port}"), "radius.port: cannot listen on 127.0.0.1:{port}: "),
        (RADIUS.format('host = "192.0.2.1"'), "radius.host: cannot listen on 192.0.2.1:1813: "),
        (DIAMETER.format("port = {port}"), "diameter.port: cannot listen on 127.0.0.1:{port}: "),
        (DIAMETER.format('host = "192.0.2.1"'), "diameter.host: cannot listen on 192.0.2.1:3868: "),
        (DIAMETER.format('port = 0\ngrey_list_file = "/absent"'), "diameter.grey_list_file: /absent cannot be read: "),
    ],
)
def test_a_feed_that_cannot_be_heard_ends_it_in_a_line_before_anything_is_at_work(
    tmp_path: Path, own_process: str, feed: str, line: str
) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken_by_datagrams,
    ):
        port = taken.getsockname()[1]
        taken_by_datagrams.bind(("127.0.0.1", port))
        path = tmp_path / "tps.toml"
        path.write_text(
            f'[store]\nurl = "sqlite:///{tmp_path}/tps.sqlite3"\n[http]\nport = 0\nown_process = {own_process}\n'
            + feed.replace("{port}", str(port))
        )
        ended = subprocess.run(
            [sys.executable, "-m", "tps", "serve", "--config", path], capture_output=True, text=True, check=False
        )
    assert ended.returncode == 2
    (told,) = ended.stderr.splitlines()
    assert told.startswith("Error: " + line.replace("{port}", str(port)))
    assert not (tmp_path / "tps.sqlite3").exists()


def refused(config_file: Path) -> tuple[int, str]:
    """Exit status and last line of a server that cannot start; nothing of it is a traceback."""
    command = [sys.executable, "-m", "tps", "serve", "--config", str(config_file)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "Traceback" not in ended.stderr
    return ended.returncode, ended.stderr.splitlines()[-1]
