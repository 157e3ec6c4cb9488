"""Idempotency-Key: the same request sent again gets the same answer and does nothing twice.

Kept per API key for a day. A request that was refused leaves nothing behind, so that it can be mended and sent again
under its key. What is kept is sealed, because an answer may hold a secret.
"""

import hashlib
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import msgspec
import structlog

from tps.errors import RetryLaterError
from tps.store import access
from tps.store.access import Remembered
from tps.store.database import Connection, Database
from tps.store.sealing import Seal
from tps.web.answers import Answer
from tps.web.problems import FieldError, ProblemError

log = structlog.get_logger(__name__)

HEADER = "Idempotency-Key"
_FORM = re.compile(r"[!-~]{1,100}")
ABANDONED_MS = 120_000
"""A first request without an answer for so long died with its server; the next one takes its place."""


@dataclass(frozen=True, slots=True)
class Request:
    """What makes a request the same as another one."""

    key: str
    """Caller and Idempotency-Key."""
    digest: str


def request_of(caller: str, key: str, *, method: str, target: str, media_type: str, octets: bytes) -> Request:
    """The request under its key; `ProblemError` (400) for a key of the wrong form."""
    if not _FORM.fullmatch(key):
        message = "1 to 100 printable ASCII characters without spaces expected"
        raise ProblemError(400, f"{HEADER}: {message}", (FieldError(HEADER, message),))
    heading = f"{method}\n{target}\n{media_type}\n".encode("utf-8", "surrogateescape")
    return Request(f"{caller}:{key}", hashlib.sha256(heading + octets).hexdigest())


async def once(
    database: Database, seal: Seal, request: Request, act: Callable[[], Awaitable[Answer]], clock: Callable[[], int]
) -> Answer:
    """The answer of `act`, or the kept one of the same request before; `ProblemError` where that cannot be told."""
    before = await database.write(lambda connection: _begin(connection, request, clock()))
    if before is not None:
        return _kept(seal, request, before)
    try:
        answer = await act()
    except BaseException:
        await _finish(database, lambda connection: access.forget(connection, request.key))
        raise
    sealed = seal.close(msgspec.json.encode(answer), _context(request))
    await _finish(database, lambda connection: access.conclude(connection, request.key, answer.status, sealed))
    return answer


def _begin(connection: Connection, request: Request, now_ms: int) -> Remembered | None:
    before = access.remember(connection, request.key, request.digest, now_ms)
    if before is None or before.request_digest != request.digest or before.status is not None:
        return before
    return None if access.take_over(connection, request.key, now_ms - ABANDONED_MS, now_ms) else before


def _kept(seal: Seal, request: Request, before: Remembered) -> Answer:
    if before.request_digest != request.digest:
        message = "used before with another request: take a new key for a new request"
        raise ProblemError(422, f"{HEADER}: {message}", (FieldError(HEADER, message),))
    if before.status is None or before.body is None:
        detail = f"{HEADER}: the first request with this key is still at work"
        raise ProblemError(409, detail, headers={"Retry-After": "1"})
    answer = msgspec.json.decode(seal.open(before.body, _context(request)), type=Answer)
    return msgspec.structs.replace(answer, headers={**answer.headers, "Idempotency-Replayed": "true"})


async def _finish(database: Database, operation: Callable[[Connection], None]) -> None:
    """What was done is done: the answer goes out also where it cannot be kept."""
    try:
        await database.write(operation)
    except RetryLaterError:
        log.warning("idempotency.not_kept")


def _context(request: Request) -> str:
    return f"idempotency/{request.key}"
