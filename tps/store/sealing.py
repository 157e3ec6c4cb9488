"""How secrets lie on the disk: AES-256-GCM (NIST SP 800-38D) under a key from a file or the environment."""

import base64
import contextlib
import secrets
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_OCTETS = 32
_NONCE_OCTETS = 12


class UnsealError(Exception):
    """A stored secret does not open: the key is not the one it was sealed with, or the row was altered."""


class Seal:
    """Seals with the first key and opens with any of them, so that keys can be rotated.

    `context` binds a sealed value to its place (table and row): moved to another row it does not open.
    """

    def __init__(self, keys: Sequence[bytes]) -> None:
        if not keys:
            raise ValueError("at least one sealing key is needed")
        for key in keys:
            if len(key) != KEY_OCTETS:
                raise ValueError(f"a sealing key has {KEY_OCTETS} octets; got {len(key)}")
        self._ciphers = [AESGCM(key) for key in keys]

    def __repr__(self) -> str:
        return f"<Seal with {len(self._ciphers)} keys>"

    def close(self, secret: bytes, context: str) -> str:
        """`secret` sealed, as base64 text."""
        nonce = secrets.token_bytes(_NONCE_OCTETS)
        return base64.b64encode(nonce + self._ciphers[0].encrypt(nonce, secret, context.encode())).decode("ascii")

    def open(self, sealed: str, context: str) -> bytes:
        """The secret; `UnsealError` where no key opens it."""
        for cipher in self._ciphers:
            with contextlib.suppress(InvalidTag, ValueError):  # ValueError: what was stored is cut short, or no base64
                octets = base64.b64decode(sealed)
                return cipher.decrypt(octets[:_NONCE_OCTETS], octets[_NONCE_OCTETS:], context.encode())
        raise UnsealError(f"{context}: no sealing key opens this value; configure the key it was sealed with")
