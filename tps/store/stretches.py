"""How pushes lie on the disk, for what goes through all of them: in stretches, each of them in the order of the ids.

On PostgreSQL a stretch is a bucket. SQLite keeps them all in the order of their ids, and so of time: what is stored and
saved together shares its pages. Were it by bucket, twenty lone requests would write twenty pages.
"""

from collections.abc import Callable
from operator import attrgetter
from typing import Any

from sqlalchemy import ColumnElement, true

from tps.decisions.identities import BUCKETS
from tps.decisions.push_id import bucket_of_id
from tps.store.schema import push


def stretches(dialect: str) -> list[ColumnElement[bool]]:
    """The condition of each, in their order."""
    return [true()] if dialect == "sqlite" else [push.c.bucket == bucket for bucket in range(BUCKETS)]


def stretch_of(dialect: str, push_id: int) -> int:
    """The place among `stretches` of the one with this push."""
    return 0 if dialect == "sqlite" else bucket_of_id(push_id)


def order_of(dialect: str) -> Callable[[Any], Any]:
    """The key by which pushes are sorted to be touched in the order in which they lie.

    It is the same at every node, so that no two of them wait for each other.
    """
    return attrgetter("id") if dialect == "sqlite" else attrgetter("bucket", "id")
