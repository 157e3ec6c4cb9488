"""What msgspec says, in the words of the house: for every type that the configuration and the API read."""

import json
from collections.abc import Iterator
from datetime import datetime
from enum import Enum
from typing import Annotated, Any, Literal

import msgspec
import pytest
from msgspec import Meta, inspect

from tps.config import Config
from tps.decisions.policy import DeliveryPolicy
from tps.mistakes import RULES, Mistake, mistake_in
from tps.web.routes import OPERATIONS

READ = {
    type_.__name__: type_
    for type_ in (Config, DeliveryPolicy, *(type_ for each in OPERATIONS for type_ in (each.body, each.query)))
    if type_ is not None
}
SAID_OF = {
    "IntType": {"ge", "le"},
    "FloatType": {"ge", "le"},
    "StrType": {"min_length", "max_length", "pattern"},
    "DateTimeType": {"tz"},
    "ListType": {"min_length", "max_length"},
    "VarTupleType": {"min_length", "max_length"},
}
"""Rules of each type that are told; a type with another one would be told by half."""


class Colour(Enum):
    RED = "red"
    GREEN = "green"


class Small(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    id: str
    port: Annotated[int, Meta(ge=1, le=9)] | None = None

    def __post_init__(self) -> None:
        if self.port == 3:
            raise ValueError("port: 3 is another's")
        if self.id == "-" * 400:
            raise ValueError(self.id)


class Circle(msgspec.Struct, tag="circle", tag_field="kind", forbid_unknown_fields=True):
    radius: float = 1


class Square(msgspec.Struct, tag="square", tag_field="kind", forbid_unknown_fields=True):
    side: float = 1


class Whole(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    small: Small | None = None
    smalls: tuple[Small, ...] = ()
    shape: Circle | Square | None = None
    colour: Colour | None = None
    word: Literal["yes", "no"] | None = None
    only: Literal["this"] = "this"
    on: bool = False
    count: Annotated[int, Meta(ge=1)] = 1
    most: Annotated[int, Meta(le=9)] = 1
    share: Annotated[float, Meta(ge=0, le=1)] | None = None
    name: Annotated[str, Meta(min_length=2, max_length=4)] | None = None
    note: Annotated[str, Meta(max_length=4)] | None = None
    code: Annotated[str, Meta(pattern="^[a-z]+$")] | None = None
    at: Annotated[Annotated[datetime, Meta(tz=True)] | None, Meta(description="When")] = None
    words: list[str] | None = None
    some: Annotated[tuple[int, ...], Meta(min_length=1)] = (1,)
    values: dict[Annotated[str, Meta(max_length=2)], int] | None = None
    text_or_number: str | int | None = None


A_TIME = "a time with its zone such as 2026-03-01T12:00:00Z expected"


@pytest.mark.parametrize(
    ("given", "field", "rule"),
    [
        (1, "", "an object expected; got a whole number"),
        ({"on": "yes"}, "on", "true or false expected; got text"),
        ({"on": None}, "on", "true or false expected; got null"),
        ({"count": "1"}, "count", "a whole number of at least 1 expected; got text"),
        ({"count": 1.5}, "count", "a whole number of at least 1 expected; got a number"),
        ({"count": 0}, "count", "a whole number of at least 1 expected"),
        ({"most": 10}, "most", "a whole number of at most 9 expected"),
        ({"small": {"id": "", "port": 10}}, "small.port", "a whole number of 1 to 9 expected"),
        ({"share": 1.5}, "share", "a number of 0 to 1 expected"),
        ({"share": []}, "share", "a number of 0 to 1 expected; got a list"),
        ({"name": "x"}, "name", "text of 2 to 4 characters expected"),
        ({"name": True}, "name", "text of 2 to 4 characters expected; got true or false"),
        ({"note": "xxxxx"}, "note", "text of at most 4 characters expected"),
        ({"code": "7"}, "code", "text of the form ^[a-z]+$ expected"),
        ({"at": "yesterday"}, "at", A_TIME),
        ({"at": "2026-03-01T12:00:00"}, "at", A_TIME),
        ({"at": 7}, "at", f"{A_TIME}; got a whole number"),
        ({"colour": "blue"}, "colour", "one of red, green expected; got 'blue'"),
        ({"colour": 7}, "colour", "one of red, green expected; got a whole number"),
        ({"word": "` - at `$.on`"}, "word", "one of no, yes expected; got '` - at `$.on`'"),
        ({"only": "that"}, "only", "this expected; got 'that'"),
        ({"words": {}}, "words", "a list expected; got an object"),
        ({"words": ["", 1]}, "words[1]", "text expected; got a whole number"),
        ({"some": []}, "some", "a list of at least 1 values expected"),
        ({"values": {"a": ""}}, "values", "a whole number expected; got text"),
        ({"values": {"abc": 1}}, "values", "text of at most 2 characters expected"),
        ({"values": []}, "values", "an object expected; got a list"),
        ({"text_or_number": []}, "text_or_number", "text or a whole number expected; got a list"),
        ({"small": {}}, "small.id", "required: text expected"),
        ({"smalls": [{"id": "a", "prot": 1}]}, "smalls[0].prot", "no such field; did you mean port?"),
        ({"smalls": [{"id": "a", "x": 1}]}, "smalls[0].x", "no such field; known are id, port"),
        ({"small": {"id": "a", "port": 3}}, "small.port", "3 is another's"),
        ({"small": {"id": "-" * 400}}, "small", "-" * 300 + "..."),
        ({"shape": {"kind": "line"}}, "shape.kind", "one of circle, square expected; got 'line'"),
        ({"shape": {"kind": 1}}, "shape.kind", "one of circle, square expected"),
        ({"shape": {}}, "shape.kind", "required: one of circle, square expected"),
        ({"shape": {"kind": "circle", "radius": "1"}}, "shape.radius", "a number expected; got text"),
        ({"a` - at `$.none[3].x": 1}, "none[3].x.a", "no such field; leave it out"),
        ({"x" * 400: 1}, "x" * 64, f"no such field; known are {', '.join(Whole.__struct_fields__)}"),
    ],
)
def test_a_mistake_names_field_and_rule_as_its_type_has_them(given: Any, field: str, rule: str) -> None:
    with pytest.raises(msgspec.ValidationError) as refusal:
        msgspec.json.decode(json.dumps(given), type=Whole)
    assert mistake_in(refusal.value, Whole) == Mistake(field, rule)


def nodes_of(type_: inspect.Type, met: set[type]) -> Iterator[inspect.Type]:
    """That type and every one in it."""
    yield type_
    inner: list[Any] = [*getattr(type_, "types", ())]
    inner += [getattr(type_, name) for name in ("item_type", "key_type", "value_type", "type") if hasattr(type_, name)]
    if isinstance(type_, inspect.StructType) and type_.cls not in met:
        met.add(type_.cls)
        inner += [field.type for field in type_.fields]
    for each in inner:
        yield from nodes_of(each, met)


@pytest.mark.parametrize("type_", READ.values(), ids=READ)
def test_every_rule_of_the_types_in_use_is_told(type_: Any) -> None:
    listing = (inspect.EnumType, inspect.LiteralType)
    passed_through = (inspect.UnionType, inspect.NoneType, inspect.Metadata)
    for node in nodes_of(inspect.type_info(type_), set()):
        if isinstance(node, passed_through + listing):
            continue
        assert type(node) in RULES
        rules = ("gt", "ge", "lt", "le", "multiple_of", "min_length", "max_length", "pattern", "tz")
        told = SAID_OF.get(type(node).__name__, set())
        assert {rule for rule in rules if getattr(node, rule, None) not in (None, 0)} <= told
