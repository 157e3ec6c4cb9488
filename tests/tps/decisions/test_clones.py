"""Clones: many SIMs in one device within a time, in bounded memory."""

from copy import copy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from tps.decisions.clones import CloneDetector
from tps.decisions.set_pairs import IN_DOUBT, SetPair, SetPairs

HOUR = 3_600_000
PHONE, OTHER = "35690901123456", "35690901999999"


def detector(sims_max: int = 2, capacity: int = 10) -> CloneDetector:
    return CloneDetector(sims_max=sims_max, window_ms=HOUR, capacity=capacity)


def test_one_sim_more_than_allowed_within_the_time_is_a_clone() -> None:
    seen = detector()
    assert [seen.note(PHONE, f"00101{sim}", sim) for sim in range(4)] == [False, False, True, True]


def test_one_sim_seen_often_is_no_clone() -> None:
    seen = detector()
    assert not any(seen.note(PHONE, "001011", at) for at in range(10))


def test_sims_one_after_the_other_over_a_long_time_are_no_clone() -> None:
    seen = detector()
    assert not any(seen.note(PHONE, f"00101{number}", number * HOUR) for number in range(10))


def test_a_clone_is_one_no_more_when_the_time_has_passed() -> None:
    seen = detector()
    assert [seen.note(PHONE, f"00101{sim}", 0) for sim in range(3)][-1]
    assert not seen.note(PHONE, "001010", HOUR)


def test_a_sim_that_keeps_being_seen_is_counted_by_its_newest_sighting() -> None:
    seen = detector()
    for at in (0, HOUR // 2, HOUR // 4, HOUR - 1):
        assert not seen.note(PHONE, "001010", at)
    assert not seen.note(PHONE, "001011", HOUR + HOUR // 2 - 1)
    assert seen.note(PHONE, "001012", 2 * HOUR - 2)
    assert not detector(sims_max=1).note(PHONE, "001010", 0)


def test_devices_are_counted_each_by_itself() -> None:
    seen = detector()
    assert not any(seen.note(device, f"00101{sim}", 0) for device in (PHONE, OTHER) for sim in range(2))


def test_the_device_not_seen_for_longest_is_forgotten_for_lack_of_room() -> None:
    seen = detector(sims_max=1, capacity=2)
    for device in ("a", "b", "a", "c"):
        seen.note(device, "001011", 0)
    assert len(seen) == 2
    assert not seen.note("b", "001012", 0)
    assert seen.note("c", "001012", 0)


def test_a_copy_remembers_the_same_and_keeps_what_it_notes_to_itself() -> None:
    seen = detector(sims_max=1)
    seen.note(PHONE, "001010", 0)
    supposed = copy(seen)
    assert supposed.note(PHONE, "001011", 0)
    assert not supposed.note(OTHER, "001010", 0)
    assert not seen.note(OTHER, "001011", 0)


@pytest.mark.parametrize("wrong", [{"sims_max": 0}, {"window_ms": 0}, {"capacity": 0}])
def test_limits_below_one_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        CloneDetector(**{"sims_max": 1, "window_ms": 1, "capacity": 1, **wrong})


sightings = st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 30)), min_size=1, max_size=12)


@given(sightings, st.integers(1, 4))
def test_the_verdict_is_that_of_all_sightings_together_whatever_their_order(
    seen: list[tuple[str, int]], sims_max: int
) -> None:
    verdicts = set()
    for order in (seen, list(reversed(seen)), sorted(seen)):
        small = CloneDetector(sims_max=sims_max, window_ms=10, capacity=1)
        verdicts.add([small.note(PHONE, sim, at) for sim, at in order][-1])
    newest = max(at for _, at in seen)
    assert verdicts == {len({sim for sim, at in seen if at > newest - 10}) > sims_max}


sims = st.integers(0, 3).map(lambda number: f"00101{number:010}")
phones = st.integers(0, 2).map(lambda number: f"35690901{number:06}")
moments = st.integers(0, 40)


class ToldOfAllAndOfSome(RuleBasedStateMachine):
    """One detector is told of all sightings; the other not of those that packed pairs beyond doubt answer."""

    def __init__(self) -> None:
        super().__init__()
        limits = {"sims_max": 1, "window_ms": 10, "capacity": 100}
        self.all, self.some = CloneDetector(**limits), CloneDetector(**limits)
        self.pairs = SetPairs(100, self.some.note)
        self.some.heed(self.pairs)
        self.answered = 0

    @rule(sim=sims, phone=phones, at=moments)
    def see(self, sim: str, phone: str, at: int) -> None:
        is_clone = self.all.note(phone, sim, at)
        assert copy(self.some).note(phone, sim, at) == is_clone  # a dry run
        if self.pairs.find(sim, phone, at) in (None, IN_DOUBT):
            assert self.some.note(phone, sim, at) == is_clone
        else:
            self.answered += 1
            assert not is_clone

    @rule(sim=sims, phone=phones, at=moments, is_set=st.booleans())
    def see_and_learn(self, sim: str, phone: str, at: int, is_set: bool) -> None:
        self.see(sim, phone, at)
        is_beyond_doubt = self.some.only_sim(phone) == sim
        self.pairs.learn(SetPair(sim, phone, None, 7 if is_set else None, 100, at, is_beyond_doubt))

    @rule(sim=sims)
    def change(self, sim: str) -> None:
        self.pairs.forget(sim)

    @rule(sim=sims, phone=phones)
    def trust(self, sim: str, phone: str) -> None:
        if self.some.only_sim(phone) == sim:
            self.pairs.trust(sim, phone)

    @rule()
    def doubt_all(self) -> None:
        self.pairs.doubt_all()

    @rule(sim=sims)
    def remove(self, sim: str) -> None:
        self.pairs.drop(sim)


TestToldOfAllAndOfSome = ToldOfAllAndOfSome.TestCase
TestToldOfAllAndOfSome.settings = settings(max_examples=300, stateful_step_count=40)


def test_a_sim_that_has_moved_on_is_counted_by_its_newest_sighting_in_the_other_device() -> None:
    seen = CloneDetector(sims_max=1, window_ms=1000, capacity=10)
    pairs = SetPairs(100, seen.note)
    seen.heed(pairs)
    seen.note(PHONE, "001010", 0)
    seen.note(OTHER, "001010", 10)
    pairs.learn(SetPair("001010", OTHER, None, 7, HOUR, 10, is_beyond_doubt=True))
    assert pairs.find("001010", OTHER, 5000) == 7
    assert not seen.note(PHONE, "001011", 5100)
    assert pairs.find("001010", OTHER, 5000) == 7  # what is doubtful is the device that it has left
    pairs.learn(SetPair("001010", "35690901000000", None, 7, HOUR, 5200))
    assert seen.note(OTHER, "001012", 5300)


def test_a_device_that_is_seen_elsewhere_all_the_time_is_not_forgotten_for_lack_of_room() -> None:
    seen, pairs = answered_elsewhere(capacity=5)
    for number in range(1, 50):
        assert pairs.find("001010", PHONE, number) == 7
        seen.note(f"{number:014}", f"00102{number}", number)
    assert seen.only_sim(PHONE) == "001010"
    assert len(seen) == 5
    assert seen.note(PHONE, "001011", 50)


def answered_elsewhere(capacity: int) -> tuple[CloneDetector, SetPairs]:
    """A watch that has seen the phone in one SIM, and the pairs that answer for both from then on."""
    seen = detector(sims_max=1, capacity=capacity)
    pairs = SetPairs(100, seen.note)
    seen.heed(pairs)
    seen.note(PHONE, "001010", 0)
    pairs.learn(SetPair("001010", PHONE, None, 7, 9 * HOUR, 0, is_beyond_doubt=True))
    return seen, pairs


def test_a_sim_that_is_answered_elsewhere_is_counted_by_its_newest_sighting_there() -> None:
    seen, pairs = answered_elsewhere(capacity=1)
    assert pairs.find("001010", PHONE, 2 * HOUR) == 7
    assert copy(seen).note(PHONE, "001011", 2 * HOUR)
    assert pairs.find("001010", PHONE, 2 * HOUR) == 7  # a dry run has changed nothing
    assert seen.note(PHONE, "001011", 2 * HOUR)
    assert pairs.find("001010", PHONE, 2 * HOUR) == IN_DOUBT


def test_of_a_device_that_is_forgotten_for_lack_of_room_the_next_sighting_is_wanted() -> None:
    seen, pairs = answered_elsewhere(capacity=1)
    seen.note(OTHER, "001011", 0)
    assert seen.only_sim(PHONE) is None
    assert pairs.find("001010", PHONE, HOUR) == IN_DOUBT
