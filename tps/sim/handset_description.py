"""What a handset's settings mean, in words for its owner."""

from collections.abc import Sequence

from tps.sim.handset_settings import AccessPoint, Application, Credential, Settings

_APPLICATION_NAMES = {
    "w2": "Browser",
    "w4": "MMS",
    "w5": "Data synchronisation",
    "w7": "Device management",
    "wA": "Instant messaging",
    "25": "Outgoing mail (SMTP)",
    "110": "Incoming mail (POP3)",
    "143": "Incoming mail (IMAP4)",
    "554": "Streaming",
    "ap0001": "Push to talk",
    "ap0002": "Presence",
    "ap0004": "Location (SUPL)",
    "ap2001": "IMS",
    "ap2002": "RCS",
}
"""The registered applications (OMNA application identifiers)."""


def describe(settings: Settings) -> list[str]:
    """A line for each access point and application; secrets are never in it."""
    lines = [_access_point_line(point) for point in settings.access_points.values()]
    lines += [_application_line(application, settings) for application in settings.applications]
    return lines or ["No settings yet."]


def _access_point_line(point: AccessPoint) -> str:
    what = "Internet access" if point.is_internet else "Access point"
    kind = "APN " if point.address_type in ("", "APN") else f"{point.address_type} "
    line = f'{what} "{point.name or point.napid}" through {kind}{point.address or "(none)"}'
    if point.bearers:
        line += f" over {_list(point.bearers)}"
    return f"{line}{_as_whom(point.credentials)}."


def _application_line(application: Application, settings: Settings) -> str:
    line = _APPLICATION_NAMES.get(application.appid, f"Application {application.appid}")
    if application.name:
        line += f' "{application.name}"'
    if application.addresses:
        line += f" at {_list(tuple(map(str, application.addresses)))}"
    line += _pages(application)
    line += _way(application, settings)
    return f"{line}{_as_whom(application.credentials)}."


def _pages(application: Application) -> str:
    home = [page.uri for page in application.resources if page.is_start_page]
    others = [page.name or page.uri for page in application.resources if not page.is_start_page]
    what = "bookmarks" if application.appid == "w2" else "with"
    words = f", home page {_list(home)}" if home else ""
    return words + (f", {what} {_list(others)}" if others else "")


def _way(application: Application, settings: Settings) -> str:
    """The proxy and the access point that the application goes through."""
    proxies = [settings.proxies[name] for name in application.proxies if name in settings.proxies]
    words = "".join(f", by proxy {_list(tuple(map(str, proxy.addresses)))}" for proxy in proxies)
    napids = [*application.access_points, *(napid for proxy in proxies for napid in proxy.access_points)]
    names = [_access_point_name(napid, settings) for napid in dict.fromkeys(napids)]
    return words + (f", over {_list(names)}" if names else "")


def _access_point_name(napid: str, settings: Settings) -> str:
    if napid == "INTERNET":
        return "any Internet access"
    point = settings.access_points.get(napid)
    return f'"{point.name or napid}"' if point else f"{napid}, which it does not have"


def _as_whom(credentials: Sequence[Credential]) -> str:
    users = [f"{who.user} ({who.method})" if who.method else who.user for who in credentials if who.user]
    return f", signing in as {_list(users)}" if users else ""


def _list(words: Sequence[str]) -> str:
    return ", ".join(words[:-1]) + " and " + words[-1] if len(words) > 1 else "".join(words)
