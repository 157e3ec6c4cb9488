"""Pushes that ended long ago are forgotten, a page at a time, and never what keeps a pair from being set up twice.

A DELIVERED push that holds its pair's key stays: that is what says that the pair is SET. Its story and its secrets go.
"""

from sqlalchemy import ColumnElement, Connection, delete, func, or_, select, update

from tps.decisions.push_id import first_id_at
from tps.decisions.push_life import KEY_HOLDING_STATES, State
from tps.store.schema import push
from tps.store.stretches import stretches

PAGE = 500
"""Pushes looked at in one transaction."""
DAY_MS = 86_400_000
REST_MS = 3_600_000
"""Pause after all pushes were gone through."""

_ENDED = sorted(int(state) for state in State if state not in KEY_HOLDING_STATES)


class Retention:
    """Where this node's round through the pushes stands. A round that is lost at a restart begins anew."""

    def __init__(self, keep_days: int) -> None:
        self._keep_ms = keep_days * DAY_MS
        self._stretch = 0
        self._after = -1
        self._resumes_at = 0

    def step(self, connection: Connection, now_ms: int) -> int:
        """Look at the next page; returns how many pushes were forgotten or shortened."""
        if now_ms < self._resumes_at:
            return 0
        all_stretches = stretches(connection.dialect.name)
        last, count = _forget_page(connection, all_stretches[self._stretch], self._after, now_ms - self._keep_ms)
        if last is not None:
            self._after = last
            return count
        self._stretch, self._after = (self._stretch + 1) % len(all_stretches), -1
        if self._stretch == 0:
            self._resumes_at = now_ms + REST_MS
        return count


def _forget_page(
    connection: Connection, stretch: ColumnElement[bool], after: int, before_ms: int
) -> tuple[int | None, int]:
    """(Id of the last push looked at, None at the end of the stretch; how many were forgotten or shortened)."""
    page = (
        select(push.c.id)
        .where(stretch, push.c.id > after, push.c.id < first_id_at(before_ms))
        .order_by(push.c.id)
        .limit(PAGE)
        .subquery()
    )
    last, length = connection.execute(select(func.max(page.c.id), func.count())).one()
    if last is None:
        return None, 0
    looked_at = (stretch, push.c.id > after, push.c.id <= last, push.c.changed_at < before_ms)
    delivered = push.c.state == int(State.DELIVERED)
    useless = or_(push.c.state.in_(_ENDED), delivered & (push.c.key_released != 0))
    told = or_(push.c.history != "", push.c.sealed_secrets.is_not(None))
    forgotten = connection.execute(delete(push).where(*looked_at, useless)).rowcount
    shortened = connection.execute(
        update(push).where(*looked_at, delivered, told).values(history="", sealed_secrets=None)
    ).rowcount
    return (last if length == PAGE else None), forgotten + shortened
