"""Octets that are no UTF-8: one line of a file is refused for them, and those before and behind it are read."""

import io
import re
from typing import BinaryIO, Final, TextIO

from tps.errors import RejectedError

_ESCAPED: Final = re.compile("[\udc80-\udcff]")
"""What Python's `surrogateescape` makes of an octet that is no UTF-8; no octets that are come to the same."""
_ESCAPE: Final = 0xDC00


def text_of(octets: BinaryIO) -> TextIO:
    """The octets as text with line ends as they are; those that are no UTF-8 are for `verify` to find, line by line."""
    return io.TextIOWrapper(octets, "utf-8", errors="surrogateescape", newline="")


def verify(text: str) -> None:
    """Raise `RejectedError` where text of `text_of` holds an octet that was no UTF-8."""
    found = _ESCAPED.search(text)
    if found is not None:
        raise refusal(ord(found[0]) - _ESCAPE)


def refusal(octet: int) -> RejectedError:
    """Of a line that holds this octet, the first that does not belong."""
    return RejectedError("", f"not UTF-8: the octet 0x{octet:02X}; save the file as UTF-8")
