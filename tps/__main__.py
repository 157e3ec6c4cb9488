"""The command line: `tps COMMAND`, or `python -m tps COMMAND`."""

import typer

from tps.commands import compose, document, explain, store
from tps.commands.terminal import CommandLine

app = typer.Typer(
    name="tps",
    cls=CommandLine,
    help="Trusted provisioning server: the right settings on every handset, once, securely, with proof.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command()(document.encode)
app.command()(document.decode)
app.command()(compose.compose)
app.command()(explain.explain)
app.command()(store.migrate)


def main() -> None:
    """Run the command that the arguments name."""
    app()


if __name__ == "__main__":
    main()
