"""The first steps of the README, as a newcomer takes them: its configuration, its commands, on ports that are free."""

import json
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from tests.interop.conftest import peer

README = Path(__file__).resolve().parent.parent / "README.md"
PATIENCE_S = 60.0
PAUSE = "sleep 1\n"
UNTIL_DELIVERED = "until ask $API/v1/pushes/$PUSH | grep -q DELIVERED; do sleep 0.1; done\n"
"""What a person sees after a second, a busy machine shows when it is ready."""


def blocks(language: str) -> list[str]:
    """Blocks of code in the section of the first steps."""
    section = README.read_text().partition("\n## First steps\n")[2].partition("\n## ")[0]
    return re.findall(rf"^```{language}\n(.*?)^```", section, flags=re.MULTILINE | re.DOTALL)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def started(folder: Path, *arguments: str) -> Iterator[IO[str]]:
    """A command of `tps` at work, by what it prints."""
    command = [sys.executable, "-m", "tps", *arguments]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout
        finally:
            process.terminate()
            process.communicate(timeout=PATIENCE_S)


def token_told(output: IO[str]) -> str:
    """The set-up token that the first start prints."""
    for line in output:
        found = re.search(r"Bearer (\S+?)'", line)
        if found:
            return found[1]
    raise AssertionError("the server ended without telling a set-up token")


def test_the_first_steps_lead_to_a_phone_that_is_set(tmp_path: Path) -> None:
    shell, curl = peer("sh"), peer("curl")
    http_port, smsc_port = str(free_port()), str(free_port())
    (configuration,), (steps,) = blocks("toml"), blocks("sh")
    (tmp_path / "tps.toml").write_text(configuration.replace("8080", http_port).replace("2775", smsc_port))
    with started(tmp_path, "simulate", "handsets", "--count", "10", "--port", smsc_port) as phones:
        assert json.loads(phones.readline()) == {"port": int(smsc_port)}
        with started(tmp_path, "serve", "--config", "tps.toml") as server:
            script = steps.replace("the-set-up-token", token_told(server)).replace("8080", http_port)
            assert PAUSE in script
            script = script.replace(PAUSE, UNTIL_DELIVERED)
            done = subprocess.run(
                [shell, "-eu"],
                input=script,
                cwd=tmp_path,
                env={"PATH": str(Path(curl).parent) + ":/usr/bin:/bin"},
                capture_output=True,
                text=True,
                timeout=PATIENCE_S,
                check=True,
            )
            installed = json.loads(phones.readline())
    key, published, subscriber, queued, push, again, status = map(json.loads, done.stdout.splitlines())
    assert (key["name"], published["version"], subscriber["msisdn"]) == ("admin", 1, "990000000001")
    assert (queued["outcome"], push["state"], again["outcome"]) == ("queued", "DELIVERED", "already_set")
    assert [route["up"] for route in status["routes"]] == [True]
    assert installed["msisdn"] == "990000000001"
    assert "My Internet" in installed["settings"][0]
