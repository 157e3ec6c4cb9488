"""Two processes that write one SQLite file: whoever comes waits for one transaction and not for a moment of silence."""

import os
import threading
import time
from pathlib import Path

from tps.store.database import Database
from tps.store.turn import Turn


def test_who_writes_all_the_time_lets_another_have_its_turn(sqlite: Database, sqlite_url: str) -> None:
    """Transactions of 2 ms without a pause between them: SQLite's own sleeps would hardly ever meet a free moment."""
    other = Database(sqlite_url)
    stop = threading.Event()
    busy = 0

    def write_all_the_time() -> None:
        nonlocal busy
        while not stop.is_set():
            other.write_now(lambda _: time.sleep(0.002))
            busy += 1

    writing = threading.Thread(target=write_all_the_time)
    writing.start()
    try:
        while busy < 3:
            time.sleep(0.001)
        waits = []
        for _ in range(20):
            began = time.monotonic()
            sqlite.write_now(lambda _: None)
            waits.append(time.monotonic() - began)
    finally:
        stop.set()
        writing.join()
        other.close()
    assert max(waits) < 1.0


def test_a_turn_that_nobody_gives_up_is_waited_for_only_so_long(tmp_path: Path) -> None:
    path = str(tmp_path / "store")
    holder, waiting = Turn(path, 5.0), Turn(path, 0.05)
    with holder.waited_for():
        began = time.monotonic()
        with waiting.waited_for():
            assert time.monotonic() - began >= 0.05
        with waiting.waited_for():  # and the next one waits, too: the first has taken nothing away
            pass
    with waiting.waited_for():
        assert (tmp_path / "store-turn").stat().st_mode & 0o777 == 0o600
    holder.close()
    waiting.close()


def test_where_the_file_cannot_be_made_transactions_begin_all_the_same(tmp_path: Path) -> None:
    with Turn(str(tmp_path / "no such folder" / "store"), 5.0).waited_for():
        assert not os.listdir(tmp_path)
