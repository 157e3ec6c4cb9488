"""`version`: which version this is."""

from importlib.metadata import version as installed_version

import typer

DISTRIBUTION = "trusted-provisioning-server"


def version() -> None:
    """Print the version.

    Example: tps version
    """
    typer.echo(f"tps {installed_version(DISTRIBUTION)}")
