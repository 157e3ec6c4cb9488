"""`tps bench`: what it tells, writes, draws, and refuses."""

import inspect
from pathlib import Path

import msgspec
import pytest

from tests.tps.commands.conftest import Run
from tps.bench.results import Report
from tps.commands import bench, bench_options


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


URL = ("--url", "http://127.0.0.1:1")


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("detect", "--compare-kannel"), "--compare-kannel: of no use to detect, only to bulk, single; leave it out"),
        (("encode", *URL, "--key", "x"), "--url: of no use to encode, only to bulk, single, detect; leave it out"),
        (("radius", *URL), "--url: of no use to radius"),
        (("encode", "--rate", 5), "--rate: of no use to encode"),
        (("smpp", "--smsc-delay", 1), "--smsc-delay: of no use to smpp"),
        (("bulk", *URL, "--key", "x", "--window", 5), "--window: of no use with --url"),
        (("bulk", *URL), "--key: needed with --url"),
        (("bulk", "--key", "x"), "--key: of no use without --url"),
        (("bulk", "--key", "x\n"), "--key: printable characters without a newline expected"),
        (("bulk", "--url", "127.0.0.1:1"), "--url: http://HOST:PORT or https://HOST:PORT without a path expected"),
    ],
)
def test_an_option_that_would_change_nothing_or_cannot_be_is_refused(
    run: Run, words: tuple[str, ...], reason: str
) -> None:
    refused = run("bench", *words, "--count", 1)
    assert refused.exit_code == 2
    assert refused.stderr.startswith(f"Error: {reason}")


def test_the_table_of_options_knows_all_scenarios_and_options() -> None:
    taken = set(inspect.signature(bench.bulk).parameters)
    assert taken >= set(bench_options.USED_BY) >= bench_options.OWN_SERVER
    assert {scenario for used in bench_options.USED_BY.values() for scenario in used} <= set(bench.COUNTS)
    assert tuple(bench.SCENARIOS) == bench_options.WHOLE_SERVER


def test_a_key_in_the_environment_may_be_for_other_commands(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TPS_KEY", "x")
    assert run("bench", "encode", "--count", 1).exit_code == 0


def test_a_server_that_is_not_there_is_told_as_elsewhere(run: Run) -> None:
    ended = run("bench", "bulk", *URL, "--key", "x")
    assert ended.exit_code == 1
    assert ended.stderr.startswith("Error: nothing answers at --url http://127.0.0.1:1: ")


def test_a_server_that_does_not_start_is_told_with_what_it_said(run: Run) -> None:
    ran = run("bench", "bulk", "--count", 1, "--serve-with", "--no-such-option")
    assert (ran.exit_code, "No such option" in ran.stderr) == (2, True)
