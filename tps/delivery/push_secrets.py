"""What one push needs beside its settings: PIN and values, sealed on the disk and bound to their row."""

import msgspec

from tps.store.sealing import Seal


class PushSecrets(msgspec.Struct, frozen=True, omit_defaults=True):
    """The PIN and the values of one push; never shown."""

    pin: str | None = None
    values: dict[str, str] = {}

    def __repr__(self) -> str:
        """Nothing that is secret."""
        return "<PushSecrets>"


_NOTHING = PushSecrets()
_encode = msgspec.json.Encoder(order="sorted").encode
_decode = msgspec.json.Decoder(PushSecrets).decode


def close_secrets(seal: Seal, secrets: PushSecrets, push_id: int) -> str:
    """The secrets of a push as they lie on the disk."""
    return seal.close(_encode(secrets), push_context(push_id))


def open_secrets(seal: Seal, sealed: str | None, push_id: int) -> PushSecrets:
    """The secrets of a push; `UnsealError` where no key opens them."""
    return _NOTHING if sealed is None else _decode(seal.open(sealed, push_context(push_id)))


def pin_context(imsi: str) -> str:
    """What binds a sealed PIN to its subscriber."""
    return f"subscriber/{imsi}/pin"


def values_context(imsi: str) -> str:
    """What binds sealed values to their subscriber."""
    return f"subscriber/{imsi}/values"


def push_context(push_id: int) -> str:
    """What binds sealed secrets to their push."""
    return f"push/{push_id}"
