"""Names inside the settings: each access point and proxy has its own, and every reference meets one."""

from collections.abc import Sequence

from encoders.errors import EncodeError
from encoders.settings import Settings

INTERNET = "INTERNET"
"""In place of an access point's id: any that gives access to the Internet, also one already on the handset."""


def verify_links(settings: Settings) -> None:
    """Raise `EncodeError` for an id that is used twice or a reference that meets nothing."""
    access_points = _ids("access_points", [point.id for point in settings.access_points]) | {INTERNET}
    proxies = _ids("proxies", [proxy.id for proxy in settings.proxies])
    for index, proxy in enumerate(settings.proxies):
        for place, address in enumerate(proxy.addresses):
            _verify_access_points(address.access_points, access_points, "proxies[{}].addresses[{}]", index, place)
    for index, application in enumerate(settings.applications):
        _verify_access_points(application.access_points, access_points, "applications[{}]", index)
        _verify_proxies(application.proxies, proxies, "applications[{}]", index)
    for index, bootstrap in enumerate(settings.bootstraps):
        _verify_proxies(bootstrap.proxies, proxies, "bootstraps[{}]", index)
    for index, rule in enumerate(settings.access_rules):
        _verify_access_points(rule.access_points, access_points, "access_rules[{}]", index)
        _verify_proxies(rule.proxies, proxies, "access_rules[{}]", index)


def _ids(path: str, ids: Sequence[str]) -> set[str]:
    seen: set[str] = set()
    for index, identifier in enumerate(ids):
        if identifier in seen:
            raise EncodeError(f"{path}[{index}].id: {identifier!r} is the id of an earlier one too")
        seen.add(identifier)
    return seen


def _verify_access_points(wanted: Sequence[str], known: set[str], path: str, *places: int) -> None:
    if not known.issuperset(wanted):
        raise _unknown(wanted, known, f"{path.format(*places)}.access_points", "access point")


def _verify_proxies(wanted: Sequence[str], known: set[str], path: str, *places: int) -> None:
    if not known.issuperset(wanted):
        raise _unknown(wanted, known, f"{path.format(*places)}.proxies", "proxy")


def _unknown(wanted: Sequence[str], known: set[str], path: str, what: str) -> EncodeError:
    """What is said of the first reference that meets nothing; only then its place is spelt out."""
    index, identifier = next((index, each) for index, each in enumerate(wanted) if each not in known)
    there = ", ".join(sorted(known - {INTERNET})) or "none"
    return EncodeError(f"{path}[{index}]: no {what} with the id {identifier!r} in these settings; there: {there}")
