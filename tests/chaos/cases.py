"""The cases of the chaos by name: what befalls the site, on which databases, how much and how often."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from tests.chaos import faults
from tests.chaos.faults import Fault

SLOW_SMSC = ("--response-delay-s", "0.03", "--receipt-delay-s", "0.1")
"""So that at any moment something is on its way."""
_BAD_LINKS = (
    *("--response-delay-s", "0.03", "--receipt-delay-s", "0.1", "--receipt-jitter-s", "0.2"),
    *("--drop-link-ratio", "0.002", "--lost-answer-ratio", "0.01"),
    *("--duplicate-receipt-ratio", "0.05", "--early-receipt-ratio", "0.05"),
)


class Case(NamedTuple):
    """One case; `pushes` and `faults` are those of a long run."""

    fault: Fault | None
    """None where the SMSC makes the trouble by itself."""
    stores: tuple[str, ...]
    pushes: int
    faults: int
    nodes: int = 1
    one_by_one: bool = False
    """Whether a fault comes only when all is DELIVERED after the one before; else some come while others are mended."""
    smsc: tuple[str, ...] = SLOW_SMSC
    """Options of `tps simulate handsets`."""
    route: Mapping[str, object] = MappingProxyType({})
    """Keys of the route that are other than in load tests."""


# fmt: off
CASES: Mapping[str, Case] = MappingProxyType({
    "kill":               Case(faults.kill,               ("sqlite", "postgresql"), 100_000, 100),
    "links":              Case(None,                      ("sqlite", "postgresql"), 20_000, 0,
                               smsc=_BAD_LINKS, route={"response_timeout_s": 2.0, "binds": 2}),
    "postgresql-restart": Case(faults.restart_postgresql, ("postgresql",),          20_000,  20, one_by_one=True),
    "terminate-backend":  Case(faults.terminate_backends, ("postgresql",),          20_000,  20, one_by_one=True),
    "idle-transaction":   Case(faults.hold_locks,         ("postgresql",),          20_000,  20, one_by_one=True),
    "two-nodes":          Case(faults.kill_for_a_while,   ("postgresql",),          20_000,  20, nodes=2),
})
# fmt: on
