"""Which way an application of the neutral settings takes: for formats that know one way and no links between parts."""

from collections.abc import Iterator
from typing import NamedTuple

from encoders.settings import Settings
from encoders.settings_access_point import AccessPoint
from encoders.settings_application import Application
from encoders.settings_links import INTERNET, verify_links
from encoders.settings_proxy import PhysicalProxy, Port, Proxy

_WAP_PORTS = range(9200, 9204)
"""WSP without and with connection, and both with WTLS (WAP-259 appendix B); a proxy without ports has these."""
_WAP_SERVICES = {"CL-WSP", "CO-WSP", "CL-SEC-WSP", "CO-SEC-WSP", "CL-SEC-WTA", "CO-SEC-WTA"}
"""Services over WSP; the others of a port, and none, are HTTP (OMA ProvCont 1.1, parm SERVICE)."""


class Way(NamedTuple):
    """An access point, and the proxy behind it with the address at which this access point reaches it."""

    point: AccessPoint
    proxy: Proxy | None = None
    address: PhysicalProxy | None = None

    @property
    def ports(self) -> tuple[Port, ...]:
        """Those of the address, else those of the proxy; none at a WAP gateway with its usual ones."""
        return (self.address.ports if self.address else ()) or (self.proxy.ports if self.proxy else ())

    @property
    def port(self) -> int | None:
        """The first port of the proxy, or None where none is given."""
        return self.ports[0].number if self.ports else None

    @property
    def http_port(self) -> int | None:
        """The first port at which the proxy speaks HTTP; None where it is a WAP gateway only, or there is no proxy."""
        spoken = (port for port in self.ports if _WAP_SERVICES.isdisjoint(port.services))
        return next((port.number for port in spoken if port.number not in _WAP_PORTS), None)


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
