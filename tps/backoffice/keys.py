"""API keys: made, listed, taken back. Only a digest of a key is kept; the key itself is told once.

A key reads `ID.SECRET`: the id finds the row, the secret is 256 random bits.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from typing import NamedTuple

from tps.errors import RejectedError
from tps.store import access
from tps.store.access import ApiKey
from tps.store.database import Connection, Database

SET_UP_ID = "set-up"
"""The id of the one-time token that makes the first key, and reads without an id in front."""
_SECRET_OCTETS = 32
_ID_OCTETS = 4
_NAME = re.compile(r"[^\x00-\x1f\x7f]{1,64}")


class NewKey(NamedTuple):
    """A key as its owner sees it, once."""

    id: str
    name: str
    key: str
    created_at: int


def digest_of(key: str) -> str:
    """What is kept of an API key: it is random and long, so a plain digest tells nobody anything."""
    return hashlib.sha256(key.encode()).hexdigest()


def matching(keys: Mapping[str, ApiKey], presented: str) -> ApiKey | None:
    """The key that was presented, among those that open the door by their ids; compared in constant time."""
    identifier, dot, _ = presented.partition(".")
    key = keys.get(identifier if dot else SET_UP_ID)
    if key is None or not hmac.compare_digest(key.digest, digest_of(presented)):
        return None
    return key


def renew_set_up_token(database: Database, *, now_ms: int) -> str | None:
    """A new one-time token that makes the first key, for a start; None once a key was ever made.

    The token of an earlier start, which may be lost, stops to work.
    """
    token = secrets.token_urlsafe(_SECRET_OCTETS)
    row = ApiKey(SET_UP_ID, SET_UP_ID, digest_of(token), set_up=True, created_at=now_ms, used_up_at=None)
    return token if database.write_now(lambda connection: access.renew_set_up(connection, row)) else None


async def create(database: Database, name: str, *, now_ms: int, with_set_up_token: bool = False) -> NewKey:
    """A new key; made with the set-up token, it uses the token up in the same transaction."""
    if not _NAME.fullmatch(name):
        raise RejectedError("name", "1 to 64 characters without control characters expected")
    identifier = secrets.token_hex(_ID_OCTETS)
    key = f"{identifier}.{secrets.token_urlsafe(_SECRET_OCTETS)}"
    row = ApiKey(identifier, name, digest_of(key), set_up=False, created_at=now_ms, used_up_at=None)

    def store(connection: Connection) -> None:
        if with_set_up_token and not access.use_up(connection, SET_UP_ID, now_ms):
            raise RejectedError("", "the set-up token was used already; ask for a key from whoever used it", status=401)
        access.add_key(connection, row)

    await database.write(store)
    return NewKey(identifier, name, key, now_ms)


async def listed(database: Database) -> list[ApiKey]:
    """The keys that open the door, the oldest first."""
    keys = await database.read(access.keys)
    return sorted((key for key in keys if not key.set_up), key=lambda key: (key.created_at, key.id))


async def revoke(database: Database, key_id: str, *, now_ms: int) -> None:
    """Close the door for a key; the last one stays, because nobody could ever make another."""

    def close(connection: Connection) -> None:
        left = [key.id for key in access.keys(connection) if not key.set_up]
        if key_id not in left:
            raise RejectedError("id", "no key has this id", status=404)
        if len(left) == 1:
            raise RejectedError("id", "this is the last key: create another one first", status=409)
        access.use_up(connection, key_id, now_ms)

    await database.write(close)
