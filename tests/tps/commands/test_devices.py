"""`tps import devices` and `tps export devices`."""

from pathlib import Path

import pytest

from tests.tps.commands.conftest import Run

pytestmark = pytest.mark.usefixtures("sqlite")

LIST = """\
tac,brand,model,client_provisioning,browser_settings,mobileconfig,quirks,hint.en
,Nokia,,netwpin userpin,yes,,provurl_once,
35690901,Nokia,6220,no,,,napid_length=16 narrow_reference,=Restart it.
"""
OSMOCOM = """\
# (c) Osmocom, CC-BY-SA 3.0
tac,name,name,contributor,comment,gsmarena,gsmarena,aka
35690901,Nokia,6220,somebody,,,,
1234567,Siemens,S35,somebody,,,,
"""


def test_what_was_imported_is_exported_again(run: Run, config_file: Path, tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text(LIST)
    taken = run("import", "devices", tmp_path / "list.csv", "--config", config_file)
    assert (taken.exit_code, taken.stdout) == (0, "2 rows of operator, 0 refused\n"), taken.output
    given = run("export", "devices", tmp_path / "again.csv", "--config", config_file)
    assert given.exit_code == 0, given.output
    # The hint would be taken for a formula by a spreadsheet.
    assert (tmp_path / "again.csv").read_text() == LIST.replace("=Restart", "'=Restart")
    again = run("import", "devices", tmp_path / "again.csv", "--config", config_file)
    assert again.stdout == "2 rows of operator, 0 refused\n"


def test_refused_lines_are_named_and_the_others_stored(run: Run, config_file: Path) -> None:
    spoilt = LIST + "3569090,Nokia,6230,,,,,\n"
    kept = run("import", "devices", "-", "--config", config_file, "--strict", stdin=spoilt)
    assert kept.exit_code == 2
    assert "line 4: tac: 7 digits" in kept.stdout
    assert kept.stdout.endswith("2 rows of operator, 1 refused; nothing was stored\n")
    assert run("export", "devices", "-", "--config", config_file).exit_code == 2
    taken = run("import", "devices", "-", "--config", config_file, stdin=spoilt)
    assert taken.stdout.endswith("2 rows of operator, 1 refused\n")
    assert run("export", "devices", "-", "--config", config_file).stdout.count("\n") == 3


def test_a_line_that_is_no_utf_8_is_named_and_the_others_stored(run: Run, config_file: Path) -> None:
    spoilt = LIST.encode() + b",M\xfcller,,,,,,\n,Siemens,,no,,,,\n"
    taken = run("import", "devices", "-", "--config", config_file, stdin=spoilt)
    assert taken.exit_code == 2
    assert taken.stdout == (
        "line 4: not UTF-8: the octet 0xFC; save the file as UTF-8\n3 rows of operator, 1 refused\n"
    )


def test_cells_between_semicolons_are_asked_for_and_taken(run: Run, config_file: Path) -> None:
    given = ("import", "devices", "-", "--config", config_file)
    refused = run(*given, stdin="tac;brand\n35690901;Nokia\n")
    assert refused.exit_code == 2
    assert refused.stderr.endswith("--delimiter ';'\n")
    assert run(*given, "--delimiter", ";", stdin="tac;brand\n35690901;Nokia\n").stdout.startswith("1 rows")


def test_a_dry_run_stores_nothing(run: Run, config_file: Path) -> None:
    assert (
        "nothing was stored" in run("import", "devices", "-", "--config", config_file, "--dry-run", stdin=LIST).stdout
    )
    assert run("export", "devices", "-", "--config", config_file).exit_code == 2


def test_replace_forgets_what_the_source_said_before(run: Run, config_file: Path) -> None:
    run("import", "devices", "-", "--config", config_file, stdin=LIST)
    shorter = "".join(LIST.splitlines(keepends=True)[:2])
    replaced = run("import", "devices", "-", "--config", config_file, "--replace", stdin=shorter)
    assert replaced.stdout == "2 forgotten, 1 rows of operator, 0 refused\n"
    assert "6220" not in run("export", "devices", "-", "--config", config_file).stdout


def test_the_public_list_keeps_its_licence_apart_from_the_operators_rows(run: Run, config_file: Path) -> None:
    taken = run("import", "devices", "-", "--config", config_file, "--format", "osmocom", stdin=OSMOCOM)
    assert taken.stdout == "2 rows of osmocom, 0 refused\n", taken.output
    missing = run("export", "devices", "-", "--config", config_file)
    assert "'operator' says nothing of any device; there are: osmocom" in missing.stderr
    given = run("export", "devices", "-", "--config", config_file, "--source", "osmocom")
    assert "01234567,Siemens,S35" in given.stdout
    assert "CC-BY-SA" in given.stderr
    assert "CC-BY-SA" not in given.stdout
