"""Messages that handsets send, told as lines of JSON: how a simulation of its own process is given them."""

import re
import threading
from collections.abc import Callable
from typing import TextIO

import msgspec

_SAME_IN_GSM_7_BIT = re.compile(r"[A-Za-z0-9 \r\n!\"#%&'()*+,\-./:;<=>?]*")
"""Characters with the same code in ASCII and in the default alphabet (3GPP TS 23.038 clause 6.2.1)."""
_GSM_7_BIT, _UCS_2 = 0, 8
_OCTETS_MAX = 254
"""SMPP 3.4 clause 5.2.22: sm_length."""


class InboundMessage(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One message from a handset: `text`, or `octets` in hex."""

    source: str
    """The handset's number."""
    destination: str
    """The short code."""
    text: str | None = None
    octets: str | None = None
    data_coding: int = 0
    """Of `octets`; that of a text follows from it."""
    protocol_id: int = 0
    has_header: bool = False
    """`octets` begin with a user data header."""

    def __post_init__(self) -> None:
        """Check what types cannot say."""
        if (self.text is None) == (self.octets is None):
            raise ValueError("either text or octets")
        if len(self.content[0]) > _OCTETS_MAX:
            raise ValueError(f"at most {_OCTETS_MAX} octets fit one deliver_sm")
        for number in (self.data_coding, self.protocol_id):
            if not 0 <= number <= 0xFF:
                raise ValueError("data_coding and protocol_id: 0 to 255")

    @property
    def content(self) -> tuple[bytes, int]:
        """Octets and data_coding."""
        if self.text is None:
            return bytes.fromhex(self.octets or ""), self.data_coding
        if _SAME_IN_GSM_7_BIT.fullmatch(self.text):
            return self.text.encode("ascii"), _GSM_7_BIT
        return self.text.encode("utf-16-be"), _UCS_2


def read_line(line: str) -> InboundMessage:
    """The message that a line tells; `ValueError` for any other line."""
    return msgspec.json.decode(line, type=InboundMessage)


def read_lines(lines: TextIO, take: Callable[[str], None]) -> None:
    """Give each line to `take`, in a thread that ends with the process: nobody knows when the next line comes."""

    def read() -> None:
        for line in lines:
            if line.strip():
                take(line)

    threading.Thread(target=read, name="sim-inbound", daemon=True).start()
