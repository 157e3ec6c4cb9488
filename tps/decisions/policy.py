"""How pushes of one settings version are delivered: their security, and what becomes of those that get stuck."""

import re
from typing import Final, Literal

import msgspec

from bootstrap.mac import Method
from tps.errors import RejectedError

SecurityName = Literal["netwpin", "userpin", "usernetwpin", "userpinmac", "none"]
UncertainRule = Literal["resend", "wait", "hold"]

_METHODS = {
    "netwpin": Method.NETWPIN,
    "userpin": Method.USERPIN,
    "usernetwpin": Method.USERNETWPIN,
    "userpinmac": Method.USERPINMAC,
}
LANGUAGE: Final = re.compile("[a-z]{2,3}(-[a-z0-9]{2,8})*")
"""A language tag in lower case (RFC 5646 clause 2.1), as far as anybody names a language."""
INSTRUCTIONS_MAX: Final = 1000
"""Characters of a text: some six SMS."""
PIN_PLACE: Final = "{pin}"
PIN_MESSAGE_MAX: Final = 300
"""Characters: two or three SMS."""
NEEDS_PIN = (Method.USERPIN, Method.USERNETWPIN, Method.USERPINMAC)


class DeliveryPolicy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """The delivery rules of a settings version."""

    security: SecurityName = "netwpin"
    """Security method of the documents; "none" leaves out the MAC and needs `unprotected_reason`."""
    unprotected_reason: str | None = None
    """Why documents may leave without a MAC: for the record."""
    uncertain: UncertainRule = "resend"
    """What becomes of a push in flight when a process or link died: resend, wait for a receipt, hold for a person."""
    validity_s: int = 3 * 86_400
    """Seconds after which a push that could not be delivered ends as EXPIRED, 60 to 30 days."""
    max_attempts: int = 8
    """Refused attempts after which a push ends as FAILED, 1 to 100."""
    wide_reference: bool = False
    """Number the segments with a 16-bit reference (some old handsets refuse it)."""
    instructions: dict[str, str] = {}
    """For devices that are set up by hand: a text for the user by language, such as "en", with fields such as {apn}."""
    pin_message: str | None = None
    """Text of an SMS that tells the user the {pin} of a push with security "userpin" or "usernetwpin"."""
    pin_message_first: bool = False
    """Send that SMS ahead of the settings; otherwise once the SMSC has accepted them."""

    def __post_init__(self) -> None:
        """Check what types cannot say."""
        if self.security == "none" and not (self.unprotected_reason or "").strip():
            raise ValueError('unprotected_reason: security "none" sends documents without a MAC; say why')
        if not 60 <= self.validity_s <= 30 * 86_400:
            raise ValueError("validity_s: 60 seconds to 30 days (2592000) expected")
        if not 1 <= self.max_attempts <= 100:
            raise ValueError("max_attempts: 1 to 100 expected")
        for language, text in self.instructions.items():
            if not LANGUAGE.fullmatch(language):
                raise ValueError(f'instructions: a language such as "en" or "pt-br" expected; got {language[:20]!r}')
            if not 0 < len(text) <= INSTRUCTIONS_MAX:
                raise ValueError(f"instructions.{language}: 1 to {INSTRUCTIONS_MAX} characters expected")
        self._verify_pin_message()

    def _verify_pin_message(self) -> None:
        if self.pin_message is None:
            return
        if self.security not in ("userpin", "usernetwpin"):
            raise ValueError('pin_message: for security "userpin" and "usernetwpin" only')
        if PIN_PLACE not in self.pin_message or len(self.pin_message) > PIN_MESSAGE_MAX:
            raise ValueError(f"pin_message: at most {PIN_MESSAGE_MAX} characters with {PIN_PLACE} among them expected")


def method_of(security: SecurityName) -> Method | None:
    """The security method by its name; None for "none"."""
    return _METHODS.get(security)


def checked_pin(method: Method | None, pin: str | None) -> str | None:
    """The PIN that `method` needs, None where it needs none; `RejectedError` where it is missing or wrong."""
    if method is None or method not in NEEDS_PIN:
        return None
    if pin is None:
        raise RejectedError(
            "pin", f"{method.name} needs a PIN: give one with the push or store one with the subscriber"
        )
    if not (pin.isascii() and pin.isdigit() and 4 <= len(pin) <= 32):
        raise RejectedError("pin", "4 to 32 decimal digits expected")
    if method is Method.USERPINMAC and len(pin) < 5:
        raise RejectedError(
            "pin", "USERPINMAC needs at least 5 digits for the first half; the second is computed from the document"
        )
    return pin
