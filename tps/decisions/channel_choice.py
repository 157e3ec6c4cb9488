"""By which channel a device is set up: what it takes, in the order the operator prefers, with the reason in words."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

from tps.decisions.policy import SecurityName


class Channel(StrEnum):
    """A way for settings to reach a device."""

    CLIENT_PROVISIONING = "client_provisioning"
    """OMA Client Provisioning, a WSP push by binary SMS."""
    BROWSER_SETTINGS = "browser_settings"
    """Browser settings and bookmarks of Nokia and Ericsson, a WSP push on a port of its own."""
    MOBILECONFIG = "mobileconfig"
    """Apple's configuration profile, by a link in a text SMS."""
    INSTRUCTIONS = "instructions"
    """Words for the user, in a text SMS."""


PREFERENCE = (Channel.CLIENT_PROVISIONING, Channel.MOBILECONFIG, Channel.BROWSER_SETTINGS, Channel.INSTRUCTIONS)
"""The order where the operator gives none: what says most and is best protected goes first."""


class Capabilities(NamedTuple):
    """What a device takes; instructions are for people, so any device takes them."""

    client_provisioning: tuple[SecurityName, ...]
    """The security methods it accepts ("none": a document without a MAC); empty where it takes no such documents."""
    browser_settings: bool
    mobileconfig: bool


class Choice(NamedTuple):
    """The channel for a device, and how it came about."""

    channel: Channel | None
    """None where the device takes none of those preferred."""
    reason: str
    """For the history of the push: why this one, and why none before it."""
    fallbacks: tuple[Channel, ...]
    """What else of those preferred the device takes, in their order, should this one fail."""


def choose_channel(
    capabilities: Capabilities, preference: Sequence[Channel], unusable: Mapping[Channel, str] | None = None
) -> Choice:
    """The first channel of `preference` that the device takes; `unusable` says which cannot carry the settings, why."""
    why_not = {channel: _why_not(channel, capabilities, unusable or {}) for channel in preference}
    possible = [channel for channel, reason in why_not.items() if reason is None]
    passed_over = list(why_not)[: list(why_not).index(possible[0])] if possible else list(why_not)
    reasons = "; ".join(f"not {channel}: {why_not[channel]}" for channel in passed_over)
    if not possible:
        return Choice(None, reasons or "no channel is preferred: name at least one", ())
    chosen = f"{possible[0]}: {_why(possible[0], capabilities)}"
    return Choice(possible[0], f"{chosen}; {reasons}" if reasons else chosen, tuple(possible[1:]))


def _why_not(channel: Channel, capabilities: Capabilities, unusable: Mapping[Channel, str]) -> str | None:
    if not _takes(channel, capabilities):
        return "the device does not take it"
    return unusable.get(channel)


def _takes(channel: Channel, capabilities: Capabilities) -> bool:
    match channel:
        case Channel.CLIENT_PROVISIONING:
            return bool(capabilities.client_provisioning)
        case Channel.BROWSER_SETTINGS:
            return capabilities.browser_settings
        case Channel.MOBILECONFIG:
            return capabilities.mobileconfig
        case Channel.INSTRUCTIONS:
            return True


def _why(channel: Channel, capabilities: Capabilities) -> str:
    match channel:
        case Channel.CLIENT_PROVISIONING:
            return f"the device takes it, protected by {' or '.join(capabilities.client_provisioning)}"
        case Channel.INSTRUCTIONS:
            return "any user can read it"
        case _:
            return "the device takes it"
