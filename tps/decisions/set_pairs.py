"""Pairs seen lately, packed: a SIM in its newest device, whether that is SET, and when it was seen last.

A page is octets: records of 41, in the order they were learned. The checksum of the IMSI finds the page, so the pages
of a bucket are those whose number leaves its remainder; a search in the octets finds the record. A full page lets go of
what it learned first.

    octets   8        7        1          1         8                   8               8
             IMSI     device   software   check     push, negative:     until           seen
             BCD      BCD      version    digit     not known as SET    milliseconds    milliseconds

That a pair is SET is a claim, and void once its subscriber was changed. That it was seen at a moment stays true,
whatever was changed since: so that stays, unless his devices were forgotten.

A pair is beyond doubt where the digits of the device raise none, and it was seen in no other SIM: then its next
sighting needs no judgement, and nobody is told of it but this record. Only such a pair has a check digit here.
"""

import struct
from array import array
from collections.abc import Callable
from typing import Final, NamedTuple
from zlib import crc32

from tps.decisions.device_changes import SeenDevice
from tps.decisions.identities import BUCKETS, SPARE_DIGIT, check_digit

IN_DOUBT: Final = -1
"""Instead of a push: the pair is known, but its sighting is to be judged before it is answered."""

_IMSI, _KEY, _RECORD = 8, 15, 41
_RECORDS = 32
"""Records in a page."""
_REST = struct.Struct(">BBqqq")
_unpack_rest = _REST.unpack_from
_PUSH = struct.Struct(">q")
_SEEN = struct.Struct(">q")
_CHECK_AT, _PUSH_AT, _SEEN_AT = _KEY + 1, _KEY + 2, _RECORD - 8
_NO_VERSION = _NO_CHECK = 255
_NUMBERS = {str(number): number for number in range(10)} | {f"{number:02}": number for number in range(100)}
"""Check digits and software versions by their digits: a look-up takes a third of what `int` does."""
_NOT_SET = -1


class SetPair(NamedTuple):
    """A SIM in its newest device."""

    imsi: str
    device: str
    software_version: str | None
    push_id: int | None
    """The delivered push that holds the pair's key; None: not known as SET."""
    until: int
    """From this moment on (milliseconds since 1970-01-01 UTC) a sighting is to be written again."""
    seen_at: int
    """When it was seen last, as far as is known."""
    is_beyond_doubt: bool = False
    """Its next sighting needs no judgement."""


def _nobody_is_told(device: str, imsi: str, seen_at: int) -> None:
    """Take no notice."""


class SetPairs:
    """The pairs learned last, one of each subscriber; `capacity` of them, rounded up to whole pages, 0 for none."""

    def __init__(self, capacity: int, left: Callable[[str, str, int], object] = _nobody_is_told) -> None:
        """`left` is told of each pair that is no longer held: device, IMSI, and when it was seen last."""
        self._left = left
        self._count = -(-capacity // (_RECORDS * BUCKETS)) * BUCKETS
        self._pages = [bytearray()] * self._count  # one for all of them: a page that learns is made anew
        self._ages = [0] * BUCKETS
        self._page_ages = array("Q", bytes(8 * self._count))
        """The claims of a page that has another age than its bucket are void."""

    def __len__(self) -> int:
        return sum(map(len, self._pages)) // _RECORD

    @property
    def capacity(self) -> int:
        """The most pairs that are held; 0: nothing is ever learned."""
        return self._count * _RECORDS

    def find(self, imsi: str, imei: str, seen_at: int, *, is_judged: bool = False) -> int | None:
        """The push that holds the pair's key, where this sighting changes nothing; it is remembered then. Else None.

        `imei` of 14 to 16 digits. `IN_DOUBT` where it is to be judged first, and was not.
        """
        number = crc32(imsi.encode()) % self._count
        page = self._pages[number]
        key = bytes.fromhex(imsi.rjust(2 * _IMSI, "f") + imei[:14])
        at = page.find(key)
        while at % _RECORD:
            if at < 0:
                return None
            at = page.find(key, at + 1)
        if self._page_ages[number] != self._ages[number % BUCKETS]:
            return None
        version: int
        check: int
        push_id: int
        until: int
        seen: int
        version, check, push_id, until, seen = _unpack_rest(page, at + _KEY)
        rest = imei[14:]
        if push_id < 0 or seen_at >= until or (len(rest) == 2 and _NUMBERS[rest] != version):
            return None
        if not is_judged and (
            check == _NO_CHECK or (len(rest) == 1 and rest != SPARE_DIGIT and _NUMBERS[rest] != check)
        ):
            return IN_DOUBT
        if seen_at > seen:
            _SEEN.pack_into(page, at + _SEEN_AT, seen_at)
        return push_id

    def newest(self, imsi: str) -> SeenDevice | None:
        """The device that this subscriber was last known in, and when he was seen there; None: nothing is known."""
        page = self._pages[crc32(imsi.encode()) % self._count] if self._count else bytearray()
        at = _place_of(page, imsi)
        if at < 0:
            return None
        seen_at: int
        (seen_at,) = _SEEN.unpack_from(page, at + _SEEN_AT)
        return SeenDevice(seen_at, page[at + _IMSI : at + _KEY].hex())

    def learn(self, pair: SetPair) -> None:
        """Hold this pair, instead of what was known of its subscriber. Of a device it knows it never unlearns when."""
        number = crc32(pair.imsi.encode()) % self._count
        page = self._valid(number)
        key = bytes.fromhex(pair.imsi.rjust(2 * _IMSI, "f") + pair.device)
        seen_at = pair.seen_at
        at = _place_of(page, pair.imsi)
        if at >= 0:
            if page.startswith(key, at):
                seen_at = max(seen_at, *_SEEN.unpack_from(page, at + _SEEN_AT))
            else:
                self._tell_left(page, at)
            page = page[:at] + page[at + _RECORD :]
        if len(page) == _RECORDS * _RECORD:
            self._tell_left(page, 0)
            del page[:_RECORD]
        version = _NO_VERSION if pair.software_version is None else int(pair.software_version)
        check = int(check_digit(pair.device)) if pair.is_beyond_doubt else _NO_CHECK
        push_id = _NOT_SET if pair.push_id is None else pair.push_id
        self._pages[number] = page + key + _REST.pack(version, check, push_id, pair.until, seen_at)

    def trust(self, imsi: str, device: str) -> None:
        """This pair is beyond doubt, if it is known."""
        self._mark(imsi, device, int(check_digit(device)))

    def doubt(self, imsi: str, device: str) -> None:
        """The next sighting of this pair is to be judged."""
        self._mark(imsi, device, _NO_CHECK)

    def doubt_all(self) -> None:
        """The next sighting of each pair is to be judged."""
        for page in self._pages:
            page[_CHECK_AT::_RECORD] = bytes((_NO_CHECK,)) * (len(page) // _RECORD)

    def _mark(self, imsi: str, device: str, check: int) -> None:
        page = self._pages[crc32(imsi.encode()) % self._count] if self._count else bytearray()
        at = _place_of(page, imsi)
        if at >= 0 and page.startswith(bytes.fromhex(device), at + _IMSI):
            page[at + _CHECK_AT] = check

    def forget(self, imsi: str) -> None:
        """Whether this subscriber's pair is SET is not known any more."""
        number = crc32(imsi.encode()) % self._count
        page = self._pages[number]
        at = _place_of(page, imsi)
        if at >= 0:
            _PUSH.pack_into(page, at + _PUSH_AT, _NOT_SET)

    def drop(self, imsi: str) -> None:
        """Nothing is known of this subscriber any more, not even when he was seen."""
        number = crc32(imsi.encode()) % self._count
        page = self._pages[number]
        at = _place_of(page, imsi)
        if at >= 0:
            self._tell_left(page, at)
            self._pages[number] = page[:at] + page[at + _RECORD :]

    def forget_bucket(self, bucket: int) -> None:
        """Whether the pairs of this bucket's subscribers are SET is not known any more."""
        self._ages[bucket] += 1

    def _tell_left(self, page: bytearray, at: int) -> None:
        (seen_at,) = _SEEN.unpack_from(page, at + _SEEN_AT)
        self._left(page[at + _IMSI : at + _KEY].hex(), page[at : at + _IMSI].hex().lstrip("f"), seen_at)

    def _valid(self, number: int) -> bytearray:
        """The page with no claim that is void."""
        page, age = self._pages[number], self._ages[number % BUCKETS]
        if self._page_ages[number] != age:
            for at in range(0, len(page), _RECORD):
                _PUSH.pack_into(page, at + _PUSH_AT, _NOT_SET)
            self._page_ages[number] = age
        return page


def _place_of(page: bytearray, imsi: str) -> int:
    """Where the record of this subscriber begins; -1: there is none."""
    key = bytes.fromhex(imsi.rjust(2 * _IMSI, "f"))
    at = page.find(key)
    while at % _RECORD and at >= 0:
        at = page.find(key, at + 1)
    return at
