"""The right of a link to be bound, where its account allows only so many binds over all nodes."""

from collections.abc import Callable
from typing import Protocol

from tps.smpp.pdus import Bind
from tps.smpp.route_config import RouteConfig


class Permit(Protocol):
    """What a link asks before it connects; who gives it lives above the links."""

    async def take(self) -> bool:
        """True when the link may connect now; False: ask again later."""

    @property
    def lasts(self) -> bool:
        """False once somebody else may have been given the place, whatever `take` said."""

    async def give_back(self) -> None:
        """The connection has ended: another link may have the place."""


PermitOf = Callable[[RouteConfig, str, Bind], Permit | None]
"""The permit of a link by its route, name and bind; None for a link that needs none."""


def needs_none(_config: RouteConfig, _link: str, _bind: Bind) -> None:
    """No account has a limit."""
