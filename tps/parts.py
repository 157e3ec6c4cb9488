"""The parts of a running server as one value, for the rooms above the way of a push."""

from collections.abc import Callable
from dataclasses import dataclass

from tps.config import Config
from tps.decisions.push_id import PushIds
from tps.delivery.attend import Attend
from tps.delivery.backlog import Backlog
from tps.delivery.catalogue import Catalogue
from tps.delivery.device_identities import DeviceIdentities
from tps.delivery.dispatch import Dispatch
from tps.delivery.flights import Flights
from tps.delivery.inbox import Inbox
from tps.delivery.intake import Intake
from tps.delivery.node_lease import NodeLease
from tps.delivery.settle import Settle
from tps.delivery.texts import Texts
from tps.smpp.routes import Routes
from tps.store.database import Database
from tps.store.sealing import Seal


@dataclass(frozen=True, slots=True)
class Parts:
    """The server's parts, put together."""

    config: Config
    database: Database
    seal: Seal
    lease: NodeLease
    catalogue: Catalogue
    push_ids: PushIds
    routes: Routes
    flights: Flights
    backlog: Backlog
    intake: Intake
    inbox: Inbox
    identities: DeviceIdentities
    texts: Texts
    dispatch: Dispatch
    settle: Settle
    attend: Attend
    clock: Callable[[], int]
