"""`tps backup` and `tps restore`: the whole circle under load, with real processes, and what is refused."""

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import aiohttp
import pytest

from tests.tps.commands.conftest import SEALING_KEY, Run
from tests.tps.delivering import all_pushes, device, imsi, publish, subscribe
from tps import app
from tps.backoffice import keys, restored
from tps.decisions.identities import bucket_of
from tps.decisions.push_life import State
from tps.sim.smsc import Smsc
from tps.sim.smsc_behaviour import Behaviour
from tps.store import migrate, pushes
from tps.store.database import Database
from tps.store.pushes import NewPush, PushRow
from tps.store.sealing import Seal

COUNT = 300
BEFORE = 100
HOUR_S = 3600
ENVIRONMENT = {**os.environ, "PYTHONUNBUFFERED": "1", "TPS_SEALING_KEY": SEALING_KEY}


@asynccontextmanager
async def serving(config_file: Path) -> AsyncIterator[tuple[str, asyncio.subprocess.Process]]:
    """A server as a process: its address. It is killed at the end, as by a power cut."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tps", "serve", "--config", str(config_file),
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=ENVIRONMENT,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        async with asyncio.timeout(30):
            line = (await process.stdout.readline()).decode()
        yield line.split()[-1], process
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGKILL)
        await process.wait()


async def tps(*arguments: object) -> tuple[int, str]:
    """Exit status and output of a command, as a process of its own."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tps", *map(str, arguments),
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=ENVIRONMENT,
    )  # fmt: skip
    output, _ = await process.communicate()
    return process.returncode or 0, output.decode()


async def detect(session: aiohttp.ClientSession, number: int) -> None:
    """Accepted, and so never lost."""
    body = {"imsi": imsi(number), "imei": f"{device(number).number}01"}
    async with session.post("/v1/detections", json=body) as response:
        assert response.status in (200, 202), await response.text()


def rows_of(url: str) -> list[PushRow]:
    database = Database(url)
    try:
        return database.read_now(all_pushes)
    finally:
        database.close()


async def test_what_was_accepted_before_a_backup_is_there_and_arrives_after_a_restore(
    sqlite_url: str, sqlite: Database, seal: Seal, tmp_path: Path
) -> None:
    publish(sqlite, seal)
    subscribe(sqlite, seal, COUNT)
    key = (await keys.create(sqlite, "test", now_ms=app.now_ms())).key
    sqlite.close()
    store, copy, config_file = tmp_path / "store.sqlite3", tmp_path / "copy.sqlite3", tmp_path / "tps.toml"
    async with Smsc(behaviour=Behaviour(response_delay_s=HOUR_S)) as smsc:
        config_file.write_text(
            f'[store]\nurl = "{sqlite_url}"\n[http]\nport = 0\n[detection]\ndefault_settings = "internet"\n'
            "[node]\nstop_timeout_s = 1\n"
            f'[[routes]]\nname = "north"\nhost = "127.0.0.1"\nport = {smsc.port}\nsystem_id = "tps"\npassword = "tps"\n'
            f"rate_per_s = 40\nresponse_timeout_s = {HOUR_S}\n"
        )
        headers = {"Authorization": f"Bearer {key}"}
        async with serving(config_file) as (address, _), aiohttp.ClientSession(address, headers=headers) as session:
            await asyncio.gather(*(detect(session, number) for number in range(BEFORE)))
            async with asyncio.TaskGroup() as group:
                backing_up = group.create_task(tps("backup", copy, "--config", config_file))
                for number in range(BEFORE, COUNT):
                    group.create_task(detect(session, number))
            status, told = backing_up.result()
            assert status == 0, told
            assert "whole and sound" in told
            status, told = await tps("restore", copy, "--force", "--config", config_file)
            assert (status, "a process has it open" in told) == (1, True), told
        store.write_bytes(b"\xa5" * 100_000)  # what the disk left of it
        status, told = await tps("restore", copy, "--force", "--config", config_file)
        assert status == 0, told
        kept = {row.imsi for row in rows_of(sqlite_url)}
        assert {imsi(number) for number in range(BEFORE)} <= kept
        smsc.behave(Behaviour())
        async with serving(config_file), asyncio.timeout(120):
            while any(row.state != State.DELIVERED for row in await asyncio.to_thread(rows_of, sqlite_url)):  # noqa: ASYNC110
                await asyncio.sleep(0.2)  # another process works at it, and tells nobody
        rows = rows_of(sqlite_url)
    assert {row.imsi for row in rows} == kept
    assert any("restore UNCERTAIN the store was put back from a backup" in row.history for row in rows)


def add_push(database: Database, number: int, state: State) -> None:
    """A push that another node, or nobody, has."""
    row = NewPush(
        bucket=bucket_of(imsi(number)), id=number << 6 | bucket_of(imsi(number)), imsi=imsi(number), msisdn="99",
        device=device(number).number, settings="internet", version=1, fingerprint=1, security=None,
        sealed_secrets=None, source="test", state=state, attention_at=app.now_ms() + 3_600_000,
        owner="another" if state is State.SENDING else None, expires_at=app.now_ms() + 7_200_000, history="",
    )  # fmt: skip
    database.write_now(lambda connection: pushes.add(connection, [row], app.now_ms()))


def test_only_what_may_have_been_sent_since_the_backup_becomes_uncertain(database: Database) -> None:
    open_states = (State.QUEUED, State.SENDING, State.SENT, State.UNCERTAIN, State.HELD)
    for number, state in enumerate((*open_states, State.DELIVERED, State.FAILED), 1):
        add_push(database, number, state)
    assert database.write_now(lambda connection: restored.make_uncertain(connection, app.now_ms())) == 2
    after = [State(row.state) for row in database.read_now(all_pushes)]
    uncertain = [State.UNCERTAIN] * 2
    assert after == [*uncertain, State.SENT, State.UNCERTAIN, State.HELD, State.DELIVERED, State.FAILED]
    assert [row.attempts for row in database.read_now(all_pushes)][:3] == [1, 1, 0]


@pytest.fixture
def copy(run: Run, sqlite: Database, config_file: Path, tmp_path: Path) -> Path:
    """A backup of an empty store."""
    path = tmp_path / "copy.sqlite3"
    made = run("backup", path, "--config", config_file)
    assert made.exit_code == 0, made.stderr
    sqlite.close()
    return path


def test_a_backup_is_one_private_file_and_tells_of_the_key_that_is_not_in_it(
    run: Run, sqlite: Database, seal: Seal, config_file: Path, tmp_path: Path
) -> None:
    publish(sqlite, seal)
    made = run("backup", tmp_path / "copy.sqlite3", "--config", config_file)
    assert made.exit_code == 0, made.stderr
    assert "sealing key is not in it" in made.stderr.replace("\n", " ")
    assert sorted(path.name for path in tmp_path.glob("copy*")) == ["copy.sqlite3"]
    assert (tmp_path / "copy.sqlite3").stat().st_mode & 0o777 == 0o600


def test_a_backup_replaces_another_only_when_told_to_and_never_the_store(
    run: Run, sqlite: Database, config_file: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copy.sqlite3"
    copy.write_text("another")
    refused = run("backup", copy, "--config", config_file)
    assert (refused.exit_code, copy.read_text()) == (2, "another")
    assert run("backup", copy, "--config", config_file, "--force").exit_code == 0
    assert run("backup", sqlite.place, "--config", config_file, "--force").exit_code == 2


def test_a_backup_that_cannot_be_written_leaves_nothing(run: Run, sqlite: Database, config_file: Path) -> None:
    failed = run("backup", "/proc/copy.sqlite3", "--config", config_file)
    assert sqlite.place
    assert (failed.exit_code, "cannot be written" in failed.stderr) == (1, True)


def test_a_restore_over_a_store_needs_force_and_keeps_what_was_there(
    run: Run, copy: Path, config_file: Path, tmp_path: Path
) -> None:
    store = tmp_path / "store.sqlite3"
    there = store.read_bytes()
    (tmp_path / "store.sqlite3-wal").write_bytes(b"its latest transactions")
    refused = run("restore", copy, "--config", config_file)
    assert (refused.exit_code, "--force" in refused.stderr) == (2, True)
    assert run("restore", copy, "--config", config_file, "--force").exit_code == 0
    assert (tmp_path / "store.sqlite3.before-restore-1").read_bytes() == there
    assert (tmp_path / "store.sqlite3.before-restore-1-wal").read_bytes() == b"its latest transactions"
    assert sorted(path.name for path in tmp_path.glob("store*")) == [
        "store.sqlite3", "store.sqlite3.before-restore-1", "store.sqlite3.before-restore-1-wal",
    ]  # fmt: skip


def raise_revision(path: Path) -> None:
    """As a newer version of tps would have left it."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda path: path.write_bytes(b"no database" * 1000), "is damaged"),
        (lambda path: path.write_bytes(path.read_bytes()[:8192] + b"\xa5" * (path.stat().st_size - 8192)), "damaged"),
        (lambda path: path.write_bytes(b""), "holds no store of tps"),
        (raise_revision, "made by a newer version of tps"),
    ],
)
def test_what_is_no_sound_backup_of_a_store_is_refused_and_changes_nothing(
    run: Run, copy: Path, config_file: Path, tmp_path: Path, spoil: object, reason: str
) -> None:
    assert callable(spoil)
    spoil(copy)
    store = tmp_path / "store.sqlite3"
    there, names = store.read_bytes(), sorted(tmp_path.glob("store*"))
    refused = run("restore", copy, "--config", config_file, "--force")
    assert refused.exit_code in (1, 2)
    assert reason in refused.stderr
    assert store.read_bytes() == there
    assert sorted(tmp_path.glob("store*")) == names


def test_an_older_backup_is_brought_to_the_schema_of_this_version(
    run: Run, copy: Path, config_file: Path, tmp_path: Path, sqlite_url: str
) -> None:
    (tmp_path / "store.sqlite3").unlink()
    assert run("restore", copy, "--config", config_file).exit_code == 0
    database = Database(sqlite_url)
    before, newest = migrate.revisions(database.engine)
    database.close()
    assert before == newest


@pytest.mark.parametrize(("command", "program"), [("backup", "pg_dump"), ("restore", "pg_restore")])
def test_postgresql_is_left_to_its_own_programs(run: Run, tmp_path: Path, command: str, program: str) -> None:
    config_file = tmp_path / "tps.toml"
    config_file.write_text('[store]\nurl = "postgresql://tps@db/tps"\n')
    told = run(command, tmp_path / "copy", "--config", config_file)
    assert (told.exit_code, program in told.stderr) == (2, True)
