"""Packed pairs: never another answer than a plain dictionary, never more of them than there is room for."""

import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tps.decisions.identities import BUCKETS, bucket_of
from tps.decisions.set_pairs import SetPair, SetPairs

imsis = st.integers(0, 30).map(lambda number: f"00101{number:010}") | st.text("0123456789", min_size=6, max_size=15)
devices = st.integers(0, 3).map(lambda number: f"35690901{number:06}") | st.text("0123", min_size=14, max_size=14)
versions = st.none() | st.sampled_from(["00", "01", "99"])
times = st.integers(-5, 5) | st.integers(1_800_000_000_000, 1_800_000_000_005)
ids = st.integers(0, (1 << 63) - 1)
learned = st.builds(SetPair, imsis, devices, versions, ids, times)


class AsADictionary(RuleBasedStateMachine):
    """The same is done to packed pairs and to a dictionary; there is room for all."""

    def __init__(self) -> None:
        super().__init__()
        self.packed = SetPairs(100_000)
        self.plain: dict[str, SetPair] = {}

    @rule(pair=learned)
    def learn(self, pair: SetPair) -> None:
        self.packed.learn(pair)
        self.plain[pair.imsi] = pair

    @rule(imsi=imsis)
    def forget(self, imsi: str) -> None:
        self.packed.forget(imsi)
        self.plain.pop(imsi, None)

    @rule(bucket=st.integers(0, BUCKETS - 1))
    def forget_bucket(self, bucket: int) -> None:
        self.packed.forget_bucket(bucket)
        self.plain = {imsi: pair for imsi, pair in self.plain.items() if bucket_of(imsi) != bucket}

    @rule(imsi=imsis, device=devices, version=versions, seen_at=times)
    def find(self, imsi: str, device: str, version: str | None, seen_at: int) -> None:
        known = self.plain.get(imsi)
        is_held = (
            known is not None
            and known.device == device
            and seen_at < known.until
            and version in (None, known.software_version)
        )
        expected = known.push_id if known is not None and is_held else None
        assert self.packed.find(imsi, device, version, seen_at) == expected

    @invariant()
    def all_are_found(self) -> None:
        assert len(self.packed) == len(self.plain)
        for pair in self.plain.values():
            assert self.packed.find(pair.imsi, pair.device, pair.software_version, pair.until - 1) == pair.push_id


TestAsADictionary = AsADictionary.TestCase
TestAsADictionary.settings = settings(max_examples=60, stateful_step_count=40)


@given(st.lists(learned, min_size=1, max_size=50))
def test_one_pair_of_each_subscriber_is_held(pairs: list[SetPair]) -> None:
    packed = SetPairs(1)
    for pair in pairs:
        packed.learn(pair)
    assert len(packed) == len({pair.imsi for pair in pairs})


def test_what_looks_like_a_record_across_the_border_of_two_is_none() -> None:
    # 12345678 in device 35..., one octet earlier, reads like 123456 in device 7835...
    short, long = next(
        (f"{number:06}", f"{number:06}{more:02}")
        for number in range(1000)
        for more in range(100)
        if bucket_of(f"{number:06}") == bucket_of(f"{number:06}{more:02}")
    )
    before = next(text for text in map(str, range(10**8, 10**9)) if bucket_of(text) == bucket_of(short))
    packed = SetPairs(1)
    packed.learn(SetPair(before, "35690901000000", None, 1, 0xFF))
    packed.learn(SetPair(long, "35690901000000", None, 2, 9))
    assert packed.find(short, f"{long[-2:]}356909010000", None, 0) is None
    packed.forget(short)
    assert packed.find(before, "35690901000000", None, 0) == 1
    assert packed.find(long, "35690901000000", None, 0) == 2
    packed.learn(SetPair(short, f"{long[-2:]}356909010000", None, 3, 9))
    assert packed.find(short, f"{long[-2:]}356909010000", None, 0) == 3


def test_when_there_is_no_room_what_was_learned_first_goes() -> None:
    packed = SetPairs(2048)
    assert packed.capacity == 2048
    pairs = [SetPair(f"00101{number:010}", "35690901000000", None, number, 9) for number in range(10_000)]
    for pair in pairs:
        packed.learn(pair)
    held = [pair for pair in pairs if packed.find(pair.imsi, pair.device, None, 0) is not None]
    assert len(held) == len(packed) <= 2048
    assert min(pair.push_id for pair in held) > 7000
    assert pairs[-1] in held


@pytest.mark.parametrize(("asked", "capacity"), [(0, 0), (1, 2048), (2048, 2048), (2049, 4096)])
def test_the_room_is_rounded_up_to_whole_pages(asked: int, capacity: int) -> None:
    assert SetPairs(asked).capacity == capacity


def test_a_full_page_takes_34_octets_a_pair() -> None:
    packed = SetPairs(2048)
    for number in range(10_000):
        packed.learn(SetPair(f"00101{number:010}", "35690901000000", None, number, 9))
    assert len(packed) == 2048
    assert sum(map(sys.getsizeof, packed._pages)) + sys.getsizeof(packed._pages) < 34.5 * 2048
