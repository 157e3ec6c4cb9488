"""Whether a document comes from somebody who knows the secret: keys and MACs of OMA ProvBoot, by the handset itself."""

import enum
import hashlib
import hmac


class Security(enum.IntEnum):
    """The SEC parameter (OMA ProvBoot clause 5.2)."""

    NETWPIN = 0
    USERPIN = 1
    USERNETWPIN = 2
    USERPINMAC = 3

    @property
    def needs_pin(self) -> bool:
        """Whether the user must type something."""
        return self is not Security.NETWPIN


_IMSI_DIGITS_ODD, _IMSI_DIGITS_EVEN = "9", "1"
"""First nibble of a mobile identity that is an IMSI (TS 24.008 clause 10.5.1.4)."""
_USERPINMAC_MIN = 10


def imsi_octets(imsi: str, *, pads_even: bool = False) -> bytes:
    """The IMSI as the SIM keeps it, without its length octet; nibbles swapped, F fills up an even number of digits.

    `pads_even`: fill up with 0 to fifteen digits instead, as one handset family wrongly does.
    """
    if pads_even and len(imsi) % 2 == 0:
        imsi = imsi.ljust(15, "0")
    nibbles = _IMSI_DIGITS_ODD + imsi if len(imsi) % 2 else _IMSI_DIGITS_EVEN + imsi + "F"
    return bytes(int(nibbles[at + 1] + nibbles[at], 16) for at in range(0, len(nibbles), 2))


def mac_text(key: bytes, body: bytes) -> str:
    """HMAC-SHA1 of the body as sent, in forty upper-case hex characters."""
    return hmac.new(key, body, hashlib.sha1).hexdigest().upper()


def mac_matches(security: Security, body: bytes, mac: str, *, netwpin: bytes, pin: str) -> bool:
    """Whether the MAC (text as compared by this handset) or, for USERPINMAC, the typed PIN fits the body."""
    if security is Security.USERPINMAC:
        return _pin_fits(pin, body)
    key = {
        Security.NETWPIN: netwpin,
        Security.USERPIN: pin.encode(),
        Security.USERNETWPIN: netwpin + pin.encode(),
    }[security]
    return hmac.compare_digest(mac_text(key, body).encode(), mac.encode())


def _pin_fits(pin: str, body: bytes) -> bool:
    """USERPINMAC: the second half of the PIN is the shortened MAC under the first (ProvBoot clause 5.2)."""
    if len(pin) < _USERPINMAC_MIN or len(pin) % 2 or not (pin.isascii() and pin.isdecimal()):
        return False
    half = len(pin) // 2
    digest = hmac.new(pin[:half].encode(), body, hashlib.sha1).digest()
    expected = "".join(chr(octet % 10 + 48) for octet in digest[:half])
    return len(expected) == half and hmac.compare_digest(expected.encode(), pin[half:].encode())
