"""Which subscribers were changed lately, on disk, so that what is held in memory of the others stays true.

Every transaction that changes what a detection can lead to counts its subscribers in their buckets, and leaves their
names. Whoever has seen a bucket at 1000 and finds it at 1002 forgets the last two names, whichever node or command
changed them. Of many changes at once the names do not fit, and the whole bucket is forgotten.

The counting is the last statement of its transaction and goes through the buckets in order: two nodes that change the
same buckets wait for a commit, never for each other.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import cache
from typing import NamedTuple

import msgspec
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    SmallInteger,
    Text,
    bindparam,
    cast,
    func,
    select,
    true,
)
from sqlalchemy.dialects import postgresql

from tps.decisions.identities import BUCKETS, bucket_of
from tps.store.batches import Batch, Fetching, Prepared, inserting
from tps.store.schema import subscriber_change

NAMED = 8
"""Names a bucket keeps, those changed last: few, because each transaction writes the pages they lie on."""
_NAME_WIDTH = 16
_NOTED = "changes.noted"
_EVERYBODY = ""
_FORGOTTEN = "-"
"""Behind the name of a subscriber whose devices were forgotten: what is remembered of them is not true any more."""
_encode = msgspec.json.Encoder().encode


class Changed(NamedTuple):
    """Who was changed."""

    imsi: str
    is_forgotten: bool
    """Devices of his were forgotten, so nobody may remember that they were seen."""


class Bucket(NamedTuple):
    """Changes in a bucket: how many ever, and who was changed last."""

    bucket: int
    changes: int
    newest: str

    def named(self, last: int) -> list[Changed] | None:
        """The last so many changes; None where the names of some are not kept."""
        if last > NAMED:
            return None
        names = self.newest[-last * _NAME_WIDTH :]
        each = (names[at : at + _NAME_WIDTH].rstrip() for at in range(0, len(names), _NAME_WIDTH))
        return [Changed(name.removesuffix(_FORGOTTEN), name.endswith(_FORGOTTEN)) for name in each]


def note(connection: Connection, imsis: Iterable[str]) -> None:
    """This transaction changes what detections of these subscribers can lead to."""
    connection.info.setdefault(_NOTED, set()).update(imsis)


def note_forgotten(connection: Connection, imsi: str) -> None:
    """This transaction forgets devices of this subscriber."""
    note(connection, [imsi + _FORGOTTEN])


def note_everybody(connection: Connection) -> None:
    """This transaction changes what any detection can lead to."""
    note(connection, [_EVERYBODY])


def write_noted(connection: Connection) -> None:
    """Write what was noted; the store calls it before each commit.

    What a transaction noted that was rolled back is written with the next: a change too many is no harm.
    """
    noted: set[str] = connection.info.pop(_NOTED, set())
    if not noted:
        return
    names: defaultdict[int, list[str]] = defaultdict(list)
    for name in noted - {_EVERYBODY}:
        names[bucket_of(name.removesuffix(_FORGOTTEN))].append(name)
    uncounted = NAMED + 1 if _EVERYBODY in noted else 0
    buckets = sorted(names) if not uncounted else range(BUCKETS)
    statement, batch = _add(connection.dialect.name)
    statement.run(connection, batch.parameters([_row(bucket, names[bucket], uncounted) for bucket in buckets]))


def since(connection: Connection, seen: Sequence[int]) -> list[Bucket]:
    """The buckets with more changes than were seen of them."""
    return _since(connection.dialect.name).fetch(connection, {"seen": _encode(seen).decode()})


def _row(bucket: int, names: list[str], uncounted: int) -> Bucket:
    return Bucket(bucket, len(names) + uncounted, "".join(f"{name:{_NAME_WIDTH}}" for name in names[-NAMED:]))


@cache
def _add(dialect: str) -> tuple[Prepared, Batch]:
    batch = Batch(dialect, bucket=SmallInteger(), changes=BigInteger(), newest=Text())
    rows = select(*batch.c.values()).select_from(batch.source).where(true())
    statement = inserting(dialect, subscriber_change, list(batch.c), rows)
    both = subscriber_change.c.newest + statement.excluded.newest
    kept = NAMED * _NAME_WIDTH
    counted = statement.on_conflict_do_update(
        index_elements=[subscriber_change.c.bucket],
        set_={
            "changes": subscriber_change.c.changes + statement.excluded.changes,
            "newest": func.substr(both, -kept) if dialect == "sqlite" else func.right(both, kept),
        },
    )
    return Prepared(dialect, counted), batch


@cache
def _since(dialect: str) -> Fetching[Bucket]:
    bucket, count = subscriber_change.c.bucket, subscriber_change.c.changes
    counts = bindparam("seen", type_=Text)
    seen: ColumnElement[int]
    if dialect == "sqlite":
        seen = func.json_extract(counts, func.printf("$[%d]", bucket))
    else:
        seen = cast(func.json_array_element_text(cast(counts, postgresql.JSON), bucket), BigInteger)
    return Fetching(dialect, select(bucket, count, subscriber_change.c.newest).where(count > seen), Bucket)
