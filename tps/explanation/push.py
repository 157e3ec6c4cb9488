"""All layers of one push: document, WBXML, MAC, WSP push, segments, each octet with its meaning."""

from collections.abc import Mapping
from dataclasses import dataclass

from bootstrap.mac import Method
from encoders.client_provisioning import Document
from encoders.client_provisioning_settings import fill
from tps.decisions.policy import NEEDS_PIN
from tps.delivery.catalogue import Profile
from tps.delivery.compose import Composed, stages_of
from tps.explanation import secret_parms
from tps.explanation.note import Note, hidden_places, moved
from tps.explanation.provisioning_notes import provisioning_notes
from tps.explanation.user_data_notes import user_data_notes
from tps.explanation.wsp_notes import wsp_notes


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is to be explained: settings for one subscriber. `secret` are places of parameters nobody should see."""

    profile: Profile
    method: Method | None
    imsi: str
    pin: str | None
    values: Mapping[str, str]
    reference: int
    secret: frozenset[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One SMS: its user data, the meaning of its header, the places of octets to hide."""

    octets: bytes
    header: tuple[Note, ...]
    hidden: frozenset[int]

    @property
    def header_octets(self) -> int:
        """Length of the user data header with its length octet."""
        return 1 + self.octets[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Every stage, with what is hidden in it; `document` is masked already."""

    document: Document
    composed: Composed
    method: Method | None
    body: tuple[Note, ...]
    headers: tuple[Note, ...]
    parts: tuple[Part, ...]
    hides_pin: bool
    """Whether the PIN is kept from view, and with it the key."""
    hides_mac: bool


def explain(subject: Subject, *, show_secrets: bool = False) -> Explanation:
    """The stages of this push; `EncodeError` where it cannot be composed."""
    composed = stages_of(
        subject.profile,
        reference=subject.reference,
        method=subject.method,
        imsi=subject.imsi,
        pin=subject.pin,
        values=subject.values,
    )
    secret = frozenset() if show_secrets else subject.secret
    hides_pin = not show_secrets and subject.method in NEEDS_PIN
    # With the rest of what was signed in hand, a short PIN or password is found by trying all of them against the MAC.
    hides_mac = hides_pin or bool(secret)
    body = provisioning_notes(composed.wbxml, secret)
    headers = wsp_notes(composed.pdu, mac_is_secret=hides_mac)
    start_of_body = len(composed.pdu) - len(composed.wbxml)
    return Explanation(
        document=secret_parms.mask(fill(subject.profile.document, subject.values), secret),
        composed=composed,
        method=subject.method,
        body=body,
        headers=headers,
        parts=_parts(composed.segments, hidden_places(headers) | moved(hidden_places(body), start_of_body)),
        hides_pin=hides_pin,
        hides_mac=hides_mac,
    )


def _parts(segments: tuple[bytes, ...], hidden_in_pdu: frozenset[int]) -> tuple[Part, ...]:
    """The segments, each with the hidden octets of the slice of the PDU that it carries."""
    parts: list[Part] = []
    sent = 0
    for segment in segments:
        header_octets = 1 + segment[0]
        payload_octets = len(segment) - header_octets
        inside = (place for place in hidden_in_pdu if sent <= place < sent + payload_octets)
        hidden = moved(inside, header_octets - sent)
        parts.append(Part(octets=segment, header=user_data_notes(segment), hidden=hidden))
        sent += payload_octets
    return tuple(parts)
