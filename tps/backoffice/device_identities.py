"""The watch over identities of devices by a configuration's rules."""

from collections.abc import Callable

from tps.config import DetectionConfig
from tps.delivery.device_identities import DeviceIdentities, IdentityRules
from tps.delivery.known_tacs import KnownTacs
from tps.store.database import Database


def identities_of(rules: DetectionConfig, database: Database, clock: Callable[[], int]) -> DeviceIdentities:
    """The watch of one process."""
    own = IdentityRules(rules.tolerated, rules.clone_sims, rules.clone_window_s * 1000, rules.remembered_devices)
    return DeviceIdentities(own, KnownTacs(database, clock))
