"""`tps bench`: what it tells, writes, draws, and refuses."""

from pathlib import Path

import msgspec

from tests.tps.commands.conftest import Run
from tps.bench.results import Report


def test_the_command_tells_medians_writes_json_and_draws_it(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "encode.json"
    ran = run("bench", "encode", "--count", 20, "--repeat", 2, "--json", file)
    assert ran.exit_code == 0
    assert "Medians" in ran.stdout
    report = msgspec.json.decode(file.read_bytes(), type=Report)
    assert len(report.runs) == 6
    assert set(report.medians_per_s) == {found.scenario for found in report.runs}
    assert report.machine.cores >= 1
    assert all(found.processor_speed > 0.1 for found in report.runs)
    drawn = run("bench", "plot", file, "--into", tmp_path, "--together", "growth")
    assert drawn.exit_code == 0
    assert (tmp_path / "growth.svg").read_text().startswith("<svg")


def test_what_kannel_cannot_do_is_refused(run: Run) -> None:
    refused = run("bench", "detect", "--compare-kannel")
    assert (refused.exit_code, "--compare-kannel" in refused.stderr) == (2, True)


def test_a_server_that_does_not_start_is_told_with_what_it_said(run: Run) -> None:
    ran = run("bench", "bulk", "--count", 1, "--serve-with", "--no-such-option")
    assert (ran.exit_code, "No such option" in ran.stderr) == (2, True)
