"""The values a `wap-provisioningdoc` is made of (OMA ProvCont 1.1): a tree of characteristics and parms, order kept."""

import msgspec

ROOT = "wap-provisioningdoc"
CHARACTERISTIC = "characteristic"
PARM = "parm"

MAX_NESTED_CHARACTERISTICS = 16
"""Characteristics inside one another; the deepest of the standard, PORT in PXPHYSICAL in PXLOGICAL, is the third."""


class Parm(msgspec.Struct, frozen=True):
    """One parameter; `value` None is a flag, written without value attribute."""

    name: str
    value: str | None


class Characteristic(msgspec.Struct, frozen=True):
    """A group of parameters and further groups."""

    type: str
    items: "tuple[Parm | Characteristic, ...]"


class Document(msgspec.Struct, frozen=True):
    """A whole provisioning document; `version` is "1.0", "1.1" or left out."""

    items: tuple[Characteristic, ...]
    version: str | None = None
