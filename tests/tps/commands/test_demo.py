"""The demo, as a newcomer runs it: a thousand handsets set up once, on either database."""

import subprocess
import sys

from tests import postgresql_server


def run_demo(*options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tps", "demo", "--exit", "--port", "0", *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_a_thousand_handsets_are_set_up_once(store_url: str) -> None:
    done = run_demo() if store_url.startswith("sqlite") else run_demo("--store", store_url)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1,000  handsets that hold exactly the right settings" in done.stdout
    assert "1,000  refused as already SET" in done.stdout
    assert "0  SMS sent in that second wave" in done.stdout
    assert "Internet access" in done.stdout
    assert "Traceback" not in done.stderr


def test_the_demo_wants_an_empty_store(postgresql_url: str) -> None:
    with postgresql_server.database(postgresql_url, "used") as url:
        assert run_demo("--handsets", "3", "--store", url).returncode == 0
        again = run_demo("--handsets", "3", "--store", url)
    assert again.returncode != 0
    assert "empty" in again.stderr
    assert "Traceback" not in again.stderr
