"""Binds of SMPP accounts that allow only so many: each belongs to a node, and is free when the node is gone."""

from sqlalchemy import Connection, delete, insert, select
from sqlalchemy.exc import IntegrityError

from tps.store import nodes
from tps.store.schema import bind_slot


def take(connection: Connection, account: str, limit: int, *, instance: str, link: str) -> bool:
    """True when this link holds one of the account's `limit` slots now; False where none is free."""
    if nodes.lease_until(connection, instance) is None:
        return False
    rows = connection.execute(
        select(bind_slot.c.slot, bind_slot.c.instance, bind_slot.c.link).where(bind_slot.c.account == account)
    ).all()
    if any((row.instance, row.link) == (instance, link) for row in rows):
        return True
    free = sorted(set(range(limit)) - {row.slot for row in rows})
    if not free or len(rows) >= limit:
        return False
    try:
        with connection.begin_nested():
            values = {"account": account, "slot": free[0], "instance": instance, "link": link}
            connection.execute(insert(bind_slot).values(values))
    except IntegrityError:  # another node was first
        return False
    return True


def give_back(connection: Connection, account: str, *, instance: str, link: str) -> None:
    """The slot of this link is free."""
    connection.execute(
        delete(bind_slot).where(
            bind_slot.c.account == account, bind_slot.c.instance == instance, bind_slot.c.link == link
        )
    )
