"""Names inside the settings: each access point and proxy has its own, and every reference meets one."""

from collections.abc import Iterable, Iterator

from encoders.errors import EncodeError
from encoders.settings import Settings

INTERNET = "INTERNET"
"""In place of an access point's id: any that gives access to the Internet, also one already on the handset."""


def verify_links(settings: Settings) -> None:
    """Raise `EncodeError` for an id that is used twice or a reference that meets nothing."""
    access_points = _ids("access_points", (point.id for point in settings.access_points)) | {INTERNET}
    proxies = _ids("proxies", (proxy.id for proxy in settings.proxies))
    for path, wanted in _access_point_links(settings):
        _all_known(path, wanted, access_points, "access point")
    for path, wanted in _proxy_links(settings):
        _all_known(path, wanted, proxies, "proxy")


def _ids(path: str, ids: Iterable[str]) -> set[str]:
    seen: set[str] = set()
    for index, identifier in enumerate(ids):
        if identifier in seen:
            raise EncodeError(f"{path}[{index}].id: {identifier!r} is the id of an earlier one too")
        seen.add(identifier)
    return seen


def _access_point_links(settings: Settings) -> Iterator[tuple[str, tuple[str, ...]]]:
    for index, proxy in enumerate(settings.proxies):
        for place, address in enumerate(proxy.addresses):
            yield f"proxies[{index}].addresses[{place}].access_points", address.access_points
    for index, application in enumerate(settings.applications):
        yield f"applications[{index}].access_points", application.access_points
    for index, rule in enumerate(settings.access_rules):
        yield f"access_rules[{index}].access_points", rule.access_points


def _proxy_links(settings: Settings) -> Iterator[tuple[str, tuple[str, ...]]]:
    for index, application in enumerate(settings.applications):
        yield f"applications[{index}].proxies", application.proxies
    for index, bootstrap in enumerate(settings.bootstraps):
        yield f"bootstraps[{index}].proxies", bootstrap.proxies
    for index, rule in enumerate(settings.access_rules):
        yield f"access_rules[{index}].proxies", rule.proxies


def _all_known(path: str, wanted: tuple[str, ...], known: set[str], what: str) -> None:
    for index, identifier in enumerate(wanted):
        if identifier not in known:
            there = ", ".join(sorted(known - {INTERNET})) or "none"
            raise EncodeError(
                f"{path}[{index}]: no {what} with the id {identifier!r} in these settings; there: {there}"
            )
