"""Text with places to fill: "{msisdn}" stands for a value of one subscriber, "{{" and "}}" for braces themselves."""

import re
from collections.abc import Mapping
from functools import cache

from encoders.errors import EncodeError

_PIECES = re.compile(r"\{\{|\}\}|\{([a-z][a-z0-9_]*)\}|([{}])")
_BRACES = {"{{": "{", "}}": "}"}


@cache
def placeholder(name: str) -> str:
    """The text that stands for the value `name`."""
    return "{" + name + "}"


def is_template(text: str) -> bool:
    """True when `fill` would look into `text`: it holds a brace."""
    return "{" in text or "}" in text


def placeholders(text: str) -> frozenset[str]:
    """Names of the values that `text` asks for; `EncodeError` for a brace that is neither doubled nor around a name."""
    if not is_template(text):
        return frozenset()
    names = set()
    for piece in _PIECES.finditer(text):
        name, stray = piece.groups()
        if stray:
            raise EncodeError(
                f"lone {stray!r} at character {piece.start() + 1}: write {stray * 2!r} for the brace itself, "
                "or '{name}' (a-z, 0-9, _) for a value to fill in"
            )
        if name:
            names.add(name)
    return frozenset(names)


def fill(text: str, values: Mapping[str, str]) -> str:
    """`text` with every placeholder replaced by its value; `EncodeError` names a value that is missing."""
    if not is_template(text):
        return text

    def filled(piece: re.Match[str]) -> str:
        name, stray = piece.groups()
        if stray:
            raise EncodeError(
                f"lone {stray!r} at character {piece.start() + 1}: write {stray * 2!r} for the brace itself"
            )
        if not name:
            return _BRACES[piece[0]]
        if name not in values:
            raise EncodeError(f"no value for {placeholder(name)}")
        return values[name]

    return _PIECES.sub(filled, text)
