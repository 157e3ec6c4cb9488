"""`config`: the values that the server would run with."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import typer

from tps import config as configuration
from tps.commands import store


def config(config_file: store.ConfigFile = None) -> None:
    """Print the configuration as TOML: the file, the environment and the defaults together, secrets masked.

    Example: tps config --config tps.toml
    """
    for line in as_toml(configuration.masked(configuration.load(config_file))):
        typer.echo(line)


def as_toml(values: Mapping[str, Any], table: str = "") -> Iterator[str]:
    """Lines of TOML: what holds values first, then the tables and the arrays of tables; None is a comment."""
    for name, value in values.items():
        if value is None:
            yield f"# {name} is not set"
        elif not isinstance(value, dict) and not _is_table_array(value):
            yield f"{name} = {json.dumps(value, ensure_ascii=False)}"
    for name, value in values.items():
        path = f"{table}.{name}" if table else name
        if isinstance(value, dict):
            yield from ("", f"[{path}]")
            yield from as_toml(value, path)
        elif _is_table_array(value):
            for item in value:
                yield from ("", f"[[{path}]]")
                yield from as_toml(item, path)


def _is_table_array(value: object) -> bool:
    return isinstance(value, list | tuple) and bool(value) and all(isinstance(item, dict) for item in value)
