"""Copies of an SQLite store: made while the server runs, verified, and put back in its place.

A copy is one file with everything in it but the sealing key. It appears under its name only when it is whole, sound and
on the disk.
"""

import contextlib
import fcntl
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from tps.errors import RejectedError, RetryLaterError, StoreDamagedError
from tps.store import faults

_COPY_WAIT_S = 60.0
# What a process holds a lock on while it has the store open (SQLite's os_unix.c: SHARED_FIRST, SHARED_SIZE).
_SHARED_FIRST, _SHARED_SIZE = 0x4000_0002, 510
_LATEST = ("-wal", "-journal")
"""What belongs to a store whose process was killed: its latest transactions, or what takes back half a one."""
_BESIDE = (*_LATEST, "-shm", "-turn")
"""What lies beside a store: SQLite's own, and the turns of those who write it."""


def back_up(store: Path, copy: Path) -> int:
    """Copy the store as it is at one moment, while others write to it; returns the octets of the copy.

    `StoreDamagedError` where the copy is no sound database, `RetryLaterError` where the disk does not take it.
    """
    with _draft_of(copy) as draft, _told(store):
        with closing(_opened(store, "ro")) as source, closing(_opened(draft, "rwc")) as target:
            target.execute("PRAGMA synchronous = OFF")  # the whole file is synchronised at the end
            source.backup(target)  # in one step, which is one moment: steps would begin anew after each commit
            target.execute("PRAGMA journal_mode = DELETE")  # one file, with nothing beside it
        _verify_sound(draft, draft.with_name(copy.name))
    return copy.stat().st_size


def restore(copy: Path, store: Path, prepare: Callable[[Path], None]) -> Path | None:
    """Put a copy in the store's place, as `prepare` made it; returns where the store that was there lies now, or None.

    `RetryLaterError` while a process has the store open, `StoreDamagedError` where the copy is no sound database.
    """
    with _alone_with(store), _draft_of(store) as draft, _told(copy):
        with closing(_opened(copy, "ro")) as source, closing(_opened(draft, "rwc")) as target:
            source.backup(target)
        _verify_sound(draft, copy)
        prepare(draft)
        if os.geteuid() == 0:  # the server, which is not root, must be able to open what root puts back
            owner = (store if store.exists() else store.parent).stat()
            os.chown(draft, owner.st_uid, owner.st_gid)
        _sync(draft)
        return _keep_aside(store)


def _keep_aside(store: Path) -> Path | None:
    """Give the store that is there a second name, and take away what would be read as the new one's."""
    aside: Path | None = None
    if store.exists():
        names = (_beside(store, f".before-restore-{number}") for number in range(1, 10_000))
        aside = next(name for name in names if not name.exists())
        for ending in ("", *_LATEST):
            with contextlib.suppress(FileNotFoundError):
                _beside(aside, ending).hardlink_to(_beside(store, ending))
        _sync(store.parent)
    for ending in _BESIDE:
        _beside(store, ending).unlink(missing_ok=True)
    return aside


@contextmanager
def _draft_of(path: Path) -> Iterator[Path]:
    """A file beside `path`, its owner's only, which takes its name once it is on the disk; gone if anything fails."""
    draft = _beside(path, f".draft-{os.getpid()}")
    try:
        os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        yield draft
        _sync(draft)
        draft.rename(path)
        _sync(path.parent)
    except OSError as error:
        raise RetryLaterError(f"{path}: cannot be written: {error.strerror}") from error
    finally:
        for ending in ("", *_BESIDE):
            _beside(draft, ending).unlink(missing_ok=True)


@contextmanager
def _alone_with(store: Path) -> Iterator[None]:
    """Nobody has the store open, nor can open it meanwhile. `RetryLaterError` otherwise."""
    if not store.exists():
        yield
        return
    with store.open("r+b") as file:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, _SHARED_SIZE, _SHARED_FIRST)
        except OSError:
            raise RetryLaterError(f"{store}: a process has it open; stop the server first") from None
        yield


def _verify_sound(path: Path, name: Path) -> None:
    """Read every page, and hold the indices to their tables."""
    with closing(_opened(path, "ro")) as connection:
        (finding,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
        tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    if finding != "ok":
        raise StoreDamagedError(f"{name}: is damaged: {finding}; take another backup")
    if not {"alembic_version", "push"} <= tables:
        raise RejectedError("", f"{name}: holds no store of tps")


def _opened(path: Path, mode: str) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode={mode}", uri=True, timeout=_COPY_WAIT_S)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise faults.told(error, str(path)) from error


def _beside(path: Path, ending: str) -> Path:
    return path.with_name(path.name + ending)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
