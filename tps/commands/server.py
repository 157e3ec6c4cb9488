"""`serve`: the server itself."""

import errno

import typer

from tps import config as configuration
from tps import server
from tps.commands import event_loop, store
from tps.commands.terminal import BadInputError
from tps.errors import StoreDamagedError
from tps.watch import logs

CANNOT_LISTEN = frozenset({errno.EADDRINUSE, errno.EADDRNOTAVAIL, errno.EACCES})


def serve(config: store.ConfigFile = None) -> None:
    """Run the server until SIGTERM or SIGINT (Ctrl-C); it then finishes what is on its way.

    Example: tps serve --config tps.toml
    """
    logs.configure()
    running = configuration.load(config)
    try:
        event_loop.run(server.serve(running, _announce))
    except ExceptionGroup as errors:
        damage = _damage(errors)
        if damage is not None:
            raise damage from errors
        taken = errors.subgroup(lambda error: isinstance(error, OSError) and error.errno in CANNOT_LISTEN)
        if taken is None:
            raise
        where = f"{running.http.host}:{running.http.port}"
        raise BadInputError(f"http.port: cannot listen on {where}: it is taken, or not this machine's") from errors


def _damage(errors: ExceptionGroup[Exception]) -> StoreDamagedError | None:
    """What was found at the store, by whichever part of the server came across it first."""
    found: Exception | None = errors.subgroup(StoreDamagedError)
    while isinstance(found, ExceptionGroup):
        found = found.exceptions[0]
    return found if isinstance(found, StoreDamagedError) else None


def _announce(running: server.Running) -> None:
    typer.echo(f"The HTTP API is at {running.address}")
    if running.set_up_token is not None:
        typer.echo(
            "Nobody has an API key yet. Make the first one with this one-time set-up token:\n"
            f"  curl -X POST {running.address}/v1/keys -H 'Authorization: Bearer {running.set_up_token}' "
            "-H 'Content-Type: application/json' -d '{\"name\": \"admin\"}'"
        )
