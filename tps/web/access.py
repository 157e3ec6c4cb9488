"""Who may come in: API keys, looked at in memory, and a bound on how often one address may try wrong ones.

The keys are read again after `FRESH_S`, so that a key revoked at another node stops to work here soon, and when an
unknown key is shown, so that one made at another node works at once; never more often than every `RELOAD_S`.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import NamedTuple

from tps.backoffice import keys
from tps.store import access
from tps.store.access import ApiKey
from tps.store.database import Database
from tps.web.problems import ProblemError

FRESH_S = 3.0
RELOAD_S = 0.5
FAILURES_MAX = 20
"""Wrong keys that one address may show in `FAILURE_WINDOW_S`."""
FAILURE_WINDOW_S = 60.0
ADDRESSES_MAX = 10_000
_KEY_LENGTH_MAX = 200
_RECOGNISED_MAX = 1000


class Caller(NamedTuple):
    """Whose key it is."""

    key_id: str
    is_set_up: bool


class Doorkeeper:
    """Knows the keys."""

    def __init__(self, database: Database, monotonic: Callable[[], float]) -> None:
        self._database = database
        self._monotonic = monotonic
        self._keys: Mapping[str, ApiKey] = {}
        self._recognised: dict[str, Caller] = {}
        self._read_at = float("-inf")
        self._reading = asyncio.Lock()
        self._failures = Failures()

    def recognised(self, authorization: str | None) -> Caller | None:
        """The caller whose header was verified since the keys were last read, None where `admit` has to see to it.

        That the look-up takes the same time for all wrong keys need not be: it compares a header with one that is
        right only where their hashes agree, and these are keyed by a secret of the process.
        """
        if authorization is None or self._monotonic() - self._read_at >= FRESH_S:
            return None
        return self._recognised.get(authorization)

    async def admit(self, authorization: str | None, address: str | None) -> Caller:
        """The caller behind an Authorization header; `ProblemError` 401, or 429 after too many wrong keys."""
        presented = _bearer(authorization)
        if self._monotonic() - self._read_at >= FRESH_S:
            await self._read(FRESH_S)
        key = keys.matching(self._keys, presented)
        if key is None:
            key = await self._look_again(presented, address or "")
        caller = Caller(key.id, key.set_up)
        if authorization is not None and len(self._recognised) < _RECOGNISED_MAX:
            self._recognised[authorization] = caller
        return caller

    def look_again(self) -> None:
        """A key was made or revoked at this node: read them again before the next call."""
        self._read_at = float("-inf")

    async def _look_again(self, presented: str, address: str) -> ApiKey:
        self._failures.verify_room(address, self._monotonic())
        await self._read(RELOAD_S)
        key = keys.matching(self._keys, presented)
        if key is None:
            self._failures.note(address, self._monotonic())
            raise _unauthorized("this key does not open the door: it was revoked, or never made")
        return key

    async def _read(self, age_s: float) -> None:
        """Read the keys where they are older than this."""
        async with self._reading:
            if self._monotonic() - self._read_at < age_s:
                return
            found = await self._database.read(access.keys)
            self._keys = {key.id: key for key in found}
            self._recognised = {}
            self._read_at = self._monotonic()


class Failures:
    """Counts wrong keys by address; forgets the addresses that were quiet longest when there are too many."""

    def __init__(self) -> None:
        self._counts: OrderedDict[str, tuple[int, float]] = OrderedDict()

    def verify_room(self, address: str, now: float) -> None:
        """`ProblemError` (429) for an address that has shown too many wrong keys."""
        count, since = self._counts.get(address, (0, now))
        left_s = since + FAILURE_WINDOW_S - now
        if count >= FAILURES_MAX and left_s > 0:
            detail = "too many wrong keys from this address; wait, then send a right one"
            raise ProblemError(429, detail, headers={"Retry-After": str(int(left_s) + 1)})

    def note(self, address: str, now: float) -> None:
        """One more wrong key from this address."""
        count, since = self._counts.pop(address, (0, now))
        if now - since >= FAILURE_WINDOW_S:
            count, since = 0, now
        self._counts[address] = (count + 1, since)
        if len(self._counts) > ADDRESSES_MAX:
            self._counts.popitem(last=False)


def _bearer(authorization: str | None) -> str:
    if authorization is None:
        raise _unauthorized("a key is needed: send the header Authorization: Bearer KEY")
    scheme, _, presented = authorization.partition(" ")
    if scheme.lower() != "bearer" or not 0 < len(presented) <= _KEY_LENGTH_MAX or not presented.isascii():
        raise _unauthorized("the header Authorization must read: Bearer KEY")
    return presented.strip()


def _unauthorized(detail: str) -> ProblemError:
    return ProblemError(401, detail, headers={"WWW-Authenticate": 'Bearer realm="tps"'})
