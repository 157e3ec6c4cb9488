"""Who may speak, by the address they speak from."""

from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Generic, TypeVar

_KNOWN_MAX = 4096
"""Addresses of which the answer is kept; a prefix may hold millions."""
_Entry = TypeVar("_Entry")


def network(prefix: str) -> IPv4Network | IPv6Network:
    """An address, or a prefix such as 10.1.0.0/16; `ValueError` for anything else."""
    return ip_network(prefix)


class AddressBook(Generic[_Entry]):
    """Entries by prefix. Of the prefixes that hold an address the longest counts, with all of its entries."""

    def __init__(self, entries: Iterable[tuple[str, _Entry]]) -> None:
        by_network: dict[IPv4Network | IPv6Network, list[_Entry]] = {}
        for prefix, entry in entries:
            by_network.setdefault(network(prefix), []).append(entry)
        longest_first = sorted(by_network.items(), key=lambda item: item[0].prefixlen, reverse=True)
        self._by_network = [(prefix, tuple(found)) for prefix, found in longest_first]
        self._known: dict[str, tuple[_Entry, ...]] = {}

    def find(self, address: str) -> tuple[_Entry, ...]:
        """The entries for an address as a socket tells it; none for a stranger."""
        found = self._known.get(address)
        if found is None:
            found = self._look_up(address)
            if len(self._known) >= _KNOWN_MAX:
                self._known.clear()
            self._known[address] = found
        return found

    def _look_up(self, address: str) -> tuple[_Entry, ...]:
        place = ip_address(address)
        if isinstance(place, IPv6Address) and place.ipv4_mapped is not None:  # a socket of both families says so
            place = place.ipv4_mapped
        for prefix, entries in self._by_network:
            if place in prefix:
                return entries
        return ()
