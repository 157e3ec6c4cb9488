"""The command line: `tps COMMAND`, or `python -m tps COMMAND`."""

import sys

import structlog
import typer

from tps.commands.command_line import CommandLine

app = typer.Typer(
    name="tps",
    cls=CommandLine,
    help="Trusted provisioning server: the right settings on every handset, once, securely, with proof.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def tps() -> None:
    """Has no options of its own: see its commands."""


def main() -> None:
    """Run the command that the arguments name; what is logged goes to stderr, so that output stays output."""
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    app()


if __name__ == "__main__":
    main()
