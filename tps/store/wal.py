"""SQLite's write-ahead log, kept from growing for ever.

SQLite starts the log over when nobody reads from it any more. Readers that follow each other closely never let that
moment come by itself: measured, three of them made it grow as fast as the store. So where it has grown, the writer
waits a little for those who read, and then begins anew.
"""

import contextlib
import time
from pathlib import Path

import structlog
from sqlalchemy import Engine

from tps.store import faults
from tps.store.connections import SQLITE_BUSY_TIMEOUT_MS

log = structlog.get_logger(__name__)

LIMIT_OCTETS = 128 << 20
"""Four times what it has when checkpoints are not hindered."""
WAIT_MS = 250
"""How long the writer waits for readers: those of the server are done by then."""
LOOK_S = 0.1
"""How often to look: a look costs the writer more than its commit at times."""
PAUSE_S = 5.0
"""Until it tries again, where somebody reads for long: a backup, or a person."""


class Wal:
    """The log beside one store; used by the writer's thread alone."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._path = Path(f"{engine.url.database}-wal")
        self._next_look = 0.0

    def keep_small(self) -> None:
        """Begin the log anew where it has grown beyond its limit; where that takes longer than `WAIT_MS`, later."""
        now = time.monotonic()
        if now < self._next_look:
            return
        self._next_look = now + LOOK_S
        try:
            octets = self._path.stat().st_size
        except OSError:  # it has gone with the last connection
            return
        if octets > LIMIT_OCTETS and self._is_busy():
            self._next_look = now + PAUSE_S
            log.warning("store.wal_grows", octets=octets, why="somebody has been reading the store for long")

    def _is_busy(self) -> bool:
        with contextlib.suppress(*faults.DATABASE_ERRORS), contextlib.closing(self._engine.raw_connection()) as raw:
            cursor = raw.cursor()
            cursor.execute(f"PRAGMA busy_timeout = {WAIT_MS}")
            try:
                cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                row = cursor.fetchone()
                return row is None or bool(row[0])
            finally:
                cursor.execute(f"PRAGMA busy_timeout = {SQLITE_BUSY_TIMEOUT_MS}")
        return True
