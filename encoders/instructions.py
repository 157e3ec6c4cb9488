"""Instructions for a user whose device takes no settings by itself: a text for this model and language, as SMS."""

import re
from collections.abc import Iterator, Mapping

from encoders import template
from encoders.errors import EncodeError
from encoders.settings import Settings
from encoders.settings_application import Browser, Mms
from encoders.settings_ways import Way, ways
from encoders.sms_text import TextMessage, cheapest_alphabet, segment_text

_NOT_SHOWN = re.compile("[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f]")
"""Control characters other than line ends: no handset shows them, and one makes the whole text UCS-2."""


def fields(settings: Settings) -> dict[str, str]:
    """What a text can name of settings that are filled in already; what they do not say has no field.

    apn, authentication, user, password, proxy, port and home_page tell the way of the browser, or to the Internet; the
    same with mms_ in front, and mmsc, that of MMS.
    """
    browser = next((one for one in settings.applications if isinstance(one, Browser)), None)
    mms = next((one for one in settings.applications if isinstance(one, Mms)), None)
    found = {name: value for way in ways(settings, browser)[:1] for name, value in _way_fields(way)}
    if browser is not None and browser.home_page is not None:
        found["home_page"] = browser.home_page.url
    if mms is not None:
        found |= {f"mms_{name}": value for way in ways(settings, mms)[:1] for name, value in _way_fields(way)}
        found["mmsc"] = mms.mmsc
    return found


def _way_fields(way: Way) -> Iterator[tuple[str, str]]:
    yield "apn", way.point.address
    for login in way.point.authentications[:1]:
        yield "authentication", login.method
        if login.user is not None:
            yield "user", login.user
        if login.password is not None:
            yield "password", login.password
    if way.address is not None:
        yield "proxy", way.address.address
        if way.port is not None:
            yield "port", str(way.port)


def filled(text: str, values: Mapping[str, str]) -> str:
    """`text` with its fields, such as {apn}, replaced; `EncodeError` names a field without a value."""
    try:
        return template.fill(text, values)
    except EncodeError as error:
        raise EncodeError(f"instructions: {error}") from error


def encode(text: str, values: Mapping[str, str], *, reference: int, wide: bool = False) -> TextMessage:
    """The text with its fields filled in, as 1 to 255 SMS in the cheaper alphabet.

    `reference` is 0 to 255, or to 65535 when `wide`. `sms_text` has the way back, and the TP-User-Data.
    """
    shown = filled(text, values)
    if not shown.strip():
        raise EncodeError("instructions: nothing to read; write a text")
    if found := _NOT_SHOWN.search(shown):
        raise EncodeError(f"instructions: character U+{ord(found[0]):04X} cannot be shown; take it out")
    return segment_text(shown, cheapest_alphabet(shown), reference=reference, wide=wide)
