"""What the rooms of the back office work with."""

from collections.abc import Callable
from dataclasses import dataclass

from tps.backoffice.filtered_way import FilteredWay
from tps.backoffice.way import WayHere
from tps.config import Config
from tps.delivery.catalogue import Catalogue
from tps.delivery.device_identities import DeviceIdentities
from tps.delivery.foresight import Foresight
from tps.delivery.intake_decision import IntakeDecision
from tps.delivery.set_filter import SetFilter
from tps.parts import Parts
from tps.store.database import Database
from tps.store.sealing import Seal
from tps.watch.metrics import Metrics


@dataclass(frozen=True, slots=True)
class Desk:
    """What the rooms of the back office work with."""

    config: Config
    database: Database
    seal: Seal
    catalogue: Catalogue
    decision: IntakeDecision
    clock: Callable[[], int]
    way: FilteredWay
    metrics: Metrics
    """What this process counts."""
    identities: DeviceIdentities
    """What this process has seen of devices' identities."""


def desk_of(parts: Parts) -> Desk:
    """A desk in the process that owns the way."""
    return Desk(
        config=parts.config,
        database=parts.database,
        seal=parts.seal,
        catalogue=parts.catalogue,
        decision=parts.intake.transaction.decision,
        clock=parts.clock,
        way=FilteredWay(
            WayHere(parts),
            SetFilter(parts.database, parts.config.detection.remembered_pairs, parts.identities),
            Foresight(parts.database, parts.intake.transaction.decision),
        ),
        metrics=Metrics(),
        identities=parts.identities,
    )
