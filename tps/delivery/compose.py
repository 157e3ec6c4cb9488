"""Compose: a push and its settings in, its SMS out. Pure, so that any stage can be shown without a network.

settings x values -> document -> WBXML -> MAC -> WSP push -> segments
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from bootstrap import mac
from bootstrap import push as carrier
from bootstrap.mac import Method
from encoders.errors import EncodeError
from tps.decisions.push_id import reference_of
from tps.delivery.catalogue import Profile

PARTS_MAX = 32
"""Segments of one push: phones lose larger messages long before, and each part is a bit of `push.delivered_parts`."""

_USERPINMAC = Method.USERPINMAC


@dataclass(frozen=True, slots=True)
class Composed:
    """Every stage of a push, for people who look at one."""

    wbxml: bytes
    key: bytes | None
    mac: str | None
    pdu: bytes
    segments: tuple[bytes, ...]


_template_for_all = lru_cache(maxsize=256)(carrier.SegmentTemplate)
"""Of documents that are the same for every subscriber; the document of one would only crowd them out."""


def key_of(method: Method | None, imsi: str, pin: str | None) -> bytes | None:
    """The MAC key of this subscriber; None where no MAC is sent (with USERPINMAC the user is told it instead)."""
    return None if method is None or method is _USERPINMAC else mac.key(method, imsi=imsi, pin=pin)


def segments_of(
    profile: Profile,
    *,
    push_id: int,
    attempt: int,
    method: Method | None,
    imsi: str,
    pin: str | None,
    values: Mapping[str, str],
) -> tuple[bytes, ...]:
    """The parts of a push as user data of SMS; `EncodeError` where it cannot be sent as it is."""
    body = profile.encoded(values)
    wide = profile.policy.wide_reference
    is_for_all = profile.body is not None
    template = _template_for_all(body, method, wide) if is_for_all else carrier.SegmentTemplate(body, method, wide)
    parts = template.segments(key_of(method, imsi, pin), reference_of(push_id, attempt, wide=wide))
    if len(parts) > PARTS_MAX:
        raise EncodeError(
            f"document: {len(body)} octets make {len(parts)} segments; at most {PARTS_MAX} are sent, "
            "make the settings smaller"
        )
    return parts


def stages_of(
    profile: Profile, *, reference: int, method: Method | None, imsi: str, pin: str | None, values: Mapping[str, str]
) -> Composed:
    """Every stage of a push in short_message carriage."""
    body = profile.encoded(values)
    key = key_of(method, imsi, pin)
    wide = profile.policy.wide_reference
    return Composed(
        wbxml=body,
        key=key,
        mac=None if key is None else mac.compute(key, body),
        pdu=carrier.push_pdu(body, method=method, key=key),
        segments=carrier.segments(body, method=method, key=key, reference=reference, wide=wide),
    )
