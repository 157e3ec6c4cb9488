"""`tps detect` against a running server."""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.tps import delivering
from tests.tps.commands.conftest import Run
from tests.tps.conftest import SEAL
from tests.tps.delivering import imsi, msisdn
from tests.tps.web import api
from tps.store.database import Database

IMEI = "356909010000018"


class Server(NamedTuple):
    """Where it is, what opens it, and its store."""

    url: str
    key: str
    database: Database


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A server with published settings and three subscribers, on an event loop of its own."""
    monkeypatch.setenv("TPS_SEALING_KEY", "a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s=")
    started: Future[Server] = Future()
    ending = threading.Event()

    async def serve() -> None:
        async with api.running(f"sqlite:///{tmp_path}/served.sqlite3") as caller:
            database = caller.parts.database
            delivering.publish(database, SEAL)
            delivering.subscribe(database, SEAL, 3)
            started.set_result(Server(caller.url, caller.key or "", database))
            await asyncio.to_thread(ending.wait)

    thread = threading.Thread(target=asyncio.run, args=[serve()])
    thread.start()
    try:
        yield started.result(20)
    finally:
        ending.set()
        thread.join()


CSV = f"""\
IMSI,NUMBER,EQUIPMENT
{imsi(0)},,{IMEI}
,{msisdn(0)},{IMEI[:14]}
{imsi(1)},,00000000000000
{imsi(7)},,{IMEI}
12,,{IMEI}
3.5E+14,,{IMEI}
{imsi(2)},,{IMEI}
"""
MAP = "imsi=IMSI,msisdn=NUMBER,imei=EQUIPMENT"


def pushes_of(server: Server) -> list[str]:
    return [row.imsi for row in server.database.read_now(delivering.all_pushes)]


def test_every_line_of_a_file_is_taken_in_or_told_with_what_is_to_be_mended(
    run: Run, server: Server, tmp_path: Path
) -> None:
    file = tmp_path / "eir.csv"
    file.write_text(CSV)
    taken = run("detect", file, "--url", server.url, "--key", server.key, "--map", MAP)
    assert taken.exit_code == 2
    assert taken.stderr.splitlines() == [
        "line 7: imsi: a spreadsheet has rounded this number: format the column as text and save again",
        "line 6: imsi: 6 to 15 decimal digits expected, such as 001010123456789; got '12'",
    ] or taken.stderr.splitlines() == [
        "line 6: imsi: 6 to 15 decimal digits expected, such as 001010123456789; got '12'",
        "line 7: imsi: a spreadsheet has rounded this number: format the column as text and save again",
    ]
    assert taken.stdout.splitlines()[-1] == (
        "7 lines: 2 queued, 1 on their way already, 0 set already, 2 recorded only, 2 refused"
    )
    assert sorted(pushes_of(server)) == [imsi(0), imsi(2)]
    again = run("detect", file, "--url", server.url, "--key", server.key, "--map", MAP)
    assert "0 queued, 3 on their way already" in again.stdout
    assert len(pushes_of(server)) == 2


def test_a_dry_run_tells_each_line_and_stores_nothing(run: Run, server: Server, tmp_path: Path) -> None:
    file = tmp_path / "eir.csv"
    file.write_text(CSV)
    told = run("detect", file, "--url", server.url, "--key", server.key, "--map", MAP, "--dry-run")
    assert told.exit_code == 2
    assert [line for line in told.stdout.splitlines() if line.startswith("line")] == [
        f"line 2: would send internet version 1 to {msisdn(0)} in {IMEI}",
        f"line 3: nothing, on its way already: internet version 1 to {msisdn(0)} in {IMEI}",
        "line 4: nothing, the device identity proves nothing: all digits are zero",
        "line 5: nothing, no subscriber has this IMSI",
        f"line 8: would send internet version 1 to {msisdn(2)} in {IMEI}",
    ]
    assert told.stdout.splitlines()[-1] == (
        "7 lines: 2 would be sent, 1 are on their way already, 0 are set already, 2 would be recorded only, "
        "2 would be refused; nothing was stored"
    )
    assert pushes_of(server) == []


def test_lines_of_json_come_from_a_pipe_and_more_of_them_than_a_batch(run: Run, server: Server) -> None:
    # Each in a device of its own: of one in many SIMs, the batch that is judged first has those that are no clones yet.
    devices = [f"{IMEI[:8]}{number:06d}" for number in range(1203)]
    lines = "".join(f'{{"imsi":"{imsi(number)}","imei":"{imei}"}}\n' for number, imei in enumerate(devices))
    taken = run("detect", "-", "--url", server.url, "--key", server.key, stdin=lines)
    assert taken.exit_code == 0
    assert taken.stdout.splitlines() == [
        "1200 recorded only: no subscriber has this IMSI",
        "1203 lines: 3 queued, 0 on their way already, 0 set already, 1200 recorded only, 0 refused",
    ]


def test_a_line_that_is_no_utf_8_is_named_and_stops_no_other(run: Run, server: Server, tmp_path: Path) -> None:
    file = tmp_path / "eir.csv"
    rows = [f"{imsi(number)},{IMEI},x\n".encode() for number in range(3)]
    file.write_bytes(b"imsi,imei,name\n" + rows[0] + rows[1].replace(b"x", b"M\xfcller") + rows[2])
    taken = run("detect", file, "--url", server.url, "--key", server.key)
    assert taken.exit_code == 2
    assert taken.stderr == "line 3: line: not UTF-8: the octet 0xFC; save the file as UTF-8\n"
    assert taken.stdout.endswith(
        "3 lines: 2 queued, 0 on their way already, 0 set already, 0 recorded only, 1 refused\n"
    )
    assert sorted(pushes_of(server)) == [imsi(0), imsi(2)]


def test_a_load_test_with_a_key_that_does_not_open_says_so_in_the_same_words(run: Run, server: Server) -> None:
    refused = run("bench", "bulk", "--url", server.url, "--key", "wrong", "--count", 1)
    assert refused.exit_code == 2
    assert refused.stderr.startswith("Error: --key (or TPS_KEY): this key does not open the door")


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--key", "wrong"], "Error: --key (or TPS_KEY): this key does not open the door"),
        (["--key", "right\n"], "Error: --key: printable characters without a newline expected"),
        (["--key", "schlüssel"], "Error: --key: printable characters without a newline expected"),
        (["--key", ""], "Error: --key: empty; the API key of the server expected (also in TPS_KEY)"),
        (["--map", "imei=NOTHING"], "Error: header: no column is called 'NOTHING'"),
        (["--map", "imei"], "Error: map: FIELD=COLUMN expected"),
        (["--delimiter", ";;"], "Error: --delimiter: one character expected"),
        (["--delimiter", "\n"], "Error: --delimiter: one character expected"),
        (["--delimiter", "|"], "Error: header: one column only: 'IMSI,NUMBER,EQUIPMENT'"),
    ],
)
def test_what_cannot_begin_is_told_in_a_line(
    run: Run, server: Server, tmp_path: Path, options: list[str], reason: str
) -> None:
    file = tmp_path / "eir.csv"
    file.write_text(CSV)
    given = {"--url": server.url, "--key": server.key, "--map": MAP} | dict([options])
    refused = run("detect", file, *(word for option in given.items() for word in option))
    assert refused.exit_code == 2
    assert refused.stderr.startswith(reason)
    assert "Traceback" not in refused.stderr
