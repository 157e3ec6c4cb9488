"""Keyset pages: a page ends with a cursor, and the next one begins after it, whatever was added meanwhile."""

from typing import Annotated

from msgspec import Meta

from tps.decisions.push_id import id_of
from tps.errors import RejectedError

LIMIT_DEFAULT = 100
After = Annotated[str | None, Meta(description="The `next` of the page before")]
Limit = Annotated[
    Annotated[int, Meta(ge=1)] | None, Meta(description=f"Items of a page; left out: {LIMIT_DEFAULT}", examples=[100])
]


def limit_of(asked: int | None, most: int) -> int:
    """How many items a page holds; `RejectedError` for more than `most`."""
    if asked is not None and asked > most:
        raise RejectedError("limit", f"at most {most} items a page expected; use `after` for the next ones")
    return min(LIMIT_DEFAULT, most) if asked is None else asked


def push_id_after(cursor: str) -> int:
    """The push that the batch before ended with, from its `next`."""
    try:
        return id_of(cursor)
    except RejectedError:
        raise RejectedError("after", "the `next` of the batch before expected") from None
