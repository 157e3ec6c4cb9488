"""Turns at writing, between the processes that write one SQLite file.

SQLite lets a process that finds the file locked sleep and try again: one that writes all the time leaves it no moment.
So each takes its turn first and gives it up once its transaction has begun: whoever writes all the time waits there for
whoever has waited. This is a courtesy; what protects the file is SQLite's own lock.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

LOOK_AGAIN_S = 0.0005
"""Far less than a transaction takes."""


class Turn:
    """The turn at one store, as a lock on a file beside it."""

    def __init__(self, path: str, patience_s: float) -> None:
        self._path = f"{path}-turn"
        self._patience_s = patience_s
        self._file: int | None = None

    @contextmanager
    def waited_for(self) -> Iterator[None]:
        """Begin a transaction inside. After `patience_s`, or where the file cannot be made, without the courtesy."""
        if self._file is None:
            self._file = _opened(self._path)
        taken = self._file is not None and self._taken(self._file)
        try:
            yield
        finally:
            if taken and self._file is not None:
                fcntl.flock(self._file, fcntl.LOCK_UN)

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _taken(self, file: int) -> bool:
        patient_until = time.monotonic() + self._patience_s
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() >= patient_until:
                    return False
                time.sleep(LOOK_AGAIN_S)
            except OSError:
                return False
            else:
                return True


def _opened(path: str) -> int | None:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError:  # a disk that is full, or read-only
        return None
