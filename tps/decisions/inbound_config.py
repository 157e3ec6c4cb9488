"""Configuration of what handsets and SIM applets may ask for by SMS. Part of the server's TOML configuration."""

import re
from typing import Final

import msgspec

from tps.decisions.applet_sms import AppletRule
from tps.decisions.keywords import Language

_COUNTRY_CODE: Final = re.compile("[1-9][0-9]{0,2}", re.ASCII)
"""ITU-T E.164 clause 6.2.1."""


class InboundConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Messages from handsets. Without short codes and applets all of them are acknowledged, counted and dropped."""

    keyword_destinations: tuple[str, ...] = ()
    """Short codes at which users may ask by keyword, as the SMSC writes them; none: nobody may."""
    requests_per_hour: int = 10
    """Messages of one number that are worked on in an hour; what comes beyond is dropped unanswered."""
    country_code: str = ""
    """What stands before national numbers to make them international, such as `49`; without it they are unreadable."""
    languages: tuple[Language, ...] = ()
    """Words and answers; none: English."""
    applets: tuple[AppletRule, ...] = ()
    """SIM applets that report their device by SMS."""

    def __post_init__(self) -> None:
        """Check what types cannot say."""
        if not 1 <= self.requests_per_hour <= 1000:
            raise ValueError("requests_per_hour: 1 to 1000 expected")
        if self.country_code and not _COUNTRY_CODE.fullmatch(self.country_code):
            raise ValueError("country_code: 1 to 3 digits expected, the first of them 1 to 9, without + or 00")
        names = [applet.name for applet in self.applets]
        if len(set(names)) < len(names):
            raise ValueError("applets: each needs a name of its own")
