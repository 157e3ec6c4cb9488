"""By which channels one version of settings reaches devices of one kind: the first that works is taken. Pure."""

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from bootstrap.mac import Method
from encoders.errors import EncodeError
from tps.decisions.channel_choice import Capabilities, Channel, Choice, choose_channel
from tps.decisions.device_models import ANY_SECURITY, DeviceModel, KnownDevice
from tps.decisions.quirks import Adapted, Change, Draft, Quirk, adapt
from tps.delivery.catalogue import Profile
from tps.delivery.channels import BrowserWay, DocumentWay, Outgoing, Recipient, TextWay, Way, document_way
from tps.delivery.compose import PARTS_MAX

NO_LINK: Final = "profiles are fetched by a link, and there is no page yet that it could lead to"
NEUTRAL_ONLY: Final = "the settings were published as a document, which only client provisioning can say"


class ChannelRules(NamedTuple):
    """What the operator says for all devices."""

    default: DeviceModel
    """What is taken for known where nothing is."""
    preference: Sequence[Channel]
    languages: Sequence[str]
    """Of texts for users, the preferred first."""


class Kind(NamedTuple):
    """Devices of which the same is known, as far as it matters to what they are sent."""

    capabilities: Capabilities
    quirks: tuple[Quirk, ...]
    hints: Mapping[str, str]

    def is_plain(self, preference: Sequence[Channel]) -> bool:
        """True where every push leaves as the settings say."""
        first = choose_channel(self.capabilities, preference).channel
        takes_all = set(ANY_SECURITY) <= set(self.capabilities.client_provisioning)
        return first is Channel.CLIENT_PROVISIONING and takes_all and not self.quirks


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The ways of one version of settings to devices of one kind, in the order in which they are tried."""

    ways: tuple[Way, ...]
    """Empty where the device takes nothing that the settings can be sent by."""
    said: str
    """Which channel was chosen, and why none before it."""
    changes: tuple[Change, ...]
    """What was done to the document for the device."""

    @property
    def method(self) -> Method | None:
        """How the push is protected; None for channels that know no protection."""
        first = self.ways[0] if self.ways else None
        return first.method if isinstance(first, DocumentWay) else None

    def compose(self, recipient: Recipient) -> tuple[Outgoing, tuple[str, ...]]:
        """The push by the first way that works, and what is to be said of it; `EncodeError` where none does."""
        refused: list[str] = []
        for way in self.ways:
            try:
                outgoing = way.compose(recipient)
            except EncodeError as error:
                refused.append(f"not {way.channel}: {error}")
            else:
                return outgoing, self._remarks(way, refused)
        raise EncodeError("; ".join(refused) if refused else self.said)

    def first(self, recipient: Recipient) -> Way | None:
        """The first way that works for this recipient; None where none does."""
        for way in self.ways:
            with contextlib.suppress(EncodeError):
                way.compose(recipient)
                return way
        return None

    def _remarks(self, way: Way, refused: Sequence[str]) -> tuple[str, ...]:
        """Nothing of a push that leaves as the settings say."""
        changes = tuple(map(str, self.changes)) if isinstance(way, DocumentWay) else ()
        if refused:
            return (f"{way.channel}: the first that works; {'; '.join(refused)}", *changes)
        is_first_choice = isinstance(way, DocumentWay) and "; not " not in self.said
        return changes if is_first_choice else (self.said, *changes)


def plan(profile: Profile, kind: Kind, rules: ChannelRules, *, has_pin: bool) -> Plan:
    """How these settings reach devices of this kind."""
    unusable: dict[Channel, str] = {Channel.MOBILECONFIG: NO_LINK}
    ways: dict[Channel, Way] = {}
    adapted = _adapted(profile, kind, has_pin=has_pin)
    try:
        ways[Channel.CLIENT_PROVISIONING] = document_way(profile, adapted.draft)
    except EncodeError as error:
        unusable[Channel.CLIENT_PROVISIONING] = str(error)
    if adapted.refusal is not None:
        unusable[Channel.CLIENT_PROVISIONING] = adapted.refusal
    _plan_others(profile, kind, rules, ways, unusable)
    choice = choose_channel(kind.capabilities, rules.preference, unusable)
    return Plan(
        ways=tuple(ways[channel] for channel in _taken(choice)),
        said=choice.reason,
        changes=adapted.changes,
    )


def _adapted(profile: Profile, kind: Kind, *, has_pin: bool) -> Adapted:
    draft = Draft(
        document=profile.document,
        security=profile.policy.security,
        has_pin=has_pin,
        wide_reference=profile.policy.wide_reference,
        segments_max=PARTS_MAX,
    )
    return adapt(draft, kind.quirks, kind.capabilities.client_provisioning)


def _plan_others(
    profile: Profile, kind: Kind, rules: ChannelRules, ways: dict[Channel, Way], unusable: dict[Channel, str]
) -> None:
    """The channels that need the neutral model."""
    settings, wide = profile.neutral, profile.policy.wide_reference
    if settings is None:
        unusable[Channel.BROWSER_SETTINGS] = unusable[Channel.INSTRUCTIONS] = NEUTRAL_ONLY
        return
    ways[Channel.BROWSER_SETTINGS] = BrowserWay(settings, wide)
    text = instructions_for(profile, kind.hints, rules.languages)
    if text is None:
        unusable[Channel.INSTRUCTIONS] = "the settings have no text for users"
    else:
        ways[Channel.INSTRUCTIONS] = TextWay(settings, text, wide)


def instructions_for(profile: Profile, hints: Mapping[str, str], languages: Sequence[str]) -> str | None:
    """The text of the settings in the first of `languages` that it is in, then the device's hint in that language."""
    texts = profile.policy.instructions
    language = next((each for each in (*languages, *texts) if each in texts), None)
    if language is None:
        return None
    return "\n".join((texts[language], hints[language]) if language in hints else (texts[language],))


def _taken(choice: Choice) -> tuple[Channel, ...]:
    return () if choice.channel is None else (choice.channel, *choice.fallbacks)


def kind_of(device: KnownDevice) -> Kind:
    """The kind of a device."""
    return Kind(device.capabilities, device.quirks, device.hints)
