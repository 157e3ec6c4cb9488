"""The four ways in which a handset knows a bootstrap document as its operator's (OMA ProvBoot 1.1, "Security").

A MAC is HMAC-SHA1 over the document exactly as sent. Keys, PINs and IMSIs never stand in the text of an error.
"""

import hmac
from binascii import hexlify
from enum import IntEnum
from hashlib import sha1

from encoders.errors import EncodeError

IMSI_MIN_DIGITS = 6
IMSI_MAX_DIGITS = 15
"""TS 23.003 clause 2.2: MCC of 3, MNC of 2 or 3, and at least one digit; not more than 15 altogether."""
PIN_MIN_DIGITS = 4
"""The standard has no lower bound; a PIN of fewer digits is guessed in the attempts that a handset allows."""
USERPINMAC_HALF_MIN_DIGITS = 5
"""ProvBoot, USERPINMAC: the PIN has an even number of digits, at least 10."""
USERPINMAC_HALF_MAX_DIGITS = 20
"""One digit comes from each of the 20 octets of HMAC-SHA1."""
MAC_DIGITS = 40
"""HMAC-SHA1 in hexadecimal."""
_BLOCK_OCTETS = 64
"""RFC 2104 clause 2: the block of SHA-1, and so the length that keys are brought to."""
_ODD, _EVEN = "9", "1"
"""First semi-octet: mobile identity type 1 (IMSI), and 8 for an odd number of digits (TS 24.008 clause 10.5.1.4)."""
_FILLER = "F"


class Method(IntEnum):
    """Security methods, by their value in the SEC parameter."""

    NETWPIN = 0
    """The key is the IMSI, known to network and SIM."""
    USERPIN = 1
    """The key is a PIN that the user is told another way."""
    USERNETWPIN = 2
    """Both, the IMSI first."""
    USERPINMAC = 3
    """No MAC in the message: the PIN that the user is told holds key and shortened MAC."""


_NETWPIN = Method.NETWPIN


class MacError(ValueError):
    """The document does not carry the MAC that this subscriber's key gives: refuse it."""


def netwpin_key(imsi: str) -> bytes:
    """The IMSI in semi-octets, swapped as in EF_IMSI without its length octet (TS 31.102 clause 4.2.2)."""
    if not (IMSI_MIN_DIGITS <= len(imsi) <= IMSI_MAX_DIGITS and _is_digits(imsi)):
        raise EncodeError(f"IMSI: {IMSI_MIN_DIGITS} to {IMSI_MAX_DIGITS} decimal digits expected")
    # The first digit goes with the parity; an even number of digits leaves the last high semi-octet to the filler.
    semi_octets = _ODD + imsi if len(imsi) % 2 else _EVEN + imsi + _FILLER
    return bytes.fromhex(semi_octets).translate(_SWAPPED)


_SWAPPED = bytes((octet & 0x0F) << 4 | octet >> 4 for octet in range(256))
"""Each octet with its two semi-octets in the order of the air interface: the first digit in the low one."""


def key(method: Method, *, imsi: str | None = None, pin: str | None = None) -> bytes:
    """The key of `method`, from what it needs of the two; for USERPINMAC `pin` is the whole PIN that the user has."""
    if method == _NETWPIN:
        return netwpin_key(_given(method, "IMSI", imsi))
    if method == Method.USERPIN:
        return _userpin_key(_given(method, "PIN", pin))
    if method == Method.USERNETWPIN:
        return netwpin_key(_given(method, "IMSI", imsi)) + _userpin_key(_given(method, "PIN", pin))
    first_half, _ = _userpinmac_halves(_given(method, "PIN", pin))
    return first_half.encode("ascii")


def compute(key: bytes, body: bytes) -> str:
    """The MAC of `body` in 40 upper-case hexadecimal digits, as the MAC parameter carries it."""
    return digits(key, body).decode()


def digits(key: bytes, body: bytes) -> bytes:
    """The same as octets of ASCII."""
    return hexlify(_hmac_sha1(key, body)).upper()


def userpinmac_pin(first_half: str, body: bytes) -> str:
    """The PIN to tell the user: `first_half` (5 to 20 digits, by chance), then as many digits of the shortened MAC."""
    if not (USERPINMAC_HALF_MIN_DIGITS <= len(first_half) <= USERPINMAC_HALF_MAX_DIGITS and _is_digits(first_half)):
        raise EncodeError(
            "USERPINMAC first half: decimal digits expected, "
            f"{USERPINMAC_HALF_MIN_DIGITS} to {USERPINMAC_HALF_MAX_DIGITS}"
        )
    return first_half + _shortened_mac(first_half, body)


def verify(
    method: Method, body: bytes, mac_text: str | None, *, imsi: str | None = None, pin: str | None = None
) -> None:
    """Raise `MacError` unless `mac_text` (for USERPINMAC the PIN itself) proves `body`; either case of hexadecimal."""
    if method == Method.USERPINMAC:
        if mac_text is not None:
            raise MacError("USERPINMAC has its MAC in the PIN, and this document carries one too")
        first_half, second_half = _userpinmac_halves(_given(method, "PIN", pin))
        expected, shown = _shortened_mac(first_half, body), second_half
    else:
        expected, shown = compute(key(method, imsi=imsi, pin=pin), body), mac_text or ""
    # As octets before upper(): the upper case of some letters outside ASCII is ASCII.
    if not hmac.compare_digest(expected.encode(), shown.encode(errors="replace").upper()):
        raise MacError(f"{method.name}: the MAC is missing or not that of this document and key")


def _hmac_sha1(key: bytes, body: bytes) -> bytes:
    """RFC 2104 clause 2.

    `hmac.digest` takes nearly three times as long for a message of this size, and gives up the interpreter lock for
    it: on a busy server that means to wait until another thread gives the lock back.
    """
    if len(key) > _BLOCK_OCTETS:
        key = sha1(key).digest()  # noqa: S324 - the standard's choice; so below
    block = key.ljust(_BLOCK_OCTETS, b"\0")
    inner = sha1(block.translate(_INNER_PAD) + body).digest()  # noqa: S324
    return sha1(block.translate(_OUTER_PAD) + inner).digest()  # noqa: S324


_INNER_PAD = bytes(octet ^ 0x36 for octet in range(256))
_OUTER_PAD = bytes(octet ^ 0x5C for octet in range(256))


def _shortened_mac(first_half: str, body: bytes) -> str:
    """As many decimal digits as the first half has: each octet of the HMAC modulo 10 (ProvBoot, USERPINMAC)."""
    octets = _hmac_sha1(first_half.encode("ascii"), body)
    return "".join(str(octet % 10) for octet in octets[: len(first_half)])


def _userpinmac_halves(pin: str) -> tuple[str, str]:
    half = len(pin) // 2
    if len(pin) % 2 or not (USERPINMAC_HALF_MIN_DIGITS <= half <= USERPINMAC_HALF_MAX_DIGITS and _is_digits(pin)):
        raise EncodeError(
            "USERPINMAC PIN: an even number of decimal digits expected, "
            f"{2 * USERPINMAC_HALF_MIN_DIGITS} to {2 * USERPINMAC_HALF_MAX_DIGITS}"
        )
    return pin[:half], pin[half:]


def _userpin_key(pin: str) -> bytes:
    if not (len(pin) >= PIN_MIN_DIGITS and _is_digits(pin)):
        raise EncodeError(f"PIN: {PIN_MIN_DIGITS} or more decimal digits expected")
    return pin.encode("ascii")


def _given(method: Method, name: str, value: str | None) -> str:
    if value is None:
        raise EncodeError(f"{method.name}: the {name} is needed for its key")
    return value


def _is_digits(text: str) -> bool:
    """Decimal digits of ASCII only: isdecimal() alone takes those of other scripts too."""
    return text.isascii() and text.isdecimal()
