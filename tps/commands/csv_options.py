"""What the commands that read CSV files are told of their form."""

from typing import Annotated

import typer

from tps.commands.terminal import BadInputError


def _one_character(delimiter: str) -> str:
    if len(delimiter) != 1 or delimiter in '"\r\n':
        raise BadInputError(
            "--delimiter: one character expected, no quote and no line end, such as ';' or $'\\t' for a tab"
        )
    return delimiter


Delimiter = Annotated[str, typer.Option(callback=_one_character, help="What separates the cells of a CSV file.")]
