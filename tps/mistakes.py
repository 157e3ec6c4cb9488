"""What msgspec says of a value that does not fit its type, in the words of the house: the field, the rule, the fix.

The rule is read from the type at the place that msgspec names, so that what is accepted and what is told of it are one.
"""

import difflib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec
from msgspec import inspect
from msgspec.inspect import Type

_SHOWN_MAX = 300
"""Characters of a rule that are shown: it may repeat what was sent."""
_NAME_MAX = 64
_TEXT = re.compile(r"(?P<said>.*?)(?: - at `(?P<key>key` in `)?\$\.?(?P<path>[^`]*)`)?", re.DOTALL)
_STEP = re.compile(r"[^.\[\]]+|\.\.\.")
_UNKNOWN = re.compile(r"Object contains unknown field `(.*?)`?", re.DOTALL)
_MISSING = re.compile(r"Object missing required field `(.*)`", re.DOTALL)
_GOT = re.compile(r".*, got `(?P<kind>\w+)`|Invalid (?:enum )?value (?P<value>.*)", re.DOTALL)
_LEADING_FIELD = re.compile(r"([a-z_]+(?:\.[a-z_]+)*): (.*)", re.DOTALL)
_KINDS = {
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "array": "a list",
    "object": "an object",
    "datetime": "a date and time without quotes",
}
"""msgspec's names for what came."""
_ANY, _KEY = "...", "key"


class Mistake(NamedTuple):
    """One thing to mend."""

    field: str
    """Where it is, such as settings.proxies[0].id; empty for the whole."""
    rule: str
    """The rule and the fix."""


def mistake_in(error: msgspec.ValidationError, type_: Any) -> Mistake:  # noqa: ANN401 - any type msgspec reads
    """What is wrong with a value that was to be of this type."""
    text = str(error)
    found = _TEXT.fullmatch(text)
    assert found is not None
    said, path = found["said"], found["path"] or ""
    steps = _STEP.findall(path) + ([_KEY] if found["key"] else [])
    path = path.replace(f"[{_ANY}]", "")
    if error.__cause__ is not None:
        return _of_check(str(error.__cause__), path)
    unknown = _UNKNOWN.fullmatch(said)
    if unknown is not None:
        names = [name for node in _at(type_, steps) for name in _fields_of(node)]
        return Mistake(_joined(path, unknown[1][:_NAME_MAX]), _no_such(unknown[1], names))
    missing = _MISSING.fullmatch(said)
    if missing is not None:
        return Mistake(_joined(path, missing[1]), f"required: {_expected(_at(type_, [*steps, missing[1]]))}")
    return Mistake(path, _expected(_at(type_, steps)) + _got(said))


def _of_check(text: str, path: str) -> Mistake:
    """What a `__post_init__` said; it names fields of its own structure."""
    rule = text if len(text) <= _SHOWN_MAX else f"{text[:_SHOWN_MAX]}..."
    leading = _LEADING_FIELD.fullmatch(rule)
    return Mistake(path, rule) if leading is None else Mistake(_joined(path, leading[1]), leading[2])


def _no_such(unknown: str, names: list[str]) -> str:
    near = difflib.get_close_matches(unknown[:_NAME_MAX], names, n=1)
    if near:
        return f"no such field; did you mean {near[0]}?"
    return f"no such field; known are {', '.join(names)}" if names else "no such field; leave it out"


def _got(said: str) -> str:
    got = _GOT.fullmatch(said)
    if got is None:  # the type fits, the value does not, and msgspec does not repeat it
        return ""
    return f"; got {got['value'][:_NAME_MAX] if got['value'] else _KINDS.get(got['kind'], got['kind'])}"


def _joined(path: str, field: str) -> str:
    return f"{path}.{field}" if path else field


# The type at a place


@lru_cache
def _described(type_: Any) -> Type:  # noqa: ANN401
    return inspect.type_info(type_)


def _at(type_: Any, steps: Iterable[str]) -> list[Type]:  # noqa: ANN401
    """The types that may stand at that place; none where the place is made up by who sent the name of a field."""
    nodes = list(_choices(_described(type_)))
    for step in steps:
        nodes = [choice for node in nodes for inner in _inner(node, step) for choice in _choices(inner)]
    return nodes


def _choices(node: Type) -> Iterator[Type]:
    """Without null, which is what leaving it out says."""
    match node:
        case inspect.Metadata():
            yield from _choices(node.type)
        case inspect.UnionType():
            for choice in node.types:
                yield from _choices(choice)
        case inspect.NoneType():
            return
        case _:
            yield node


def _inner(node: Type, step: str) -> Iterator[Type]:
    match node:
        case inspect.StructType():
            yield from (field.type for field in node.fields if field.encode_name == step)
            if step == node.tag_field:
                yield inspect.LiteralType((node.tag,))
        case inspect.DictType():
            yield node.key_type if step == _KEY else node.value_type
        case inspect.ListType() | inspect.VarTupleType():
            yield node.item_type


def _fields_of(node: Type) -> Iterator[str]:
    if isinstance(node, inspect.StructType):
        yield from (field.encode_name for field in node.fields)


# The rule of a type


def _expected(nodes: Iterable[Type]) -> str:
    """All values that are allowed, and the kinds of the others."""
    nodes = list(nodes)
    values = [value for node in nodes for value in _values_of(node)]
    kinds = list(dict.fromkeys(RULES[type(node)](node) for node in nodes if type(node) in RULES))
    if values:
        kinds.insert(0, values[0] if len(values) == 1 else f"one of {', '.join(values)}")
    return f"{' or '.join(kinds)} expected"


def _values_of(node: Type) -> Iterator[str]:
    if isinstance(node, inspect.LiteralType):
        yield from map(str, node.values)
    elif isinstance(node, inspect.EnumType):
        yield from (str(member.value) for member in node.cls)


def _number(node: Any) -> str:  # noqa: ANN401
    word = "a whole number" if isinstance(node, inspect.IntType) else "a number"
    return word + _span(node.ge, node.le, "")


def _text(node: Any) -> str:  # noqa: ANN401
    form = "" if node.pattern is None else f" of the form {node.pattern}"
    return "text" + _span(node.min_length, node.max_length, " characters") + form


def _list(node: Any) -> str:  # noqa: ANN401
    return "a list" + _span(node.min_length or None, node.max_length, " values")


def _span(low: float | None, high: float | None, unit: str) -> str:
    if low is None:
        return "" if high is None else f" of at most {high}{unit}"
    return f" of at least {low}{unit}" if high is None else f" of {low} to {high}{unit}"


RULES: Mapping[type[Type], Callable[[Any], str]] = {
    inspect.BoolType: lambda _: "true or false",
    inspect.IntType: _number,
    inspect.FloatType: _number,
    inspect.StrType: _text,
    inspect.DateTimeType: lambda _: "a time with its zone such as 2026-03-01T12:00:00Z",
    inspect.ListType: _list,
    inspect.VarTupleType: _list,
    inspect.DictType: lambda _: "an object",
    inspect.StructType: lambda _: "an object",
}
"""What is told of each kind of type, besides those that list their values."""
