"""What the simulated SMSC accepted, one line of JSON for each submit_sm, in a file that outlives its process.

A line is in the file before its message is answered, so the record knows of every message that anybody was told of,
and of those whose answer was lost. It is handed to the operating system, not forced to the disk: it survives the end
of the process, however sudden.
"""

import hashlib
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from tps.sim.handset_decoder import UserData, decode_user_data
from tps.sim.handset_octets import DecodeError
from tps.sim.smsc_pdus import ESM_CLASS_UDHI, SubmitSm, Tag

_DIGEST_OCTETS = 8
_TAIL_OCTETS = 4096
"""More than the longest line has: address and message id are bounded by SMPP 3.4."""


class RecordError(Exception):
    """The file cannot be written, or is no record."""


class Accepted(NamedTuple):
    """A submit_sm that was taken, with its message number and the message_id that the SMSC makes of it."""

    number: int
    message_id: bytes
    submitted: SubmitSm


class RecordLine(msgspec.Struct, frozen=True):
    """One accepted submit_sm."""

    at_ms: int
    """Milliseconds since 1970-01-01 UTC."""
    number: int
    """Counts the messages of this record."""
    message_id: str
    """As in the submit_sm_resp."""
    destination: str
    reference: int
    """Of the segmented message this part belongs to; 0 for a message in one piece."""
    part: int
    """From 1."""
    parts: int
    payload: str
    """Hash of the user data after its header: the same part of the same document has the same in every attempt."""


class RecordFile:
    """Appends to a record; `RecordError` when the file cannot be written or holds something else."""

    def __init__(self, path: Path) -> None:
        self._encoder = msgspec.json.Encoder()
        try:
            self._file = path.open("a+b", buffering=0)
        except OSError as error:
            raise RecordError(f"{path}: {error.strerror}") from error
        try:
            self.last_number = self._mend()
        except RecordError:
            self._file.close()
            raise
        """Of the last message in it, None in a new file."""

    def _mend(self) -> int | None:
        """The last number; a line that a sudden end left unfinished is taken away, as it was never answered."""
        size = self._file.seek(0, 2)
        self._file.seek(max(0, size - _TAIL_OCTETS))
        tail = self._file.read()
        whole = tail.rfind(b"\n") + 1
        if not whole and tail:
            raise RecordError("no record of an SMSC: its last line does not end")
        self._file.truncate(size - len(tail) + whole)
        lines = tail[:whole].splitlines()
        return _line(lines[-1]).number if lines else None

    def write(self, batch: Sequence[Accepted]) -> None:
        """Append messages in one write."""
        at_ms = time.time_ns() // 1_000_000
        self._file.write(self._encoder.encode_lines([_line_of(each, at_ms) for each in batch]))

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def read_record(path: Path) -> Iterator[RecordLine]:
    """The whole lines of a record, in the order in which the messages were accepted; may raise `RecordError`."""
    with path.open("rb") as file:
        for line in file:
            if line.endswith(b"\n"):
                yield _line(line)


def _line(octets: bytes) -> RecordLine:
    try:
        return msgspec.json.decode(octets, type=RecordLine)
    except msgspec.DecodeError as error:
        raise RecordError(f"no record of an SMSC: {error}") from error


def _line_of(accepted: Accepted, at_ms: int) -> RecordLine:
    submitted = accepted.submitted
    part = _user_data(submitted)
    return RecordLine(
        at_ms,
        accepted.number,
        accepted.message_id.decode(),
        submitted.destination,
        part.reference & 0xFFFF,
        part.number,
        part.total,
        hashlib.blake2b(part.payload, digest_size=_DIGEST_OCTETS).hexdigest(),
    )


def _user_data(submitted: SubmitSm) -> UserData:
    """The part, numbered by its header or by the sar parameters (SMPP 3.4 clauses 5.3.2.22 to 5.3.2.24)."""
    tlvs = submitted.tlvs
    if Tag.SAR_MSG_REF_NUM in tlvs:
        return UserData(
            submitted.octets,
            reference=int.from_bytes(tlvs[Tag.SAR_MSG_REF_NUM], "big"),
            number=int.from_bytes(tlvs.get(Tag.SAR_SEGMENT_SEQNUM, b"\1"), "big"),
            total=int.from_bytes(tlvs.get(Tag.SAR_TOTAL_SEGMENTS, b"\1"), "big"),
        )
    if submitted.esm_class & ESM_CLASS_UDHI:
        try:
            return decode_user_data(submitted.octets)
        except DecodeError:
            return UserData(submitted.octets)
    return UserData(submitted.octets)
