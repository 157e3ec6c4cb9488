"""What a check of a provisioning document found, and the places of a document that findings name."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from encoders.client_provisioning_document import Characteristic, Parm


class Severity(Enum):
    """How bad a finding is."""

    ERROR = "error"
    """Against the standard, or refused by handsets: do not send."""
    WARNING = "warning"
    """Allowed, but some handsets drop, cut or misread it."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding: where, and which rule with its fix."""

    severity: Severity
    path: str
    """Types with their 1-based number among their like, then a parm: `NAPDEF[1]/NAP-ADDRTYPE`."""
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}"


def error(path: str, message: str) -> Finding:
    """A finding that forbids sending."""
    return Finding(Severity.ERROR, path, message)


def warning(path: str, message: str) -> Finding:
    """A finding to know about."""
    return Finding(Severity.WARNING, path, message)


@dataclass(frozen=True, slots=True)
class Block:
    """A characteristic with its place in the document."""

    path: str
    characteristic: Characteristic

    @property
    def type(self) -> str:
        """Type of the characteristic."""
        return self.characteristic.type

    def parms(self) -> Iterator[tuple[str, Parm]]:
        """Each parm with its path; those that come again are numbered."""
        parms = [item for item in self.characteristic.items if isinstance(item, Parm)]
        often = {name for name, count in Counter(parm.name for parm in parms).items() if count > 1}
        number: Counter[str] = Counter()
        for parm in parms:
            number[parm.name] += 1
            suffix = f"[{number[parm.name]}]" if parm.name in often else ""
            yield f"{self.path}/{parm.name}{suffix}", parm

    def parms_named(self, name: str) -> list[tuple[str, Parm]]:
        """Path and parm of all with this name."""
        return [(path, parm) for path, parm in self.parms() if parm.name == name]

    def value(self, name: str) -> str | None:
        """Value of the first parm with this name; None without one, or for a flag."""
        return next((parm.value for _, parm in self.parms_named(name)), None)

    def blocks(self) -> list["Block"]:
        """The characteristics below, in order."""
        return blocks(self.characteristic.items, f"{self.path}/")


def blocks(items: Sequence[Parm | Characteristic], prefix: str = "") -> list[Block]:
    """The characteristics among `items`, each with its path."""
    number: Counter[str] = Counter()
    found = []
    for item in items:
        if isinstance(item, Characteristic):
            number[item.type] += 1
            found.append(Block(f"{prefix}{item.type}[{number[item.type]}]", item))
    return found
