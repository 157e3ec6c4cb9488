"""Instructions for a user whose device takes no settings by itself: a text for this model and language, as SMS."""

import re
from collections.abc import Mapping

from encoders import template
from encoders.errors import EncodeError
from encoders.sms_text import TextMessage, cheapest_alphabet, segment_text

_NOT_SHOWN = re.compile("[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f]")
"""Control characters other than line ends: no handset shows them, and one makes the whole text UCS-2."""


def filled(text: str, values: Mapping[str, str]) -> str:
    """`text` with its fields, such as {apn}, replaced; `EncodeError` names a field without a value."""
    try:
        return template.fill(text, values)
    except EncodeError as error:
        raise EncodeError(f"instructions: {error}") from error


def encode(text: str, values: Mapping[str, str], *, reference: int, wide: bool = False) -> TextMessage:
    """The text with its fields filled in, as 1 to 255 SMS in the cheaper alphabet.

    `reference` is 0 to 255, or to 65535 when `wide`. `sms_text` has the way back, and the TP-User-Data.
    """
    shown = filled(text, values)
    if not shown.strip():
        raise EncodeError("instructions: nothing to read; write a text")
    if found := _NOT_SHOWN.search(shown):
        raise EncodeError(f"instructions: character U+{ord(found[0]):04X} cannot be shown; take it out")
    return segment_text(shown, cheapest_alphabet(shown), reference=reference, wide=wide)
