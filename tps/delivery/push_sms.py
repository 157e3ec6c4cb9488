"""The SMS of a stored push, as they are sent to its device."""

from collections.abc import Mapping
from typing import Protocol

from bootstrap.mac import Method
from tps.delivery.catalogue import Profile
from tps.delivery.channels import Outgoing, Recipient
from tps.delivery.compose import segments_of
from tps.delivery.device_knowledge import DeviceKnowledge
from tps.delivery.push_secrets import open_secrets
from tps.store.sealing import Seal

_METHODS: Mapping[int | None, Method | None] = {None: None} | {int(method): method for method in Method}
"""Looked up for each push: the call of an enumeration takes ten times as long."""


class Composable(Protocol):
    """A push, as far as its SMS depend on it."""

    @property
    def id(self) -> int:
        """Its number."""

    @property
    def imsi(self) -> str:
        """Of the SIM."""

    @property
    def device(self) -> str:
        """Number of the device; empty where it is not known."""

    @property
    def security(self) -> int | None:
        """SEC; None: no MAC."""

    @property
    def sealed_secrets(self) -> str | None:
        """Its PIN and values."""


def compose(
    known: DeviceKnowledge, seal: Seal, push: Composable, profile: Profile, attempt: int
) -> tuple[Outgoing, tuple[str, ...]]:
    """What leaves, and what is to be said of it in the history.

    `EncodeError` where the push cannot be sent as it is, `UnsealError` where no key opens its secrets.
    """
    secrets = open_secrets(seal, push.sealed_secrets, push.id)
    plan = known.plan(profile, push.device, has_pin=secrets.pin is not None)
    if plan is not None:
        return plan.compose(Recipient(push.id, attempt, push.imsi, secrets.pin, secrets.values))
    parts = segments_of(
        profile,
        push_id=push.id,
        attempt=attempt,
        method=_METHODS[push.security],
        imsi=push.imsi,
        pin=secrets.pin,
        values=secrets.values,
    )
    return Outgoing(parts), ()
