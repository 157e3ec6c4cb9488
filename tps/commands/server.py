"""`serve`: the server itself."""

from tps import app
from tps import config as configuration
from tps.commands import event_loop, store


def serve(config: store.ConfigFile = None) -> None:
    """Run the server until SIGTERM or SIGINT (Ctrl-C); it then finishes what is on its way.

    Example: tps serve --config tps.toml
    """
    event_loop.run(app.serve(configuration.load(config)))
