"""The command line as a whole: every command is there, helps, and ends as it should."""

import subprocess
import sys

import pytest

from tests.tps.commands.conftest import Run
from tps.__main__ import app

COMMANDS = [
    ["demo"],
    ["serve"],
    ["migrate"],
    ["config"],
    ["import", "subscribers"],
    ["export", "subscribers"],
    ["explain"],
    ["compose"],
    ["encode"],
    ["decode"],
    ["simulate", "smsc"],
    ["simulate", "handsets"],
    ["version"],
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_the_help_of_every_command_has_an_example(run: Run, command: list[str]) -> None:
    shown = run(*command, "--help")
    assert shown.exit_code == 0
    assert f"Example: tps {' '.join(command)}" in shown.stdout


def test_the_commands_without_arguments_list_what_there_is(run: Run) -> None:
    shown = run()
    assert all(command[0] in shown.output for command in COMMANDS)
    assert len(app.registered_commands) + len(app.registered_groups) >= len({command[0] for command in COMMANDS})


def test_it_runs_as_a_module() -> None:
    ran = subprocess.run([sys.executable, "-m", "tps", "version"], capture_output=True, text=True, check=True)
    assert ran.stdout.startswith("tps ")
    assert ran.stderr == ""
