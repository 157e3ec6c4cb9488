"""Packed pairs: never another answer than a plain dictionary, never more of them than there is room for."""

import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tps.decisions.identities import BUCKETS, bucket_of, check_digit
from tps.decisions.set_pairs import IN_DOUBT, SetPair, SetPairs

imsis = st.integers(0, 30).map(lambda number: f"00101{number:010}") | st.text("0123456789", min_size=6, max_size=15)
devices = st.integers(0, 3).map(lambda number: f"35690901{number:06}") | st.text("0123", min_size=14, max_size=14)
versions = st.none() | st.sampled_from(["00", "01", "99"])
times = st.integers(-5, 5) | st.integers(1_800_000_000_000, 1_800_000_000_005)
ids = st.integers(0, (1 << 63) - 1)
learned = st.builds(SetPair, imsis, devices, versions, ids | st.none(), times, times, st.booleans())


class AsADictionary(RuleBasedStateMachine):
    """The same is done to packed pairs and to a dictionary; there is room for all."""

    def __init__(self) -> None:
        super().__init__()
        self.left: list[tuple[str, str, int]] = []
        self.packed = SetPairs(100_000, lambda *left: self.left.append(left))
        self.plain: dict[str, SetPair] = {}

    @rule(pair=learned)
    def learn(self, pair: SetPair) -> None:
        self.packed.learn(pair)
        before = self.plain.get(pair.imsi)
        if before is not None and before.device == pair.device:
            pair = pair._replace(seen_at=max(pair.seen_at, before.seen_at))
        elif before is not None:
            self.was_left(before)
        self.plain[pair.imsi] = pair

    def was_left(self, pair: SetPair) -> None:
        """When a pair was seen last is told, once, when it goes."""
        assert self.left == [(pair.device, pair.imsi, pair.seen_at)]
        self.left.clear()

    @rule(imsi=imsis, device=devices, trusts=st.booleans())
    def doubt_or_trust(self, imsi: str, device: str, trusts: bool) -> None:
        (self.packed.trust if trusts else self.packed.doubt)(imsi, device)
        if imsi in self.plain and self.plain[imsi].device == device:
            self.plain[imsi] = self.plain[imsi]._replace(is_beyond_doubt=trusts)

    @rule()
    def doubt_all(self) -> None:
        self.packed.doubt_all()
        self.plain = {imsi: pair._replace(is_beyond_doubt=False) for imsi, pair in self.plain.items()}

    @rule(imsi=imsis)
    def forget(self, imsi: str) -> None:
        self.packed.forget(imsi)
        if imsi in self.plain:
            self.plain[imsi] = self.plain[imsi]._replace(push_id=None)

    @rule(imsi=imsis)
    def drop(self, imsi: str) -> None:
        self.packed.drop(imsi)
        if imsi in self.plain:
            self.was_left(self.plain.pop(imsi))

    @rule(bucket=st.integers(0, BUCKETS - 1))
    def forget_bucket(self, bucket: int) -> None:
        self.packed.forget_bucket(bucket)
        for imsi, pair in self.plain.items():
            if bucket_of(imsi) == bucket:
                self.plain[imsi] = pair._replace(push_id=None)

    @rule(
        imsi=imsis,
        device=devices,
        rest=st.just("") | versions.filter(bool) | st.sampled_from("0123456789"),
        seen_at=times,
        is_judged=st.booleans(),
    )
    def find(self, imsi: str, device: str, rest: str, seen_at: int, is_judged: bool) -> None:
        known = self.plain.get(imsi)
        expected = None
        if known is not None and known.device == device and seen_at < known.until:
            expected = known.push_id if len(rest) < 2 or rest == known.software_version else None
        if known is not None and expected is not None and not is_judged:
            is_right = len(rest) != 1 or rest in ("0", check_digit(device))
            expected = expected if known.is_beyond_doubt and is_right else IN_DOUBT
        assert self.packed.find(imsi, device + rest, seen_at, is_judged=is_judged) == expected
        if known is not None and expected not in (None, IN_DOUBT):
            self.plain[imsi] = known._replace(seen_at=max(known.seen_at, seen_at))

    @invariant()
    def all_are_found(self) -> None:
        assert len(self.packed) == len(self.plain)
        for imsi, pair in self.plain.items():
            assert self.packed.newest(imsi) == (pair.seen_at, pair.device, None)
            early = min(pair.until, pair.seen_at) - 1
            imei = pair.device + (pair.software_version or "")
            assert self.packed.find(imsi, imei, early, is_judged=True) == pair.push_id

    @rule(imsi=imsis)
    def newest(self, imsi: str) -> None:
        known = self.plain.get(imsi)
        assert self.packed.newest(imsi) == (None if known is None else (known.seen_at, known.device, None))


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
    packed.learn(SetPair(before, "35690901000000", None, 1, 9, 0xFF))
    packed.learn(SetPair(long, "35690901000000", None, 2, 9, 0))
    assert packed.find(short, f"{long[-2:]}356909010000", 0, is_judged=True) is None
    packed.forget(short)
    assert packed.find(before, "35690901000000", 0, is_judged=True) == 1
    assert packed.find(long, "35690901000000", 0, is_judged=True) == 2
    packed.learn(SetPair(short, f"{long[-2:]}356909010000", None, 3, 9, 0))
    assert packed.find(short, f"{long[-2:]}356909010000", 0, is_judged=True) == 3


def test_when_there_is_no_room_what_was_learned_first_goes() -> None:
    packed = SetPairs(2048)
    assert packed.capacity == 2048
    pairs = [SetPair(f"00101{number:010}", "35690901000000", None, number, 9, 0) for number in range(10_000)]
    for pair in pairs:
        packed.learn(pair)
    held = [pair for pair in pairs if packed.find(pair.imsi, pair.device, 0, is_judged=True) is not None]
    assert len(held) == len(packed) <= 2048
    assert min(pair.push_id or 0 for pair in held) > 7000
    assert pairs[-1] in held


@pytest.mark.parametrize(("asked", "capacity"), [(0, 0), (1, 2048), (2048, 2048), (2049, 4096)])
def test_the_room_is_rounded_up_to_whole_pages(asked: int, capacity: int) -> None:
    assert SetPairs(asked).capacity == capacity


def test_a_full_page_takes_44_octets_a_pair() -> None:
    packed = SetPairs(2048)
    for number in range(10_000):
        packed.learn(SetPair(f"00101{number:010}", "35690901000000", None, number, 9, 0))
    assert len(packed) == 2048
    assert (
        sum(map(sys.getsizeof, packed._pages)) + sys.getsizeof(packed._pages) + sys.getsizeof(packed._page_ages)
        < 44 * 2048
    )


def test_what_was_seen_outlives_what_was_claimed() -> None:
    packed = SetPairs(1)
    packed.learn(SetPair("001010000000001", "35690901000000", None, 7, 100, 10))
    assert packed.find("001010000000001", "35690901000000", 20, is_judged=True) == 7
    packed.forget_bucket(bucket_of("001010000000001"))
    assert packed.find("001010000000001", "35690901000000", 30, is_judged=True) is None
    assert packed.newest("001010000000001") == (20, "35690901000000", None)
    packed.learn(SetPair("001010000000001", "35690901000000", None, 8, 100, 15))
    assert packed.newest("001010000000001") == (20, "35690901000000", None)
    packed.learn(SetPair("001010000000001", "35690901000001", None, 9, 100, 15))
    assert packed.newest("001010000000001") == (15, "35690901000001", None)


def test_without_room_nothing_is_known() -> None:
    assert SetPairs(0).newest("001010000000001") is None


def test_what_goes_for_lack_of_room_is_told() -> None:
    left: list[tuple[str, str, int]] = []
    packed = SetPairs(2048, lambda *each: left.append(each))
    pairs = [SetPair(f"00101{number:010}", "35690901000000", None, number, 9, number) for number in range(10_000)]
    for pair in pairs:
        packed.learn(pair)
    held = {pair.imsi for pair in pairs if packed.newest(pair.imsi) is not None}
    gone = [pair for pair in pairs if pair.imsi not in held]
    assert sorted(left) == sorted((pair.device, pair.imsi, pair.seen_at) for pair in gone)
    assert len(gone) > 7000
