"""Which scenario uses which option of `bench`: one that would change nothing is refused, not passed over."""

from collections.abc import Mapping
from typing import Final

import typer

from tps.commands.terminal import BadInputError

WHOLE_SERVER: Final = ("bulk", "single", "detect", "radius", "s13", "applet", "pressure", "campaign")
# fmt: off
USED_BY: Final[Mapping[str, tuple[str, ...]]] = {
    "connections":     ("bulk", "single", "pressure"),  # of bulk those that Kannel is given
    "rate":            ("bulk", "single", "detect", "radius"),
    "url":             ("bulk", "single", "detect"),
    "key":             ("bulk", "single", "detect"),
    "first":           WHOLE_SERVER,
    "store":           WHOLE_SERVER,
    "window":          (*WHOLE_SERVER, "smpp"),
    "binds":           (*WHOLE_SERVER, "smpp"),
    "smsc_delay":      WHOLE_SERVER,
    "route_rate":      WHOLE_SERVER,
    "max_open_pushes": WHOLE_SERVER,
    "new_every":       ("detect", "radius", "s13", "applet"),
    "serve_with":      WHOLE_SERVER,
    "compare_kannel":  ("bulk", "single"),  # it has no bulk, so its requests are lone ones
}
# fmt: on
"""Option -> the scenarios that use it; those that are not here are of use to all."""
OWN_SERVER: Final = frozenset(
    {"store", "window", "binds", "smsc_delay", "route_rate", "max_open_pushes", "serve_with", "compare_kannel"}
)
"""What is told to the server and the SMSC that a load test puts up itself."""


def verify_used(scenario: str, context: typer.Context) -> None:
    """Raise `BadInputError` for an option that was given and would change nothing."""
    given = _given(context)
    for name, option in given.items():
        scenarios = USED_BY.get(name, (scenario,))
        if scenario not in scenarios:
            raise BadInputError(f"{option}: of no use to {scenario}, only to {', '.join(scenarios)}; leave it out")
        if name in OWN_SERVER and "url" in given:
            raise BadInputError(f"{option}: of no use with --url, whose server has its own; leave one of them out")
    if "url" in given and context.params["key"] is None:
        raise BadInputError("--key: needed with --url, an API key of that server (also in TPS_KEY)")
    if "key" in given and "url" not in given:
        raise BadInputError("--key: of no use without --url; leave it out, or say --url too")


def _given(context: typer.Context) -> dict[str, str]:
    """Name and spelling of what stands on the command line; what the environment holds may be meant for others."""
    return {
        str(each.name): each.opts[0]
        for each in context.command.params
        if (source := context.get_parameter_source(str(each.name))) is not None and source.name == "COMMANDLINE"
    }
