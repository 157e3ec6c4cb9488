"""`serve`: the server itself."""

from typing import TypeVar

import typer

from tps import config as configuration
from tps import server
from tps.commands import event_loop, store
from tps.delivery.node_lease import LeaseLostError
from tps.errors import RetryLaterError, StoreDamagedError
from tps.listener.process import ListenerEndedError
from tps.watch import logs

E = TypeVar("E", bound=Exception)


def serve(config: store.ConfigFile = None) -> None:
    """Run the server until SIGTERM or SIGINT (Ctrl-C); it then finishes what is on its way.

    Example: tps serve --config tps.toml
    """
    logs.configure()
    running = configuration.load(config)
    try:
        event_loop.run(server.serve(running, _announce))
    except ExceptionGroup as errors:
        damage = _first(errors, StoreDamagedError)
        if damage is not None:
            raise damage from errors
        wrong = _first(errors, configuration.ConfigError)
        if wrong is not None:
            raise wrong from errors
        ended = _first(errors, LeaseLostError) or _first(errors, ListenerEndedError)
        if ended is not None:
            raise RetryLaterError(str(ended)) from errors
        raise


def _first(errors: ExceptionGroup[Exception], kind: type[E]) -> E | None:
    """The error of this kind of whichever part of the server came across it first; None where there is none."""
    found: Exception | None = errors.subgroup(kind)
    while isinstance(found, ExceptionGroup):
        found = found.exceptions[0]
    return found if isinstance(found, kind) else None


def _announce(running: server.Running) -> None:
    typer.echo(f"The HTTP API is at {running.address}")
    if running.set_up_token is not None:
        typer.echo(
            "Nobody has an API key yet. Make the first one with this one-time set-up token:\n"
            f"  curl -X POST {running.address}/v1/keys -H 'Authorization: Bearer {running.set_up_token}' "
            "-H 'Content-Type: application/json' -d '{\"name\": \"admin\"}'"
        )
