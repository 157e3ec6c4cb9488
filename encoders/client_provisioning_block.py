"""One characteristic while it is being filled from the neutral settings."""

import re
from collections.abc import Iterable, Sequence
from ipaddress import ip_address

from encoders import template
from encoders.client_provisioning import Characteristic, Parm
from encoders.errors import EncodeError
from encoders.settings_part import ExtraParm
from encoders.settings_proxy import Port

_NO_CHARACTERS = "\x00-\x1f\ud800-\udfff\ufffe\uffff"
_NOT_TEXT = re.compile(f"[{_NO_CHARACTERS}]")
"""Not characters of XML 1.0 (clause 2.2), or white space that XML turns into blanks inside an attribute value."""

_NOT_PLAIN = re.compile(f"[{_NO_CHARACTERS}{{}}]")
"""What makes a text worth a closer look: the same, and braces."""

_NOT_URI = re.compile(r"[\s<>\"\x7f]")
"""What no URI may hold (RFC 3986 clause 2), nor what handsets take in its place: hosts, paths, database names."""


class Block:
    """A characteristic being filled; every refusal leads with the field of the settings it comes from."""

    __slots__ = ("_items", "_type", "path")

    def __init__(self, type_: str, path: str) -> None:
        self._type = type_
        self._items: list[Parm | Characteristic] = []
        self.path = path

    def text(self, name: str, field: str, value: str | None) -> None:
        """Add a parm, unless `value` is None."""
        if value is not None:
            if _NOT_PLAIN.search(value):  # hardly any: the rest is spared even the name of its field
                verify_text(f"{self.path}.{field}" if self.path else field, value)
            self._items.append(Parm(name, value))

    def uri(self, name: str, field: str, value: str | None) -> None:
        """Add a parm whose value is a URI, or what handsets take in its place, unless `value` is None."""
        if value is not None and (found := _NOT_URI.search(value)):
            raise EncodeError(f"{self.path}.{field}: {found[0]!r} cannot stand in an address; take it out or escape it")
        self.text(name, field, value)

    def texts(self, name: str, field: str, values: Iterable[str]) -> None:
        """Add one parm for each value."""
        for index, value in enumerate(values):
            self.text(name, f"{field}[{index}]", value)

    def word(self, name: str, value: str | int | None) -> None:
        """Add a parm whose value is a word of the standard or a number, unless it is None."""
        if value is not None:
            self._items.append(Parm(name, str(value)))

    def switch(self, name: str, on: bool | None) -> None:
        """Add "1" or "0", unless `on` is None."""
        if on is not None:
            self._items.append(Parm(name, "1" if on else "0"))

    def flag(self, name: str, on: bool) -> None:
        """Add a parm without value when `on`."""
        if on:
            self._items.append(Parm(name, None))

    def extras(self, parms: Sequence[ExtraParm], reserved: frozenset[str] = frozenset()) -> None:
        """Add free parms, also repeated ones; one with a field of its own (`reserved`, or here already) is refused."""
        if not parms:
            return
        taken = reserved | {item.name for item in self._items if isinstance(item, Parm)}
        for index, parm in enumerate(parms):
            place = f"parms[{index}]"
            if parm.name in taken:
                raise EncodeError(f"{self.path}.{place}.name: {parm.name!r} has a field of its own; use that")
            verify_text(f"{self.path}.{place}.name", parm.name)
            if parm.value is None:
                self.flag(parm.name, on=True)
            else:
                self.text(parm.name, f"{place}.value", parm.value)

    def place(self, block: "Block") -> None:
        """Add a characteristic."""
        self._items.append(block.characteristic())

    def characteristic(self) -> Characteristic:
        """What has been filled in so far."""
        return Characteristic(self._type, tuple(self._items))


def verify_text(path: str, value: str) -> None:
    """Raise `EncodeError` for characters that cannot be sent and for braces that are no placeholder."""
    verify_characters(path, value)
    try:
        template.placeholders(value)
    except EncodeError as error:
        raise EncodeError(f"{path}: {error}") from error


def verify_characters(path: str, value: str) -> None:
    """Raise `EncodeError` for characters that cannot be sent."""
    if found := _NOT_TEXT.search(value):
        raise EncodeError(f"{path}: character U+{ord(found[0]):04X} cannot be sent; take it out")


def port_block(port: Port, path: str) -> Block:
    """PORT of a PXLOGICAL, PXPHYSICAL or APPADDR."""
    block = Block("PORT", path)
    block.word("PORTNBR", port.number)
    block.texts("SERVICE", "services", port.services)
    return block


def address_type(path: str, address: str, given: str | None) -> str | None:
    """`given` once it is known to fit `address`; with none given IPV4 or IPV6 as the address is written, or None."""
    written = _ip_type(address)
    if given is None:
        return written
    if given in {"IPV4", "IPV6"} and given != written:
        raise EncodeError(f"{path}: {address!r} is not an {given} address; a host name is of the type ALPHA")
    return given


def verify_ip(path: str, address: str) -> None:
    """Raise `EncodeError` when `address` is not an IP address."""
    if _ip_type(address) is None:
        raise EncodeError(f"{path}: {address!r} is not an IP address")


def _ip_type(address: str) -> str | None:
    if ":" not in address and not address[-1:].isdigit():  # as most host names: saves trying both forms
        return None
    try:
        return f"IPV{ip_address(address).version}"
    except ValueError:
        return None
