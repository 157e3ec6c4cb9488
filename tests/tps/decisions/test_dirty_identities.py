"""Doubts about device identities: by name, and never a reason to act by themselves."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tps.decisions import identities
from tps.decisions.dirty_identities import REASONS, TOLERATED, Doubt, WrittenAs, acted_upon, judge
from tps.errors import RejectedError

DIRTY_MAX = 64
"""Characters of the column that a reason is stored in."""


@pytest.mark.parametrize(
    ("text", "written_as", "doubts"),
    [
        ("49015420323751", WrittenAs.WITHOUT_CHECK_DIGIT, ()),
        ("490154203237518", WrittenAs.IMEI, ()),
        ("490154203237510", WrittenAs.IMEI, ()),
        ("490154203237517", WrittenAs.IMEI, (Doubt.WRONG_CHECK_DIGIT,)),
        ("4901542032375103", WrittenAs.IMEISV, ()),
        ("49-015420-323751-8", WrittenAs.IMEI, ()),
        ("00000000000000", WrittenAs.WITHOUT_CHECK_DIGIT, (Doubt.ZEROED,)),
        ("0000000000000003", WrittenAs.IMEISV, (Doubt.ZEROED,)),
        ("11111111111111", WrittenAs.WITHOUT_CHECK_DIGIT, (Doubt.UNIFORM,)),
        ("111111111111111", WrittenAs.IMEI, (Doubt.UNIFORM, Doubt.WRONG_CHECK_DIGIT)),
        ("004999010640000", WrittenAs.IMEI, (Doubt.TEST_RANGE,)),
        ("00440000000001", WrittenAs.WITHOUT_CHECK_DIGIT, (Doubt.TEST_RANGE,)),
    ],
)
def test_doubts_have_names(text: str, written_as: WrittenAs, doubts: tuple[Doubt, ...]) -> None:
    judged = judge(text)
    assert (judged.written_as, judged.doubts) == (written_as, doubts)


def test_an_unknown_tac_and_a_clone_are_doubts_where_somebody_can_tell() -> None:
    asked: list[str] = []

    def is_known_tac(tac: str) -> bool:
        asked.append(tac)
        return False

    def is_clone(number: str) -> bool:
        asked.append(number)
        return True

    judged = judge("490154203237517", is_known_tac=is_known_tac, is_clone=is_clone)
    assert asked == ["49015420", "49015420323751"]
    assert judged.doubts == (Doubt.CLONED, Doubt.UNKNOWN_TAC, Doubt.WRONG_CHECK_DIGIT)


def test_of_digits_that_prove_nothing_nobody_is_asked() -> None:
    def never(_: str) -> bool:
        raise AssertionError

    assert judge("0" * 15, is_known_tac=never, is_clone=never).doubts == (Doubt.ZEROED,)


def test_what_is_no_identity_is_refused_by_field() -> None:
    with pytest.raises(RejectedError, match="device: an IMEI of 14"):
        judge("12345", field="device")


def test_the_gravest_doubt_that_is_not_tolerated_is_why_nothing_is_sent() -> None:
    judged = judge("490154203237517", is_known_tac=lambda _: False, is_clone=lambda _: True)
    assert acted_upon(judged).dirty == REASONS[Doubt.CLONED]
    assert acted_upon(judged, {Doubt.CLONED}).dirty == REASONS[Doubt.UNKNOWN_TAC]
    assert acted_upon(judged, TOLERATED | {Doubt.CLONED}).dirty is None
    assert acted_upon(judge("0" * 14), frozenset(Doubt)).dirty is None


def test_a_clean_device_is_acted_upon_as_it_is() -> None:
    judged = judge("4901542032375103")
    assert acted_upon(judged, ()) == judged.device == identities.device("4901542032375103")


def test_every_doubt_has_a_reason_that_fits_its_column() -> None:
    assert set(REASONS) == set(Doubt)
    assert all(0 < len(reason) <= DIRTY_MAX for reason in REASONS.values())


@given(st.from_regex("[0-9]{14,16}", fullmatch=True).filter(str.isascii))
def test_by_digits_alone_the_same_identities_are_dirty_as_at_the_door(text: str) -> None:
    at_the_door = identities.device(text).dirty is not None
    assert (acted_upon(judge(text)).dirty is not None) == at_the_door
