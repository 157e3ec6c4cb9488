"""Device models: looked at, explained, changed, and what the configuration says of those that nobody knows."""

from collections.abc import Sequence

from tps.config import DevicesConfig
from tps.decisions import quirks
from tps.decisions.device_models import DeviceModel, KnownDevice, checked, verify_tac
from tps.delivery.channel_plan import ChannelRules
from tps.delivery.device_knowledge import knowledge
from tps.errors import RejectedError
from tps.store import device_models as store
from tps.store.database import Connection, Database
from tps.store.device_models import Place, StoredModel

OPERATOR = "operator"
"""The source of what the operator says itself."""


def channel_rules(config: DevicesConfig) -> ChannelRules:
    """The operator's rules for all devices."""
    default = DeviceModel(
        client_provisioning=config.default_client_provisioning,
        browser_settings=config.default_browser_settings,
        mobileconfig=config.default_mobileconfig,
        quirks=quirks.from_words(config.default_quirks),
        source="configuration",
    )
    return ChannelRules(default, config.channels, config.languages)


async def known(database: Database, config: DevicesConfig, tac: str) -> tuple[KnownDevice, list[StoredModel]]:
    """What is known of devices with this TAC, and the rows about it itself; `RejectedError` (404) for what is none."""
    verify_tac(tac, status=404)
    rules = channel_rules(config)

    def read(connection: Connection) -> tuple[KnownDevice, list[StoredModel]]:
        return knowledge(connection, rules).device(tac), store.about(connection, tac)

    return await database.read(read)


async def page(database: Database, after: Place | None, limit: int, source: str | None) -> list[StoredModel]:
    """At most `limit` rows, of one source or of all, those after `after`."""
    return await database.read(lambda connection: store.page(connection, after, limit, source))


async def put(database: Database, models: Sequence[DeviceModel], *, now_ms: int) -> None:
    """Store these rows; each replaces what its source said of the same before."""
    rows = [checked(model) for model in models]
    await database.write(lambda connection: store.put(connection, rows, now_ms))


async def remove(database: Database, about: DeviceModel) -> None:
    """Forget the row about the same from the same source; `RejectedError` (404) where there is none."""
    place = store.place_of(checked(about))
    if not await database.write(lambda connection: store.remove(connection, place)):
        raise RejectedError("tac", f"source {about.source!r} says nothing of this", status=404)
