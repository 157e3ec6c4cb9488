"""Pairs that are SET, packed: what was learned of a SIM in a device, in 34 octets of memory a pair.

A page is octets: records of 32, in the order they were learned. The checksum of the IMSI finds the page, so the pages
of a bucket are those whose number leaves its remainder; a search in the octets finds the record. A full page lets go of
what it learned first.

    octets   8        7        1          8      8
             IMSI     device   software   push   until
             BCD      BCD      version           milliseconds
"""

import struct
import zlib
from typing import NamedTuple

from tps.decisions.identities import BUCKETS

_IMSI, _KEY, _RECORD = 8, 15, 32
_RECORDS = 32
"""Records in a page."""
_REST = struct.Struct(">Bqq")
_NO_VERSION = 255


class SetPair(NamedTuple):
    """A SIM in its newest device, which holds its settings."""

    imsi: str
    device: str
    software_version: str | None
    push_id: int
    """The delivered push that holds the pair's key."""
    until: int
    """From this moment on (milliseconds since 1970-01-01 UTC) a sighting is to be written again."""


class SetPairs:
    """The pairs learned last, one of each subscriber; `capacity` of them, rounded up to whole pages, 0 for none."""

    def __init__(self, capacity: int) -> None:
        self._count = -(-capacity // (_RECORDS * BUCKETS)) * BUCKETS
        self._pages = [b""] * self._count

    def __len__(self) -> int:
        return sum(map(len, self._pages)) // _RECORD

    @property
    def capacity(self) -> int:
        """The most pairs that are held; 0: nothing is ever learned."""
        return self._count * _RECORDS

    def find(self, imsi: str, device: str, software_version: str | None, seen_at: int) -> int | None:
        """The push that holds the pair's key, where this sighting changes nothing; else None."""
        page = self._pages[zlib.crc32(imsi.encode()) % self._count]
        key = bytes.fromhex(imsi.rjust(2 * _IMSI, "f") + device)
        at = page.find(key)
        while at % _RECORD:
            if at < 0:
                return None
            at = page.find(key, at + 1)
        version: int
        push_id: int
        until: int
        version, push_id, until = _REST.unpack_from(page, at + _KEY)
        if seen_at >= until or (software_version is not None and int(software_version) != version):
            return None
        return push_id

    def learn(self, pair: SetPair) -> None:
        """Hold this pair, instead of what was known of its subscriber."""
        self.forget(pair.imsi)
        number = zlib.crc32(pair.imsi.encode()) % self._count
        key = bytes.fromhex(pair.imsi.rjust(2 * _IMSI, "f") + pair.device)
        version = _NO_VERSION if pair.software_version is None else int(pair.software_version)
        page = self._pages[number] + key + _REST.pack(version, pair.push_id, pair.until)
        self._pages[number] = page[-_RECORDS * _RECORD :]

    def forget(self, imsi: str) -> None:
        """Know nothing of this subscriber."""
        number = zlib.crc32(imsi.encode()) % self._count
        page = self._pages[number]
        key = bytes.fromhex(imsi.rjust(2 * _IMSI, "f"))
        at = page.find(key)
        while at >= 0:
            if at % _RECORD == 0:
                self._pages[number] = page[:at] + page[at + _RECORD :]
                return
            at = page.find(key, at + 1)

    def forget_bucket(self, bucket: int) -> None:
        """Know nothing of the subscribers of this bucket."""
        for number in range(bucket, self._count, BUCKETS):
            self._pages[number] = b""
