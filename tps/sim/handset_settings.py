"""The settings that a handset holds: what it installed, and that as access points, proxies and applications."""

from dataclasses import dataclass
from typing import TypeAlias

from tps.sim.handset_rules import IDENTITIES
from tps.sim.handset_wbxml import Characteristic, Parm

Plain: TypeAlias = "tuple[str, str | tuple[Plain, ...] | None]"
"""(name, value) of a parameter, or (type, items) of a characteristic."""


@dataclass(frozen=True, slots=True)
class Address:
    """A host or URL, and the ports given with it."""

    address: str
    ports: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.address}:{'/'.join(self.ports)}" if self.ports else self.address


@dataclass(frozen=True, slots=True)
class Credential:
    """Who the handset says it is; the secret stays in the installed document and is never shown."""

    user: str
    method: str
    level: str = ""


@dataclass(frozen=True, slots=True)
class AccessPoint:
    """A NAPDEF (OMA ProvCont clause 4.4)."""

    napid: str
    name: str
    address: str
    address_type: str
    bearers: tuple[str, ...]
    is_internet: bool
    credentials: tuple[Credential, ...]
    dns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Proxy:
    """A PXLOGICAL (clause 4.2)."""

    proxy_id: str
    name: str
    start_page: str
    addresses: tuple[Address, ...]
    access_points: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Resource:
    """A page, bookmark or database of an application (clause 4.10)."""

    uri: str
    name: str
    is_start_page: bool


@dataclass(frozen=True, slots=True)
class Application:
    """An APPLICATION (clause 4.8); `parms` are those that only this application knows."""

    appid: str
    name: str
    provider_id: str
    addresses: tuple[Address, ...]
    proxies: tuple[str, ...]
    access_points: tuple[str, ...]
    credentials: tuple[Credential, ...]
    resources: tuple[Resource, ...]
    parms: tuple[tuple[str, str], ...]


class Settings:
    """Everything installed on one handset; a characteristic with the same identity takes the place of the old one."""

    __slots__ = ("_installed",)

    def __init__(self) -> None:
        self._installed: dict[tuple[str, ...], Characteristic] = {}

    def install(self, groups: list[Characteristic]) -> bool:
        """Keep these; False when every one was there already, just the same."""
        before = dict(self._installed)
        seen: dict[tuple[str, ...], int] = {}
        for group in groups:
            identity = _identity(group)
            # Two of the same identity in one document are two things; only the next document replaces them.
            seen[identity] = seen.get(identity, 0) + 1
            self._installed[(*identity, str(seen[identity]))] = group
        return self._installed != before

    def plain(self) -> tuple[Plain, ...]:
        """All that is installed, as nested tuples in the order of installation."""
        return tuple(map(_plain, self._installed.values()))

    @property
    def access_points(self) -> dict[str, AccessPoint]:
        """By NAPID."""
        return {point.napid: point for point in map(_access_point, self._of_type("NAPDEF"))}

    @property
    def proxies(self) -> dict[str, Proxy]:
        """By PROXY-ID."""
        return {proxy.proxy_id: proxy for proxy in map(_proxy, self._of_type("PXLOGICAL"))}

    @property
    def applications(self) -> tuple[Application, ...]:
        """In the order of installation."""
        return tuple(map(_application, self._of_type("APPLICATION")))

    def _of_type(self, name: str) -> list[Characteristic]:
        return [group for group in self._installed.values() if group.type == name]


def _identity(group: Characteristic) -> tuple[str, ...]:
    named = group.value(IDENTITIES.get(group.type, "NAME")) or ""
    return (group.type, named, group.value("PROVIDER-ID") or "")


def _plain(item: Parm | Characteristic) -> Plain:
    if isinstance(item, Parm):
        return (item.name, item.value)
    return (item.type, tuple(map(_plain, item.items)))


def _credential(group: Characteristic, prefix: str) -> Credential:
    user, method = group.value(f"{prefix}NAME"), group.value(f"{prefix}TYPE")
    return Credential(user or "", method or "", group.value(f"{prefix}LEVEL") or "")


def _ports(*groups: Characteristic) -> tuple[str, ...]:
    return tuple(number for group in groups for port in group.of_type("PORT") for number in port.values("PORTNBR"))


def _access_point(group: Characteristic) -> AccessPoint:
    return AccessPoint(
        napid=group.value("NAPID") or "",
        name=group.value("NAME") or "",
        address=group.value("NAP-ADDRESS") or "",
        address_type=group.value("NAP-ADDRTYPE") or "",
        bearers=group.values("BEARER"),
        is_internet=group.value("INTERNET") is not None,
        credentials=tuple(_credential(info, "AUTH") for info in group.of_type("NAPAUTHINFO")),
        dns=group.values("DNS-ADDR"),
    )


def _proxy(group: Characteristic) -> Proxy:
    physical = group.of_type("PXPHYSICAL")
    return Proxy(
        proxy_id=group.value("PROXY-ID") or "",
        name=group.value("NAME") or "",
        start_page=group.value("STARTPAGE") or "",
        # The ports of a PXPHYSICAL override those of its PXLOGICAL.
        addresses=tuple(Address(each.value("PXADDR") or "", _ports(each) or _ports(group)) for each in physical),
        access_points=tuple(dict.fromkeys(napid for each in physical for napid in each.values("TO-NAPID"))),
    )


_APPLICATION_PARMS = frozenset(("APPID", "NAME", "PROVIDER-ID", "ADDR", "TO-PROXY", "TO-NAPID"))


def _application(group: Characteristic) -> Application:
    addresses = [Address(address) for address in group.values("ADDR")]
    addresses += [Address(each.value("ADDR") or "", _ports(each)) for each in group.of_type("APPADDR")]
    return Application(
        appid=group.value("APPID") or "",
        name=group.value("NAME") or "",
        provider_id=group.value("PROVIDER-ID") or "",
        addresses=tuple(addresses),
        proxies=group.values("TO-PROXY"),
        access_points=group.values("TO-NAPID"),
        credentials=tuple(_credential(info, "AAUTH") for info in group.of_type("APPAUTH")),
        resources=tuple(
            Resource(each.value("URI") or "", each.value("NAME") or "", each.value("STARTPAGE") is not None)
            for each in group.of_type("RESOURCE")
        ),
        parms=tuple((parm.name, parm.value or "") for parm in group.parms if parm.name not in _APPLICATION_PARMS),
    )
