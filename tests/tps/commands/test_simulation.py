"""`tps simulate`: every switch of the SMSC is an option."""

import json
import socket
from dataclasses import fields

from tests.tps.commands.conftest import Run
from tps.commands.simulation import SWITCHES
from tps.sim.smsc_behaviour import Behaviour


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


def test_what_cannot_be_simulated_is_refused(run: Run) -> None:
    ratio = run("simulate", "smsc", "--port", "0", "--lost-answer-ratio", "2")
    assert (ratio.exit_code, "a share from 0.0 to 1.0" in ratio.stderr) == (2, True)
    assert "--account: SYSTEM_ID:PASSWORD expected" in run("simulate", "smsc", "--account", "tps").stderr
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = run("simulate", "handsets", "--port", port)
    assert (refused.exit_code, f"cannot listen on 127.0.0.1:{port}" in refused.stderr) == (2, True)
