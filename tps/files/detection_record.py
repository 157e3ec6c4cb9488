"""One detection of a file: which SIM was seen in which device, and when; and what its columns are called.

Only the form of the file is judged here. Whether an identity can be one says the server, as for every other detection.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final, NamedTuple

from tps.errors import RejectedError
from tps.files.csv_cells import verify_not_rounded

FIELDS: Final = ("imsi", "imei", "msisdn", "seen_at")
_EPOCH_DIGITS: Final = {10: 1, 13: 1000}
"""Digits of a time since 1970 -> parts of a second that it counts."""


class Record(NamedTuple):
    """A SIM seen in a device, in the words of the file. One of `imsi` and `msisdn` names the SIM."""

    imsi: str | None
    imei: str
    msisdn: str | None
    seen_at: str | None
    """With its time zone (RFC 3339); None: now."""

    def __repr__(self) -> str:
        """Without the identities: who was seen where belongs in no log."""
        return f"Record(seen_at={self.seen_at!r})"


class Row(NamedTuple):
    """One line of a file."""

    line: int
    read: Record | RejectedError


def mapping_of(words: str) -> dict[str, str]:
    """Field -> name in the file, from text such as "imsi=SUBSCRIBER,imei=EQUIPMENT"."""
    mapping: dict[str, str] = {}
    for word in filter(None, words.split(",")):
        field, equals, name = word.partition("=")
        if field not in FIELDS or not equals or not name:
            raise RejectedError("map", f"FIELD=COLUMN expected, FIELD one of {', '.join(FIELDS)}; got {word!r}")
        if field in mapping:
            raise RejectedError("map", f"{field} is given twice")
        mapping[field] = name
    return mapping


def named(mapping: Mapping[str, str]) -> dict[str, str]:
    """Field -> name in the file for all fields: those not in the mapping are called as they are."""
    return {field: mapping.get(field, field) for field in FIELDS}


def record_of(texts: Mapping[str, str]) -> Record:
    """The detection that these texts by field are; empty ones are not there. `RejectedError` names the field."""
    for field in ("imsi", "imei", "msisdn"):
        verify_not_rounded(field, texts.get(field, ""))
    imei = texts.get("imei", "")
    if not imei:
        raise RejectedError("imei", "empty: an IMEI of 14 or 15 digits or an IMEISV of 16 expected")
    imsi, msisdn = texts.get("imsi") or None, texts.get("msisdn") or None
    if imsi is None and msisdn is None:
        raise RejectedError("imsi", "empty, and msisdn too: one of them names the SIM")
    seen_at = texts.get("seen_at", "")
    return Record(imsi, imei, msisdn, _moment(seen_at) if seen_at else None)


def _moment(text: str) -> str:
    try:
        if text.isascii() and text.isdigit() and len(text) in _EPOCH_DIGITS:
            return datetime.fromtimestamp(int(text) / _EPOCH_DIGITS[len(text)], UTC).isoformat()
        at = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        at = None
    if at is None or at.tzinfo is None:
        raise RejectedError(
            "seen_at",
            "a time with its zone expected, such as 2026-03-01T12:00:00Z or 2026-03-01 13:00:00+01:00, "
            f"or seconds or milliseconds since 1970; got {text[:40]!r}",
        )
    return at.isoformat()
