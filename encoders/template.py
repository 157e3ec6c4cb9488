"""Text with places to fill: "{msisdn}" stands for a value of one subscriber, "{{" and "}}" for braces themselves."""

import re
from collections.abc import Mapping

from encoders.errors import EncodeError

_PIECES = re.compile(r"\{\{|\}\}|\{([a-z][a-z0-9_]*)\}|([{}])")
_BRACES = {"{{": "{", "}}": "}"}


def is_template(text: str) -> bool:
    """True when `fill` would look into `text`: it holds a brace."""
    return "{" in text or "}" in text


def is_placeholder(text: str) -> bool:
    """True when `text` is one placeholder and nothing else."""
    piece = _PIECES.fullmatch(text)
    return piece is not None and piece[1] is not None


def placeholders(text: str) -> frozenset[str]:
    """Names of the values that `text` asks for; `EncodeError` for a brace that is neither doubled nor around a name."""
    if not is_template(text):
        return frozenset()
    names = set()
    for piece in _PIECES.finditer(text):
        name, lone = piece.groups()
        if lone:
            raise _lone_brace(piece)
        if name:
            names.add(name)
    return frozenset(names)


def fill(text: str, values: Mapping[str, str]) -> str:
    """`text` with every placeholder replaced by its value; `EncodeError` names a value that is missing."""
    if not is_template(text):
        return text

    def filled(piece: re.Match[str]) -> str:
        name, lone = piece.groups()
        if lone:
            raise _lone_brace(piece)
        if not name:
            return _BRACES[piece[0]]
        if name not in values:
            raise EncodeError(f"no value for {piece[0]}")
        return values[name]

    return _PIECES.sub(filled, text)


def _lone_brace(piece: re.Match[str]) -> EncodeError:
    brace = piece[0]
    return EncodeError(
        f"lone {brace!r} at character {piece.start() + 1}: write {brace * 2!r} for the brace itself, "
        "or '{name}' (a-z, 0-9, _) for a value to fill in"
    )
