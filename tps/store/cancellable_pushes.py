"""Pushes that can be taken back: they have not left, or nobody knows, and nobody has them in hand."""

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

from sqlalchemy import Connection, SmallInteger, String, literal_column, select

from tps.decisions.push_life import CANCELLABLE_STATES
from tps.store.batches import Batch, Fetching
from tps.store.schema import push

is_cancellable = push.c.state.in_([literal_column(str(int(state))) for state in sorted(CANCELLABLE_STATES)])


class CancellablePush(NamedTuple):
    """One of them, and what it was to bring."""

    bucket: int
    id: int
    imsi: str
    state: int
    expires_at: int
    device: str
    settings: str
    fingerprint: int
    history: str


def of_subscribers(connection: Connection, subscribers: Sequence[tuple[int, str]]) -> list[CancellablePush]:
    """Those of these subscribers, (bucket, IMSI) each once; locked meanwhile. Of nobody the store is not asked."""
    if not subscribers:
        return []
    statement, batch = _of_subscribers(connection.dialect.name)
    return statement.fetch(connection, batch.parameters(subscribers))


@cache
def _of_subscribers(dialect: str) -> tuple[Fetching[CancellablePush], Batch]:
    batch = Batch(dialect, bucket=SmallInteger(), imsi=String())
    statement = (
        select(*(push.c[name] for name in CancellablePush._fields))
        .select_from(batch.source)
        .join(push, (push.c.bucket == batch.c["bucket"]) & (push.c.imsi == batch.c["imsi"]))
        .where(push.c.key_released == 0, is_cancellable)
        .with_for_update(of=push)
    )
    return Fetching(dialect, statement, CancellablePush), batch
