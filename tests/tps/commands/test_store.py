"""`tps migrate` and `tps config`, and stores that cannot be used."""

import tomllib
from pathlib import Path

import pytest

from tests.tps.commands.conftest import Run
from tps.config import Config, load, masked
from tps.store import migrate
from tps.store.database import Database


def test_migrate_makes_the_store_and_tells_the_revisions(run: Run, config_file: Path, sqlite_url: str) -> None:
    made = run("migrate", "--config", config_file)
    again = run("migrate", "--config", config_file)
    database = Database(sqlite_url)
    before, newest = migrate.revisions(database.engine)
    database.close()
    assert before == newest
    assert made.stdout == f"revision before: none\nrevision after:  {newest}\n"
    assert again.stdout == f"revision before: {newest}\nrevision after:  {newest}\n"


def test_a_store_that_is_missing_or_too_old_is_told_to_be_so(run: Run, config_file: Path, tmp_path: Path) -> None:
    missing = run("export", "subscribers", "-", "--config", config_file)
    assert missing.exit_code == 2
    assert f"there is no store at {tmp_path}/store.sqlite3" in missing.stderr
    (tmp_path / "store.sqlite3").touch()
    empty = run("export", "subscribers", "-", "--config", config_file)
    assert empty.exit_code == 2
    assert "the store is at revision none" in empty.stderr
    assert "run tps migrate" in empty.stderr


@pytest.mark.parametrize(
    ("url", "status", "reason"),
    [
        ("mysql://x/y", 2, "store.url: sqlite:///PATH or postgresql://USER@HOST/DATABASE expected"),
        ("postgresql://127.0.0.1:1/tps", 1, "the database cannot be used now"),
    ],
)
def test_a_store_that_cannot_be_used_ends_in_a_line(
    run: Run, tmp_path: Path, url: str, status: int, reason: str
) -> None:
    path = tmp_path / "tps.toml"
    path.write_text(f'[store]\nurl = "{url}"\n')
    refused = run("migrate", "--config", path)
    assert (refused.exit_code, reason in refused.stderr) == (status, True)


def test_config_prints_the_running_values_as_toml_with_secrets_masked(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "tps.toml"
    path.write_text(
        '[store]\nurl = "postgresql://tps:hush@db/tps"\n'
        '[[routes]]\nname = "north"\nhost = "127.0.0.1"\nsystem_id = "tps"\npassword = "hush"\nprefixes = ["49"]\n'
    )
    printed = run("config", "--config", path)
    assert printed.exit_code == 0
    assert "hush" not in printed.stdout
    values = tomllib.loads(printed.stdout)
    shown = masked(load(path))
    assert values["http"] == {name: value for name, value in shown["http"].items() if value is not None}
    assert values["routes"][0]["prefixes"] == ["49"]
    assert "# sealing_key_file is not set" in printed.stdout


def test_config_without_a_file_prints_what_can_be_read_again(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "printed.toml"
    path.write_text(run("config").stdout)
    assert load(path) == Config()


def test_a_wrong_configuration_ends_in_a_line(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "tps.toml"
    path.write_text('[store]\nurll = "x"\n')
    refused = run("config", "--config", path)
    assert refused.exit_code == 2
    assert "did you mean url?" in refused.stderr
    assert "cannot be read" in run("config", "--config", tmp_path / "missing.toml").stderr
