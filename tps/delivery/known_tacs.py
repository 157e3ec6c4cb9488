"""The type allocation codes (TACs) that device models were imported for, as new as a second ago."""

from collections.abc import Callable

from tps.store import device_models
from tps.store.database import Connection, Database

LOOK_EVERY_MS = 1000
"""How often the disk is asked, at most, whether models were imported meanwhile: by whichever process."""


class KnownTacs:
    """Which TACs are known; none of them where no list was imported, and then nothing can be said of any."""

    def __init__(self, database: Database, clock: Callable[[], int]) -> None:
        self.tacs: frozenset[str] = frozenset()
        self._database = database
        self._clock = clock
        self._changes = 0
        self._look_again_at = 0

    async def refresh(self) -> None:
        """Read them anew where they were changed; `RetryLaterError` where the store cannot be asked."""
        now = self._clock()
        # A clock that was set back must not keep it from looking.
        if self._look_again_at - LOOK_EVERY_MS <= now < self._look_again_at:
            return
        self._look_again_at = now + LOOK_EVERY_MS
        try:
            await self._database.read(self._read)
        except BaseException:
            self._look_again_at = 0
            raise

    def _read(self, connection: Connection) -> None:
        changes = device_models.changes(connection)
        if changes != self._changes:
            self.tacs = device_models.tacs(connection)
            self._changes = changes
