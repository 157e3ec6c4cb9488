"""What an error of a database means: it passes, the store is damaged, or the statement is a defect of ours.

`told` makes of each what callers act on; nothing that it says or leaves behind holds a value of a row, which may be an
identity of a person.
"""

import sqlite3

import psycopg
import structlog
from sqlalchemy.exc import DBAPIError

from tps.errors import RetryLaterError, StoreDamagedError

log = structlog.get_logger(__name__)

DATABASE_ERRORS = (DBAPIError, sqlite3.Error, psycopg.Error)
"""What a database raises: by way of SQLAlchemy, or the driver's own from a prepared statement."""
DELAY_S = 2.0
"""After so many seconds a caller may try again."""

_PASSING_CLASSES = frozenset({"08", "25", "40", "53", "55", "57", "58"})
"""SQLSTATE classes of what is nobody's fault and passes: connection, read-only while a replica takes over, conflicts,
resources, locks and timeouts, operator, system. PostgreSQL manual, appendix A."""
_VALUE_CLASSES = frozenset({"22"})
"""SQLSTATE classes whose first line may repeat a value: data exceptions."""
_READ_ONLY = "25006"
_CONFLICT_STATES = frozenset({"40001", "40P01"})
"""serialization_failure, deadlock_detected."""
_DAMAGED_STATES = frozenset({"XX001", "XX002"})
"""data_corrupted, index_corrupted."""
_SQLITE_PASSING = frozenset(
    {
        sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL,  # another process has it
        sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN,  # the disk
        sqlite3.SQLITE_PERM, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_INTERRUPT,
    }
)  # fmt: skip
_SQLITE_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_PRIMARY_CODE = 0xFF
"""The low octet of SQLite's extended result codes (sqlite.org/rescode.html)."""


def told(error: Exception, where: str) -> Exception:
    """What the callers of the store are told: come again, the store is damaged, or the error itself, without values.

    `where` names the store for people.
    """
    cause = _cause(error)
    _forget_values(error, cause)
    if is_damage(error):
        log.critical("store.damaged", store=where, error=str(cause))
        return StoreDamagedError(f"store.url: {where} is damaged ({cause}); {_way_out(cause)}")
    if is_passing(error):
        log.warning("store.unreachable", error=str(cause))
        return RetryLaterError(
            "the database cannot be used now; nothing was stored, send the request again", delay_s=DELAY_S
        )
    return error


def is_passing(error: Exception) -> bool:
    """True when the same write may succeed later: the database is away, locked, full or changing over."""
    cause = _cause(error)
    if isinstance(cause, sqlite3.Error):
        return _sqlite_code(cause) in _SQLITE_PASSING
    state = getattr(cause, "sqlstate", None)
    if state is not None:
        return state[:2] in _PASSING_CLASSES
    return isinstance(cause, psycopg.OperationalError)


def is_conflict(error: Exception) -> bool:
    """True when the database has ended this transaction for the sake of another one: it may be done again at once."""
    return getattr(_cause(error), "sqlstate", None) in _CONFLICT_STATES


def is_damage(error: Exception) -> bool:
    """True when what lies on the disk is no sound database any more: no later try can succeed."""
    cause = _cause(error)
    if isinstance(cause, sqlite3.Error):
        return _sqlite_code(cause) in _SQLITE_DAMAGED
    return getattr(cause, "sqlstate", None) in _DAMAGED_STATES


def is_from_a_replica(error: Exception) -> bool:
    """True when the connection leads to a server that takes no writes: a new one may find the server that does."""
    return getattr(_cause(error), "sqlstate", None) == _READ_ONLY


def _cause(error: Exception) -> BaseException | None:
    """The driver's error behind one."""
    return error.orig if isinstance(error, DBAPIError) else error


def _sqlite_code(error: sqlite3.Error) -> int | None:
    code = getattr(error, "sqlite_errorcode", None)  # the module's own errors have none
    return None if code is None else code & _PRIMARY_CODE


def _way_out(cause: BaseException | None) -> str:
    if isinstance(cause, sqlite3.Error):
        return "the server must not go on with it: put a backup in its place with `tps restore FILE`"
    return "the server must not go on with it: bring the database back from a backup or a replica"


def _forget_values(error: Exception, cause: BaseException | None) -> None:
    """Leave the first line of PostgreSQL's message only: DETAIL names the values of the row that stood in the way."""
    if not isinstance(cause, psycopg.Error) or cause.sqlstate is None:
        return
    primary = cause.diag.message_primary or type(cause).__name__
    shown = f"{type(cause).__name__} ({cause.sqlstate})" if cause.sqlstate[:2] in _VALUE_CLASSES else primary
    cause.args = (shown,)
    if isinstance(error, DBAPIError):
        error.args = (f"({type(cause).__module__}.{type(cause).__name__}) {shown}",)
