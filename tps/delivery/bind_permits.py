"""Permits of links whose SMPP account allows only so many binds over all nodes: a slot each, under the node's lease."""

import structlog

from tps.delivery.node_lease import NodeLease
from tps.errors import RetryLaterError
from tps.smpp.pdus import Bind
from tps.smpp.permit import Permit
from tps.smpp.route_config import RouteConfig
from tps.store import bind_slots
from tps.store.database import Database

log = structlog.get_logger(__name__)


class BindPermits:
    """Gives links their permits."""

    def __init__(self, database: Database, lease: NodeLease) -> None:
        self._database = database
        self._lease = lease

    def permit(self, config: RouteConfig, link: str, bind: Bind) -> Permit | None:
        """The permit of one link, None where its account has no limit.

        Routes to the same account share its limit; for a pair, transmitters and receivers are counted apart.
        """
        if not config.account_binds:
            return None
        account = f"{config.system_id}@{config.host}:{config.port} {bind.name.lower()}"
        return SlotPermit(self._database, self._lease, account=account, limit=config.account_binds, link=link)


class SlotPermit:
    """One link's right to be bound."""

    def __init__(self, database: Database, lease: NodeLease, *, account: str, limit: int, link: str) -> None:
        self._database = database
        self._lease = lease
        self._account = account
        self._limit = limit
        self._link = link

    async def take(self) -> bool:
        """True when the link may connect now; False where all slots are taken, or nobody can tell."""
        if not self._lease.held:
            return False
        try:
            return await self._database.write(
                lambda connection: bind_slots.take(
                    connection, self._account, self._limit, instance=self._lease.instance, link=self._link
                )
            )
        except RetryLaterError:
            return False

    @property
    def lasts(self) -> bool:
        """True while no other node can have taken the slot."""
        return self._lease.held

    async def give_back(self) -> None:
        """Let another link have the slot. Where the store is away it stays ours, to be taken again."""
        try:
            await self._database.write(
                lambda connection: bind_slots.give_back(
                    connection, self._account, instance=self._lease.instance, link=self._link
                )
            )
        except RetryLaterError:
            log.warning("bind_slot.not_given_back", link=self._link)
