"""What is known of devices as the way of a push uses it: read when it changed, resolved once for each TAC.

A push costs a look-up, and none at all while nothing is known. Plans are made once for each kind of device and version
of settings.
"""

import threading
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec
import structlog

from tps.decisions.device_models import TAC_DIGITS, DeviceModel, KnownDevice, indexed, resolve
from tps.delivery.catalogue import Profile
from tps.delivery.channel_plan import ChannelRules, Plan, kind_of, plan
from tps.errors import RejectedError
from tps.store import device_models as store
from tps.store.database import Connection
from tps.store.device_models import StoredModel

PLANS_MAX: Final = 1000
"""Plans of one kind of device that are kept: versions of settings that are on their way."""

log = structlog.get_logger(__name__)


class _Known:
    """Devices of which the same is known, with the plans made for them."""

    __slots__ = ("_kind", "_plans", "_rules", "is_plain")

    def __init__(self, device: KnownDevice, rules: ChannelRules) -> None:
        self._kind = kind_of(device)
        self._rules = rules
        self._plans: dict[tuple[str, int, bool], tuple[Profile, Plan]] = {}
        self.is_plain = self._kind.is_plain(rules.preference)

    def plan(self, profile: Profile, *, has_pin: bool) -> Plan:
        """The plan for these settings, made once."""
        key = (profile.name, profile.version, has_pin)
        made = self._plans.get(key)
        # Compared, because a version can have been read in a transaction that was rolled back afterwards.
        if made is None or made[0] is not profile:
            if len(self._plans) >= PLANS_MAX:
                self._plans.clear()
            made = self._plans[key] = (profile, plan(profile, self._kind, self._rules, has_pin=has_pin))
        return made[1]


class DeviceKnowledge:
    """All that is known at one moment; what follows from it is found out when it is asked for."""

    def __init__(self, rows: Iterable[DeviceModel], rules: ChannelRules) -> None:
        self.models = indexed(rows, rules.default)
        self.rules = rules
        self._by_tac: dict[str, _Known] = {}
        self._unlisted = _Known(resolve(self.models, ""), rules)
        self._is_plain = not self.models.rows and self._unlisted.is_plain

    def device(self, number: str) -> KnownDevice:
        """What is known of the device with this number (IMEI without check digit), each value with its origin."""
        return resolve(self.models, number[:TAC_DIGITS])

    def plan(self, profile: Profile, number: str, *, has_pin: bool) -> Plan | None:
        """How the settings reach the device; None where they leave just as they are."""
        if self._is_plain:
            return None
        known = self._by_tac.get(number[:TAC_DIGITS]) or self._learn(number[:TAC_DIGITS])
        return None if known.is_plain else known.plan(profile, has_pin=has_pin)

    def _learn(self, tac: str) -> _Known:
        """Only what is listed is kept: there are as many TACs as somebody likes to invent."""
        if (tac, "", "") not in self.models.rows:
            return self._unlisted
        return self._by_tac.setdefault(tac, _Known(resolve(self.models, tac), self.rules))


class Devices:
    """The knowledge of this process, as new as it was when last refreshed."""

    def __init__(self, rules: ChannelRules) -> None:
        self.known = DeviceKnowledge((), rules)
        self._rules = rules
        self._changes = 0
        self._lock = threading.Lock()
        """Readers refresh beside each other."""

    def refresh(self, connection: Connection, changes: int) -> DeviceKnowledge:
        """Read anew where the store counts other `changes` than at the last time (`tps.store.settings.generation`)."""
        with self._lock:
            if changes != self._changes:
                self.known = knowledge(connection, self._rules)
                self._changes = changes
            return self.known


def knowledge(connection: Connection, rules: ChannelRules) -> DeviceKnowledge:
    """All that the store holds."""
    return DeviceKnowledge(_usable(store.by_weight(connection)), rules)


def _usable(rows: Iterable[StoredModel]) -> Iterator[DeviceModel]:
    """One row that cannot be read must not hide the others."""
    for row in rows:
        try:
            yield store.model_of(row)
        except (RejectedError, msgspec.DecodeError) as error:
            log.warning("device_model.unusable", tac=row.tac, brand=row.brand, source=row.source, error=str(error))
