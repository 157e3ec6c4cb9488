"""Which way an application of the neutral settings takes: for formats that know one way and no links between parts."""

from collections.abc import Iterator
from typing import NamedTuple

from encoders.settings import Settings
from encoders.settings_access_point import AccessPoint
from encoders.settings_application import Application
from encoders.settings_links import INTERNET, verify_links
from encoders.settings_proxy import PhysicalProxy, Proxy


class Way(NamedTuple):
    """An access point, and the proxy behind it with the address at which this access point reaches it."""

    point: AccessPoint
    proxy: Proxy | None = None
    address: PhysicalProxy | None = None

    @property
    def port(self) -> int | None:
        """The first port of the proxy, or None where none is given."""
        ports = (self.address.ports if self.address else ()) or (self.proxy.ports if self.proxy else ())
        return ports[0].number if ports else None


def ways(settings: Settings, application: Application | None) -> tuple[Way, ...]:
    """The ways of the application, the preferred first; without one, to the Internet; `EncodeError` for a lost link.

    An application that names neither a proxy nor an access point takes the way to the Internet too.
    """
    verify_links(settings)
    proxies = {proxy.id: proxy for proxy in settings.proxies}
    if application is not None and application.proxies:
        through = [way for name in application.proxies for way in _through(settings, proxies[name])]
        return tuple(dict.fromkeys(through))
    wanted = application.access_points if application is not None else ()
    return tuple(map(Way, _points(settings, wanted or (INTERNET,))))


def _through(settings: Settings, proxy: Proxy) -> Iterator[Way]:
    for address in proxy.addresses:
        for point in _points(settings, address.access_points):
            yield Way(point, proxy, address)


def _points(settings: Settings, wanted: tuple[str, ...]) -> list[AccessPoint]:
    """The access points with these ids; INTERNET stands for those that give access to it, or all if none says so."""
    general = [point for point in settings.access_points if point.internet] or list(settings.access_points)
    by_id = {point.id: [point] for point in settings.access_points} | {INTERNET: general}
    return [point for name in wanted for point in by_id[name]]
