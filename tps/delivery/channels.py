"""The channels: one version of settings made ready for each of them, and composed for one subscriber. Pure.

A way is what the settings say by one channel, the same for all subscribers; composing fills in what differs.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import ClassVar, NamedTuple

import msgspec

from bootstrap.mac import Method
from bootstrap.push import ota_settings_segments
from encoders import browser_settings, client_provisioning, instructions, settings_values
from encoders.browser_settings_mapping import to_browser_settings
from encoders.client_provisioning_settings import fill, placeholders
from encoders.errors import EncodeError
from encoders.settings import Settings
from encoders.sms_text import TextMessage
from tps.decisions.channel_choice import Channel
from tps.decisions.policy import method_of
from tps.decisions.push_id import reference_of
from tps.decisions.quirks import Draft
from tps.delivery.catalogue import Profile
from tps.delivery.compose import PARTS_MAX, segments_of
from tps.smpp.route_config import RouteConfig
from tps.smpp.submit_sm import Coding


class Recipient(NamedTuple):
    """Whom and which attempt a push is composed for."""

    push_id: int
    attempt: int
    imsi: str
    pin: str | None
    values: Mapping[str, str]

    def __repr__(self) -> str:
        """Nothing that is secret."""
        return f"<Recipient of push {self.push_id}>"


class Outgoing(msgspec.Struct, frozen=True, gc=False):
    """User data of SMS, and how they travel."""

    parts: tuple[bytes, ...]
    data_coding: int | None = None
    """Of a text; None for octets in the data coding of the route's pushes."""
    is_one_push: bool = True
    """Whether the parts are one push, so that an SMSC may cut it anew (carriages "sar" and "payload")."""
    has_header: bool = True

    def coding(self, route: RouteConfig) -> Coding | None:
        """How its PDUs say what it is, on this route; None for one push, which is what routes carry."""
        if self.is_one_push:
            return None
        data_coding = route.data_coding if self.data_coding is None else self.data_coding
        return Coding(data_coding, user_data_header=self.has_header)


@dataclass(frozen=True, slots=True)
class DocumentWay:
    """OMA client provisioning."""

    channel: ClassVar = Channel.CLIENT_PROVISIONING
    profile: Profile
    """As the device takes it."""
    method: Method | None
    parts_max: int

    def compose(self, recipient: Recipient) -> Outgoing:
        """The push; `EncodeError` where it cannot be sent, or not to this device."""
        parts = segments_of(
            self.profile,
            push_id=recipient.push_id,
            attempt=recipient.attempt,
            method=self.method,
            imsi=recipient.imsi,
            pin=recipient.pin,
            values=recipient.values,
        )
        if len(parts) > self.parts_max:
            raise EncodeError(f"{len(parts)} segments, and the device takes {self.parts_max}")
        return Outgoing(parts)


@dataclass(frozen=True, slots=True)
class BrowserWay:
    """Browser settings: each document, one for the browser and one for MMS, is a push of its own."""

    channel: ClassVar = Channel.BROWSER_SETTINGS
    settings: Settings = field(repr=False)
    wide: bool

    def documents(self, values: Mapping[str, str]) -> tuple[browser_settings.BrowserSettings, ...]:
        """What is sent to a subscriber with these values."""
        return to_browser_settings(settings_values.fill(self.settings, values))

    def compose(self, recipient: Recipient) -> Outgoing:
        """The pushes one after the other, each with a reference of its own."""
        first = reference_of(recipient.push_id, recipient.attempt, wide=self.wide)
        references = 1 << (16 if self.wide else 8)
        pushes = [
            ota_settings_segments(
                browser_settings.encode(document),
                media_type=browser_settings.media_type(document),
                reference=(first + place) % references,
                wide=self.wide,
            )
            for place, document in enumerate(self.documents(recipient.values))
        ]
        return Outgoing(_bounded(tuple(part for push in pushes for part in push)), is_one_push=len(pushes) == 1)


@dataclass(frozen=True, slots=True)
class TextWay:
    """Instructions for the user; no more than words, so what they lead to nobody is told."""

    channel: ClassVar = Channel.INSTRUCTIONS
    settings: Settings = field(repr=False)
    text: str
    wide: bool

    def message(self, values: Mapping[str, str], reference: int) -> TextMessage:
        """The text as a subscriber with these values gets it."""
        fields = instructions.fields(settings_values.fill(self.settings, values))
        return instructions.encode(self.text, fields, reference=reference, wide=self.wide)

    def compose(self, recipient: Recipient) -> Outgoing:
        """The text as SMS."""
        reference = reference_of(recipient.push_id, recipient.attempt, wide=self.wide)
        alphabet, segments = self.message(recipient.values, reference)
        parts = _bounded(tuple([segment.header + segment.payload for segment in segments]))
        return Outgoing(parts, int(alphabet), is_one_push=False, has_header=bool(segments[0].header))


Way = DocumentWay | BrowserWay | TextWay


def document_way(profile: Profile, draft: Draft) -> DocumentWay:
    """The way of a document that was shaped; of one that was left as it is, the very same profile is sent."""
    method = method_of(draft.security)
    if draft.document is not profile.document:
        asked = placeholders(draft.document)
        body = None if asked else client_provisioning.encode(fill(draft.document, {}))
        profile = replace(profile, document=draft.document, placeholders=asked, body=body)
    if draft.wide_reference != profile.policy.wide_reference:
        policy = msgspec.structs.replace(profile.policy, wide_reference=draft.wide_reference)
        profile = replace(profile, policy=policy)
    return DocumentWay(profile, method, draft.segments_max)


def _bounded(parts: tuple[bytes, ...]) -> tuple[bytes, ...]:
    if len(parts) > PARTS_MAX:
        raise EncodeError(f"{len(parts)} SMS; at most {PARTS_MAX} are sent, make the settings smaller")
    return parts
