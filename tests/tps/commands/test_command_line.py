"""The command line as a whole: every command is there, helps, and ends as it should."""

import subprocess
import sys

import pytest

from tests.tps.commands.conftest import Run
from tps.commands.command_line import GROUPS, PLACES

COMMANDS = [
    [name, inner] if inner else [name]
    for name, place in PLACES.items()
    for inner in ([""] if isinstance(place, str) else place)
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_the_help_of_every_command_has_an_example(run: Run, command: list[str]) -> None:
    shown = run(*command, "--help")
    assert shown.exit_code == 0
    assert f"Example: tps {' '.join(command)}" in shown.stdout


def test_without_a_command_it_lists_what_there_is(run: Run) -> None:
    shown = run()
    assert all(name in shown.output for name in PLACES)
    for name, text in GROUPS.items():
        assert text in run(name).output


def test_a_command_that_does_not_exist_is_refused(run: Run) -> None:
    refused = run("encod")
    assert refused.exit_code == 2
    assert "No such command 'encod'" in refused.stderr


def test_it_runs_as_a_module() -> None:
    ran = subprocess.run([sys.executable, "-m", "tps", "version"], capture_output=True, text=True, check=True)
    assert ran.stdout.startswith("tps ")
    assert ran.stderr == ""
