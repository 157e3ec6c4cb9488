"""Settings as people look at them: secrets masked, and every octet of a push before it is sent."""

from collections.abc import Mapping
from dataclasses import dataclass

from bootstrap import mac
from bootstrap.mac import Method
from encoders import client_provisioning, settings
from encoders.client_provisioning import Document
from encoders.client_provisioning_settings import fill, placeholders
from encoders.errors import EncodeError
from tps.backoffice.settings import Published
from tps.decisions.policy import checked_pin, method_of
from tps.decisions.triggers import BUILT_IN_VALUES, missing_values
from tps.delivery.catalogue import Profile
from tps.delivery.compose import Composed, stages_of
from tps.errors import RejectedError
from tps.explanation import secret_parms

_REFERENCE = 1
_MASKED_PIN = "00000"
"""Stands for the PIN of a masked preview: a MAC is computed from a PIN of few digits, so it would betray it."""


@dataclass(frozen=True, slots=True)
class Preview:
    """A push as it would be sent."""

    method: Method | None
    document: Document
    composed: Composed
    user_pin: str | None
    """What the user is told with USERPINMAC; None with other methods, and where secrets are masked."""


def masked_document(published: Published) -> Document:
    """The provisioning document, placeholders not filled, as anyone may see it."""
    document = published.document
    return secret_parms.mask(document, _secret(published, document))


def masked_settings(published: Published) -> settings.Settings | None:
    """The neutral settings as anyone may see them; None where a document was published."""
    return settings.masked(settings.decode(published.body)) if published.kind == "neutral" else None


def preview(
    published: Published, *, imsi: str, values: Mapping[str, str], pin: str | None, show_secrets: bool
) -> Preview:
    """Every stage of a push to this subscriber; without secrets, the octets are those of the masked document."""
    method = method_of(published.policy.security)
    pin = checked_pin(method, pin if show_secrets else _MASKED_PIN)
    try:
        document = _filled(published, values, show_secrets=show_secrets)
        body = client_provisioning.encode(document)
        profile = Profile(
            published.name, published.version, 0, published.policy, document, placeholders=frozenset(), body=body
        )
        composed = stages_of(profile, reference=_REFERENCE, method=method, imsi=imsi, pin=pin, values={})
    except EncodeError as error:
        raise RejectedError("settings", str(error)) from error
    shows_pin = show_secrets and method is Method.USERPINMAC and pin is not None
    return Preview(method, document, composed, mac.userpinmac_pin(pin, body) if shows_pin and pin else None)


def _filled(published: Published, values: Mapping[str, str], *, show_secrets: bool) -> Document:
    template = published.document
    asked = placeholders(template)
    if show_secrets:
        missing = missing_values(asked, values)
        if missing:
            raise RejectedError("values", f"the settings need {', '.join(missing)}, which this subscriber has not")
        return fill(template, values)
    shown = {name: values[name] if name in BUILT_IN_VALUES else secret_parms.MASK for name in asked}
    return secret_parms.mask(fill(template, shown), _secret(published, template))


def _secret(published: Published, document: Document) -> frozenset[int]:
    if published.kind == "neutral":
        return secret_parms.of_settings(settings.decode(published.body))
    return secret_parms.of_document(document)
