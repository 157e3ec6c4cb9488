"""The values a `wap-provisioningdoc` is made of (OMA ProvCont 1.1): a tree of characteristics and parms, order kept."""

from dataclasses import dataclass

ROOT = "wap-provisioningdoc"
CHARACTERISTIC = "characteristic"
PARM = "parm"

MAX_NESTED_CHARACTERISTICS = 16
"""Characteristics inside one another; the deepest of the standard, PORT in PXPHYSICAL in PXLOGICAL, is the third."""


@dataclass(frozen=True, slots=True)
class Parm:
    """One parameter; `value` None is a flag, written without value attribute."""

    name: str
    value: str | None


@dataclass(frozen=True, slots=True)
class Characteristic:
    """A group of parameters and further groups."""

    type: str
    items: "tuple[Parm | Characteristic, ...]"


@dataclass(frozen=True, slots=True)
class Document:
    """A whole provisioning document; `version` is "1.0", "1.1" or left out."""

    items: tuple[Characteristic, ...]
    version: str | None = None
