"""Neutral settings with the values of one subscriber, for formats that are not filled in after they are encoded."""

from collections.abc import Callable, Iterator, Mapping

import msgspec

from encoders import template
from encoders.settings import Settings, checked
from encoders.settings_part import AnyPart, Part


def placeholders(settings: Settings) -> frozenset[str]:
    """Names of the values that `fill` needs; `EncodeError` for a brace that is neither doubled nor around a name."""
    return frozenset(name for text in _texts(settings) for name in template.placeholders(text))


def fill(settings: Settings, values: Mapping[str, str]) -> Settings:
    """The settings with every text filled in and within its limits; `EncodeError` names a missing value."""
    return checked(_mapped(settings, lambda text: template.fill(text, values)))


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, Part):
        yield from _texts(tuple(msgspec.structs.asdict(value).values()))


def _mapped(part: AnyPart, change: Callable[[str], str]) -> AnyPart:
    return msgspec.structs.replace(
        part, **{name: _changed(value, change) for name, value in msgspec.structs.asdict(part).items()}
    )


def _changed(value: object, change: Callable[[str], str]) -> object:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, tuple):
        return tuple([_changed(item, change) for item in value])
    return _mapped(value, change) if isinstance(value, Part) else value
