"""`tps simulate`: every switch of the SMSC is an option."""

import json
import socket
from dataclasses import fields
from pathlib import Path

import pytest

from tests.tps.commands.conftest import Run
from tps.commands.simulation import SWITCHES
from tps.sim.smsc_behaviour import Behaviour
from tps.sim.subscribers import Subscribers


def test_every_switch_of_the_smsc_is_an_option(run: Run) -> None:
    assert set(SWITCHES) == {field.name for field in fields(Behaviour)}
    for command in ("smsc", "handsets"):
        refused = run("simulate", command, *(f"--{name.replace('_', '-')}=x" for name in SWITCHES if name == "seed"))
        assert "--seed" in refused.stderr


def test_a_simulation_tells_its_port_then_its_counters(run: Run) -> None:
    for command in ("smsc", "handsets"):
        ran = run(
            "simulate", command, "--port", "0", "--for", "0", "--response-id", "hex-lower", "--answers-out-of-order"
        )
        assert ran.exit_code == 0
        first, last = map(json.loads, ran.stdout.splitlines())
        assert first["port"] > 0
        assert last["submits"] == 0


@pytest.mark.usefixtures("sqlite")
def test_the_subscribers_of_a_simulation_can_be_imported(run: Run, config_file: Path, tmp_path: Path) -> None:
    listed = run("simulate", "subscribers", "--count", "20", "--seed", "7")
    people = [(person.imsi, person.msisdn) for person in Subscribers(20, seed=7)]
    assert [tuple(line.split(",")) for line in listed.stdout.splitlines()] == [("imsi", "msisdn"), *people]
    assert run("simulate", "subscribers", "--output", tmp_path / "all.csv").exit_code == 0
    imported = run("import", "subscribers", tmp_path / "all.csv", "--config", config_file)
    assert (imported.exit_code, "1000 created" in imported.stdout) == (0, True), imported.stderr


def test_what_cannot_be_simulated_is_refused(run: Run) -> None:
    ratio = run("simulate", "smsc", "--port", "0", "--lost-answer-ratio", "2")
    assert (ratio.exit_code, "a share from 0.0 to 1.0" in ratio.stderr) == (2, True)
    assert "--account: SYSTEM_ID:PASSWORD expected" in run("simulate", "smsc", "--account", "tps").stderr
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = run("simulate", "handsets", "--port", port)
    assert (refused.exit_code, f"cannot listen on 127.0.0.1:{port}" in refused.stderr) == (2, True)
