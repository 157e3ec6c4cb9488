"""Delivery receipts of an SMSC as values, and the forms in which a message id may come back.

SMPP 3.4 leaves the text of a receipt to the vendor and only shows an example (appendix B): fields come in any order and
case, and any of them may be missing. The optional parameters of a receipt (clauses 5.3.2.12, 5.3.2.31 and 5.3.2.35) are
typed, so they win over the text.
"""

import re
from collections.abc import Mapping
from typing import Literal, Protocol

import msgspec

MessageIdForm = Literal["auto", "same", "hex", "decimal"]
"""How the id in a receipt relates to the one in the submit_sm_resp: same text; the response is hex and the receipt
decimal; the response is decimal and the receipt hex; auto tries all of them."""

# Clause 5.2.28 (message_state) with the words of appendix B; all but ENROUTE end a message by the standard.
# Deviation: ACCEPTD is taken as intermediate, because chained SMSCs send it on hand-over and DELIVRD or UNDELIV later.
_STATES = ("ENROUTE", "DELIVRD", "EXPIRED", "DELETED", "UNDELIV", "ACCEPTD", "UNKNOWN", "REJECTD")
_BY_NUMBER: Mapping[int | None, str] = dict(enumerate(_STATES, start=1))
_INTERMEDIATE = frozenset({"ENROUTE", "ACCEPTD"})
# The first four letters tell the states apart, also in spellings such as DELIVERED, UNDELIVERABLE or REJECTED.
_BY_BEGINNING = {state[:4]: state for state in _STATES}

_ID = re.compile(rb"\bid:\s*(\S+)", re.IGNORECASE)
_STATE = re.compile(rb"\bstat:\s*(\w+)", re.IGNORECASE)
_ERROR = re.compile(rb"\berr:\s*(\w+)", re.IGNORECASE)
_UINT64_MAX = 0xFFFF_FFFF_FFFF_FFFF
_DECIMAL = re.compile(r"[0-9]{1,20}")
_HEX = re.compile(r"[0-9a-f]{1,16}")

POSITIVE = frozenset({"DELIVRD"})
"""The states that say a part has reached the handset."""
MESSAGE_ID_MAX = 65
"""Characters of an id that tell it from others (clause 5.3.2.12); what a peer writes beyond is cut off."""
ERROR_MAX = 32
"""Characters of an error code that are kept."""
VENDOR_TAGS = range(0x1400, 0x4000)
"""Tags that belong to the vendor of the SMSC (clause 5.3.2, table 5-7)."""
VENDOR_MAX = 200
"""Characters of a vendor's parameters that are kept."""


class Report(Protocol):
    """What is said about one message, fresh from a link or after it was parked on the disk."""

    @property
    def route(self) -> str:
        """Name of the route it came by."""

    @property
    def message_id(self) -> str:
        """As the SMSC wrote it, or its normal form."""

    @property
    def state(self) -> str:
        """DELIVRD, UNDELIV, ..."""

    @property
    def destination(self) -> str:
        """The handset's number."""

    @property
    def final(self) -> bool:
        """True when nothing more will come for this message."""

    @property
    def error(self) -> str:
        """The SMSC's error code, or empty."""

    @property
    def vendor(self) -> str:
        """The vendor's own parameters, see `vendor_parameters`."""


class Receipt(msgspec.Struct, frozen=True, gc=False):
    """What an SMSC says about one message it accepted earlier."""

    route: str
    """Name of the route it came by."""
    message_id: str
    """As the SMSC wrote it; empty when neither parameter nor text tells. Look it up by `id_candidates`."""
    state: str
    """DELIVRD, EXPIRED, DELETED, UNDELIV, ACCEPTD, UNKNOWN, REJECTD or ENROUTE; an unreadable state is UNKNOWN."""
    destination: str
    """The handset's number: source_addr of the deliver_sm."""
    final: bool
    """True when nothing more will come for this message."""
    token: tuple[int, int]
    """Tells the route which deliver_sm to acknowledge."""
    text: bytes
    """short_message as it came; it may repeat the beginning of what was sent, so it is never logged."""
    network_error_code: bytes | None
    """The optional parameter as it came (clause 5.3.2.31)."""
    vendor: str = ""
    """The vendor's own parameters, see `vendor_parameters`."""

    def __repr__(self) -> str:
        """Without the text."""
        return f"<Receipt {self.route} {self.message_id} {self.state}>"

    @property
    def error(self) -> str:
        """The SMSC's error code as text ("000" often means none), "type:code" from network_error_code, or empty.

        Read only when asked for: nobody asks of the many that say a message arrived.
        """
        code = self.network_error_code
        if code is not None and len(code) == 3:  # network type, and a code of 16 bits
            return f"{code[0]}:{int.from_bytes(code[1:], 'big')}"
        return _field(self.text, b"err:", _ERROR)[:ERROR_MAX].decode("latin-1")


def read_receipt(
    text: bytes,
    *,
    receipted_message_id: bytes | None = None,
    message_state: int | None = None,
    network_error_code: bytes | None = None,
    intermediate: bool = False,
    route: str = "",
    destination: str = "",
    token: tuple[int, int] = (0, 0),
    vendor: str = "",
) -> Receipt:
    """The receipt that `text` (short_message) and the optional parameters tell; any octets give one.

    `intermediate` is the message type of esm_class (clause 5.2.12): an intermediate notification is never final.
    """
    written = receipted_message_id or _field(text, b"id:", _ID)
    message_id = written.partition(b"\0")[0].decode("latin-1")  # no database takes a NUL in a text
    state, recognised = _state(text, message_state)
    final = recognised and not intermediate and state not in _INTERMEDIATE
    return Receipt(route, message_id, state, destination, final, token, text, network_error_code, vendor)


def _state(text: bytes, message_state: int | None) -> tuple[str, bool]:
    """State and whether it was recognised."""
    told = _BY_NUMBER.get(message_state)
    if told is not None:
        return told, True
    written = _field(text, b"stat:", _STATE)
    state = _BY_BEGINNING.get(written[:4].decode("latin-1").upper())
    return ("UNKNOWN", False) if state is None else (state, True)


def _field(text: bytes, name: bytes, pattern: re.Pattern[bytes]) -> bytes:
    """What the text says after a name; empty when it does not say it.

    Most often the name stands there but once: found by a plain search, which takes a fifth of the pattern's time.
    """
    place = text.lower().find(name)
    if place < 0:
        return b""
    found = pattern.match(text, place) or pattern.search(text, place)
    return found[1] if found else b""


def vendor_parameters(parameters: Mapping[int, bytes]) -> str:
    """The vendor's own optional parameters in hex, for people: "1401=0a0b 1402=7f"; cut at `VENDOR_MAX`."""
    if not parameters or max(parameters) < VENDOR_TAGS.start:
        return ""
    shown = [f"{tag:04x}={value[:VENDOR_MAX].hex()}" for tag, value in parameters.items() if tag in VENDOR_TAGS]
    return " ".join(shown)[:VENDOR_MAX]


def normal_form(message_id: str) -> str:
    """The one spelling to store and look up a message id by: lower case, no white space, no leading zeros."""
    # Nearly all ids are numbers, and have neither case nor white space.
    lower = message_id if message_id.isdecimal() else "".join(message_id.split()).lower()
    return (lower.lstrip("0") or lower[-1:])[:MESSAGE_ID_MAX]


def is_same_number(msisdn: str, destination: str) -> bool:
    """True unless the receipt names another handset: ids may collide, numbers do not. National forms end alike."""
    if destination == msisdn:
        return True
    digits = destination.lstrip("+0")
    return not digits or msisdn.endswith(digits) or digits.endswith(msisdn)


def id_candidates(message_id: str, form: MessageIdForm) -> tuple[str, ...]:
    """Normal forms that the response to the receipted message may have had, the likeliest first; empty for an empty id.

    Numbers above 64 bits (20 and more digits), UUIDs and other texts are never converted between decimal and hex.
    """
    same = normal_form(message_id)
    if not same:
        return ()
    match form:
        case "same":
            return (same,)
        case "hex":
            return (_as_hex(same) or same,)
        case "decimal":
            return (_as_decimal(same) or same,)
        case "auto":
            forms = (same, _as_hex(same), _as_decimal(same), normal_form(same.replace("-", "")))
            return tuple(dict.fromkeys(candidate for candidate in forms if candidate))


def likeliest_id(message_id: str, form: MessageIdForm) -> str:
    """The first of `id_candidates`, or empty; it costs a tenth of all of them where that is the id as it stands."""
    if form in ("auto", "same"):
        return normal_form(message_id)
    return next(iter(id_candidates(message_id, form)), "")


def _as_hex(same: str) -> str | None:
    """The hex text of a decimal number of at most 64 bits, else None."""
    if not _DECIMAL.fullmatch(same):
        return None
    number = int(same)
    return f"{number:x}" if number <= _UINT64_MAX else None


def _as_decimal(same: str) -> str | None:
    """The decimal text of a hex number of at most 64 bits, else None."""
    return str(int(same, 16)) if _HEX.fullmatch(same) else None
