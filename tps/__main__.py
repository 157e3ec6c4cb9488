"""The command line: `tps COMMAND`, or `python -m tps COMMAND`."""

import sys

import structlog
import typer

from tps.commands import (
    compose,
    configuration,
    demo,
    document,
    explain,
    server,
    simulation,
    store,
    subscribers,
    version,
)
from tps.commands.terminal import CommandLine

app = typer.Typer(
    name="tps",
    cls=CommandLine,
    help="Trusted provisioning server: the right settings on every handset, once, securely, with proof.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
imports = typer.Typer(help="Take data in from files.", no_args_is_help=True)
exports = typer.Typer(help="Write data to files.", no_args_is_help=True)
simulate = typer.Typer(help="Play the other side of the air: an SMSC, handsets.", no_args_is_help=True)

app.command()(demo.demo)
app.command()(server.serve)
app.command()(store.migrate)
app.command()(configuration.config)
app.add_typer(imports, name="import")
imports.command("subscribers")(subscribers.import_subscribers)
app.add_typer(exports, name="export")
exports.command("subscribers")(subscribers.export_subscribers)
app.command()(explain.explain)
app.command()(compose.compose)
app.command()(document.encode)
app.command()(document.decode)
app.add_typer(simulate, name="simulate")
simulate.command()(simulation.smsc)
simulate.command()(simulation.handsets)
app.command()(version.version)


def main() -> None:
    """Run the command that the arguments name; what is logged goes to stderr, so that output stays output."""
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    app()


if __name__ == "__main__":
    main()
