"""What every part of the neutral settings is: frozen, no unknown fields, defaults left out, secrets not shown."""

from functools import cache
from typing import Annotated, Any, TypeVar, get_args, get_type_hints

import msgspec
from msgspec import Meta

from encoders import template

MASK = "***"
"""Stands where a secret was."""

Text = Annotated[str, Meta(min_length=1, max_length=255)]
Url = Annotated[str, Meta(min_length=1, max_length=2048)]
Identifier = Annotated[
    str,
    Meta(min_length=1, max_length=255, description="Name by which other parts refer to this one; shown to nobody"),
]
ParmName = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=255,
        pattern="^[!-z|~]+$",
        description="Name of the parameter as its vendor writes it: printable ASCII, no spaces and no braces",
    ),
]
UserName = Annotated[str, Meta(max_length=255)]
"""May be empty: some networks want PAP with an empty name."""
CountryCode = Annotated[str, Meta(pattern="^[0-9]{3}$", examples=["244"])]
Secret = Annotated[
    str,
    Meta(max_length=255, extra={"secret": True}, extra_json_schema={"format": "password"}),
]
"""Text that is left out of every view and log; `masked` and `repr` hide it."""
Uint32 = Annotated[int, Meta(ge=0, le=0xFFFF_FFFF)]
PortNumber = Annotated[int, Meta(ge=1, le=65535, description="TCP or UDP port, 1 to 65535", examples=[8080, 9201])]


class Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One part of the settings. Defaults are None, False, () or one word, so that leaving them out is canonical."""

    def hidden_fields(self) -> frozenset[str]:
        """Names of the fields of this part that hold secrets."""
        return _secret_fields(type(self))

    def __repr__(self) -> str:
        """Like every struct's, with what is not given left out and the secrets masked."""
        hidden = self.hidden_fields()
        shown = (
            f"{name}={_hidden(value) if name in hidden else value!r}"
            for name, value in msgspec.structs.asdict(self).items()
            if value is not None and value != ()
        )
        return f"{type(self).__name__}({', '.join(shown)})"


AnyPart = TypeVar("AnyPart", bound=Part)


class ExtraParm(Part, frozen=True, kw_only=True):
    """A parameter this model has no field for, sent as it is."""

    name: ParmName
    value: Annotated[
        str | None,
        Meta(description="Text to send; leave out for a parameter whose presence alone is the value"),
    ] = None
    secret: Annotated[bool, Meta(description="True hides the value in every view and log")] = False

    def hidden_fields(self) -> frozenset[str]:
        """The value, when it is marked as a secret."""
        return frozenset({"value"}) if self.secret else frozenset()


ExtraParms = Annotated[tuple[ExtraParm, ...], Meta(description="Parameters, in this order")]


def masked(part: AnyPart) -> AnyPart:
    """`part` as anyone may see it: each secret replaced by `MASK`, except one that is nothing but a placeholder."""
    hidden = part.hidden_fields()
    changes: dict[str, object] = {}
    for name in part.__struct_fields__:
        value = getattr(part, name)
        if name in hidden:
            changes[name] = _hidden(value)
        elif isinstance(value, Part):
            changes[name] = masked(value)
        elif isinstance(value, tuple):
            changes[name] = tuple(masked(item) if isinstance(item, Part) else item for item in value)
    return msgspec.structs.replace(part, **changes)


def _hidden(secret: str | None) -> str | None:
    return secret if not secret or template.is_placeholder(secret) else MASK


@cache
def _secret_fields(part: type[Part]) -> frozenset[str]:
    hints = get_type_hints(part, include_extras=True)
    return frozenset(name for name, hint in hints.items() if _is_secret(hint))


def _is_secret(hint: Any) -> bool:  # noqa: ANN401 - a type hint has no narrower type
    return any((isinstance(part, Meta) and bool(part.extra)) or _is_secret(part) for part in get_args(hint))
