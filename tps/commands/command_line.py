"""All commands in one place, and how an expected error ends one: a line on stderr instead of a traceback.

A command is imported when it is asked for: together they need the libraries of the database and of HTTP, and each start
would take four times as long as `tps encode` does by itself.
"""

from importlib import import_module
from typing import Any, NoReturn

import typer
from typer.core import TyperGroup
from typer.main import get_command

from encoders.errors import DecodeError, EncodeError
from tps.commands.terminal import BAD_INPUT, BadInputError
from tps.config import ConfigError
from tps.errors import RejectedError, RetryLaterError
from tps.store.sealing import UnsealError

FAILURE = 1
"""Exit status where the input is right and something else stands in the way."""

# fmt: off
PLACES: dict[str, str | dict[str, str]] = {
    "demo":     "demo:demo",
    "serve":    "server:serve",
    "migrate":  "store:migrate",
    "backup":   "backup:backup",
    "restore":  "backup:restore",
    "config":   "configuration:config",
    "detect":   "detect:detect",
    "import":   {"subscribers": "subscribers:import_subscribers", "devices": "devices:import_devices"},
    "export":   {"subscribers": "subscribers:export_subscribers", "devices": "devices:export_devices"},
    "explain":  "explain:explain",
    "dead-letters": {"list": "dead_letters:list_reasons", "requeue": "dead_letters:requeue"},
    "compose":  "compose:compose",
    "encode":   "document:encode",
    "decode":   "document:decode",
    "simulate": {
        "smsc": "simulation:smsc", "handsets": "simulation:handsets", "subscribers": "simulation:subscribers",
    },
    "bench":    {
        "bulk": "bench:bulk", "single": "bench:single", "detect": "bench:detect",
        "radius": "bench:radius", "s13": "bench:s13", "applet": "bench:applet",
        "pressure": "bench:under_pressure", "campaign": "bench:campaign",
        "encode": "bench:encode", "smpp": "bench:smpp", "fill": "bench_files:fill", "plot": "bench_files:plot",
    },
    "version":  "version:version",
}
# fmt: on
"""Module in this room and function of each command, in the order of the help."""

GROUPS = {
    "import": "Take data in from files.",
    "export": "Write data to files.",
    "dead-letters": "Pushes that failed, expired or are held: why, and a new beginning.",
    "simulate": "Play the other side of the air: an SMSC, handsets, their subscribers.",
    "bench": "Load tests: what this machine carries, and where the time goes.",
}
"""What the commands that have commands of their own say of themselves."""


class CommandLine(TyperGroup):
    """The commands by their names; ends each at an expected error with its text."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401 - the types of typer's own click
        """The names of all commands."""
        return list(PLACES)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ANN401
        """The command of this name, or None."""
        place = PLACES.get(cmd_name)
        return None if place is None else get_command(_app(cmd_name, place))

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401
        """Run the command that `ctx` names."""
        try:
            return super().invoke(ctx)
        except (BadInputError, ConfigError, RejectedError, EncodeError, DecodeError) as error:
            _end(str(error), BAD_INPUT)
        except (RetryLaterError, UnsealError) as error:
            _end(str(error), FAILURE)


def _app(name: str, place: str | dict[str, str]) -> typer.Typer:
    """The command, or the commands, as typer takes them."""
    if isinstance(place, str):
        app = typer.Typer(add_completion=False)
        _add(app, name, place)
        return app
    app = typer.Typer(name=name, help=GROUPS[name], no_args_is_help=True, add_completion=False)
    app.callback()(_group)
    for inner_name, inner_place in place.items():
        _add(app, inner_name, inner_place)
    return app


def _add(app: typer.Typer, name: str, place: str) -> None:
    module, _, function = place.partition(":")
    app.command(name)(getattr(import_module(f"tps.commands.{module}"), function))


def _group() -> None:
    """Has no options of its own: typer wants something to call before the command."""


def _end(message: str, status: int) -> NoReturn:
    typer.echo(f"Error: {message}", err=True)
    raise typer.Exit(status)
