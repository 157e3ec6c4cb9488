"""`serve`: the server itself."""

import typer

from tps import config as configuration
from tps import server
from tps.commands import event_loop, store
from tps.watch import logs


def serve(config: store.ConfigFile = None) -> None:
    """Run the server until SIGTERM or SIGINT (Ctrl-C); it then finishes what is on its way.

    Example: tps serve --config tps.toml
    """
    logs.configure()
    event_loop.run(server.serve(configuration.load(config), _announce))


def _announce(running: server.Running) -> None:
    typer.echo(f"The HTTP API is at {running.address}")
    if running.set_up_token is not None:
        typer.echo(
            "This store is new. Make the first API key with this one-time set-up token:\n"
            f"  curl -X POST {running.address}/v1/keys -H 'Authorization: Bearer {running.set_up_token}' "
            "-H 'Content-Type: application/json' -d '{\"name\": \"admin\"}'"
        )
