"""`tps import subscribers` and `tps export subscribers` against a store."""

from pathlib import Path

import pytest

from tests.tps import delivering
from tests.tps.commands.conftest import Run
from tps.backoffice import subscribers
from tps.store import subscribers as stored_subscribers
from tps.store.database import Database
from tps.store.sealing import Seal
from tps.store.subscribers import Subscriber

ALICE, BOB = "001010000000001", "001010000000002"
BOTH = f"""\
imsi,msisdn,settings,pin,value.ppp_user,value.ppp_password
{ALICE},+49 170 1,internet,1357,alice,=1+1
{BOB},491702,,,',
"""


def stored(database: Database, imsi: str) -> Subscriber | None:
    """The account on the disk."""
    return database.read_now(lambda connection: stored_subscribers.load(connection, [imsi])).get(imsi)


@pytest.fixture(autouse=True)
def published(sqlite: Database, seal: Seal) -> None:
    """The settings that rows name."""
    delivering.publish(sqlite, seal)


def test_rows_become_accounts_with_sealed_secrets(run: Run, config_file: Path, sqlite: Database, seal: Seal) -> None:
    taken = run("import", "subscribers", "-", "-c", config_file, stdin=BOTH)
    assert (taken.exit_code, taken.stdout, taken.stderr) == (0, "2 created, 0 changed, 0 refused\n", "")
    alice, bob = stored(sqlite, ALICE), stored(sqlite, BOB)
    assert alice is not None
    assert bob is not None
    assert (alice.msisdn, alice.settings, bob.settings) == ("491701", "internet", None)
    assert subscribers.values_of(seal, alice) == {"ppp_user": "alice", "ppp_password": "=1+1"}
    assert (subscribers.pin_of(seal, alice), subscribers.pin_of(seal, bob)) == ("1357", None)
    assert subscribers.values_of(seal, bob) == {"ppp_user": ""}


def test_a_missing_column_leaves_what_is_stored_and_an_empty_cell_removes_it(
    run: Run, config_file: Path, sqlite: Database, seal: Seal
) -> None:
    run("import", "subscribers", "-", "-c", config_file, stdin=BOTH)
    changed = run(
        "import", "subscribers", "-", "-c", config_file, stdin=f"imsi,msisdn,value.ppp_user\n{ALICE},491703,\n"
    )
    assert changed.stdout == "0 created, 1 changed, 0 refused\n"
    alice = stored(sqlite, ALICE)
    assert alice is not None
    assert (alice.msisdn, alice.settings) == ("491703", "internet")
    assert subscribers.values_of(seal, alice) == {"ppp_password": "=1+1"}
    assert subscribers.pin_of(seal, alice) == "1357"


BAD = f"""\
imsi,msisdn,settings,pin,value.ppp_user
{ALICE},491701,,,
12,491702,,,

1.2E+14,491703,,,
{BOB},49170 x,,,
001010000000003,491704,missing,,
001010000000004,491705,,12,
001010000000005,491706,,
{ALICE},491707,,,
001010000000006,491701,,,
001010000000007,491708,,,"two
lines"
"""
REASONS = [
    (3, "imsi: 6 to 15 decimal digits expected"),
    (5, "imsi: a spreadsheet has rounded this number: format the column as text"),
    (6, "msisdn: 5 to 15 decimal digits in international form expected"),
    (7, "settings: no settings are named 'missing': publish them first"),
    (8, "pin: 4 to 32 decimal digits expected"),
    (9, "4 cells; 5 expected"),
    (10, "imsi: line 2 has the same"),
    (11, "msisdn: line 2 has the same"),
    (12, "values.ppp_user: at most 255 characters expected, none a control character"),
]


@pytest.mark.parametrize(
    ("option", "summary", "are_stored"),
    [
        ([], "1 created, 0 changed, 9 refused", True),
        (["--dry-run"], "1 created, 0 changed, 9 refused; nothing was stored", False),
        (["--strict"], "1 created, 0 changed, 9 refused; nothing was stored", False),
    ],
)
def test_bad_rows_are_listed_and_stop_the_others_only_when_strict(
    run: Run, config_file: Path, sqlite: Database, option: list[str], summary: str, *, are_stored: bool
) -> None:
    taken = run("import", "subscribers", "-", "-c", config_file, *option, stdin=BAD)
    assert (taken.exit_code, taken.stdout) == (2, f"{summary}\n")
    lines = taken.stderr.splitlines()
    assert len(lines) == len(REASONS)
    for line, (row, reason) in zip(lines, REASONS, strict=True):
        assert line.startswith(f"line {row}: {reason}")
    assert (stored(sqlite, ALICE) is not None) is are_stored


def test_a_dry_run_of_good_rows_stores_nothing_and_strict_stores_them(
    run: Run, config_file: Path, sqlite: Database, tmp_path: Path
) -> None:
    path = tmp_path / "both.csv"
    path.write_text(BOTH)
    rehearsed = run("import", "subscribers", path, "-c", config_file, "--dry-run")
    assert (rehearsed.exit_code, rehearsed.stdout) == (0, "2 created, 0 changed, 0 refused; nothing was stored\n")
    assert stored(sqlite, ALICE) is None
    assert (
        run("import", "subscribers", path, "-c", config_file, "--strict").stdout == "2 created, 0 changed, 0 refused\n"
    )
    assert stored(sqlite, ALICE) is not None


def test_files_longer_than_a_batch_are_stored_whole(run: Run, config_file: Path, sqlite: Database) -> None:
    rows = "".join(f"00101{number:010},49{number:09}\n" for number in range(1201))
    taken = run("import", "subscribers", "-", "-c", config_file, stdin="imsi,msisdn\n" + rows)
    assert taken.stdout == "1201 created, 0 changed, 0 refused\n"
    assert sqlite.read_now(stored_subscribers.count) == 1201


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("imsi,msidn\n", "header: no column is called 'msidn'; did you mean msisdn?"),
        ("imsi,msisdn,colour\n", "header: no column is called 'colour'; known are imsi, msisdn"),
        ("imsi,msisdn,value.\n", "header: no column is called 'value.'"),
        ("imsi\n", "header: the column msisdn is missing"),
        ("", "header: the column imsi is missing"),
        ("imsi,msisdn,imsi\n", "header: the column imsi is given twice"),
        ('imsi,"msisdn"x\n', "header: ',' expected after"),
        (b"imsi,msisdn,value.M\xfcller\n", "header: not UTF-8: the octet 0xFC"),
    ],
)
def test_a_file_that_is_no_such_csv_is_refused(run: Run, config_file: Path, text: str | bytes, reason: str) -> None:
    refused = run("import", "subscribers", "-", "-c", config_file, stdin=text)
    assert refused.exit_code == 2
    assert refused.stderr.startswith(f"Error: {reason}")


def test_cells_between_semicolons_are_asked_for_and_taken(run: Run, config_file: Path, sqlite: Database) -> None:
    given = ("import", "subscribers", "-", "-c", config_file)
    refused = run(*given, stdin=f"imsi;msisdn\n{ALICE};491701\n")
    assert refused.exit_code == 2
    assert refused.stderr.endswith("--delimiter ';'\n")
    assert run(*given, "--delimiter", ";", stdin=f"imsi;msisdn\n{ALICE};491701\n").exit_code == 0
    assert stored(sqlite, ALICE) is not None


@pytest.mark.parametrize("spoilt", [b'"2"3', b"\xff"])
def test_a_row_that_cannot_be_read_is_listed_and_the_others_stored(
    run: Run, config_file: Path, sqlite: Database, spoilt: bytes
) -> None:
    rows = b"imsi,msisdn\n%b,491701\n1,%b\n%b,491702\n" % (ALICE.encode(), spoilt, BOB.encode())
    taken = run("import", "subscribers", "-", "-c", config_file, stdin=rows)
    assert (taken.exit_code, taken.stdout) == (2, "2 created, 0 changed, 1 refused\n")
    assert taken.stderr.startswith("line 3: ")
    assert stored(sqlite, ALICE) is not None
    assert stored(sqlite, BOB) is not None


def test_an_export_holds_no_secrets_unless_asked_for(run: Run, config_file: Path, tmp_path: Path) -> None:
    run("import", "subscribers", "-", "-c", config_file, stdin=BOTH)
    path = tmp_path / "out.csv"
    assert run("export", "subscribers", path, "-c", config_file).exit_code == 0
    assert set(path.read_text().splitlines()) == {"imsi,msisdn,settings", f"{ALICE},491701,internet", f"{BOB},491702,"}
    assert path.stat().st_mode & 0o777 == 0o600
    whole = run("export", "subscribers", "-", "-c", config_file, "--with-secrets").stdout
    assert set(whole.splitlines()) == {
        "imsi,msisdn,settings,pin,value.ppp_password,value.ppp_user",
        f"{ALICE},491701,internet,1357,'=1+1,alice",
        f"{BOB},491702,,,,'",
    }


@pytest.mark.parametrize("option", [[], ["--with-secrets"]])
def test_an_export_taken_in_again_changes_nothing(run: Run, config_file: Path, option: list[str]) -> None:
    run("import", "subscribers", "-", "-c", config_file, stdin=BOTH)
    before = run("export", "subscribers", "-", "-c", config_file, "--with-secrets").stdout
    exported = run("export", "subscribers", "-", "-c", config_file, *option).stdout
    assert run("import", "subscribers", "-", "-c", config_file, stdin=exported).exit_code == 0
    assert run("export", "subscribers", "-", "-c", config_file, "--with-secrets").stdout == before


def test_files_that_cannot_be_opened_are_named(run: Run, config_file: Path, tmp_path: Path) -> None:
    assert "cannot be read" in run("import", "subscribers", tmp_path / "no.csv", "-c", config_file).stderr
    assert "cannot be written" in run("export", "subscribers", tmp_path / "no" / "x.csv", "-c", config_file).stderr
