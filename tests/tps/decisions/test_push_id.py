"""Push ids sort by time, name their bucket and survive being written down."""

import contextlib
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tps.decisions.push_id import EPOCH_MS, PushIds, bucket_of_id, id_of, reference_of, text_of
from tps.errors import RejectedError

times = st.integers(EPOCH_MS, EPOCH_MS + (1 << 41) - 2)
buckets = st.integers(0, 63)


@given(st.lists(st.tuples(times, buckets), min_size=2, max_size=50), st.integers(0, 63))
def test_ids_grow_even_when_the_clock_goes_back(moments: list[tuple[int, int]], node: int) -> None:
    ids = PushIds(node)
    given_out = [ids.next(now, bucket) for now, bucket in moments]
    assert [bucket_of_id(each) for each in given_out] == [bucket for _, bucket in moments]
    assert all(earlier >> 6 < later >> 6 for earlier, later in pairwise(given_out))


def test_more_ids_than_a_millisecond_holds_spill_into_the_next() -> None:
    ids = PushIds(0)
    given_out = [ids.next(EPOCH_MS, 5) for _ in range(5000)]
    assert len(set(given_out)) == 5000
    assert given_out == sorted(given_out)


def test_two_nodes_never_give_out_the_same_id() -> None:
    one, other = PushIds(1), PushIds(2)
    assert not {one.next(EPOCH_MS, 0) for _ in range(2000)} & {other.next(EPOCH_MS, 0) for _ in range(2000)}


@given(st.integers(0, (1 << 63) - 1))
def test_a_written_id_is_read_back_and_sorts_alike(push_id: int) -> None:
    assert id_of(text_of(push_id)) == push_id
    assert id_of(text_of(push_id).upper()) == push_id


@given(st.integers(0, (1 << 63) - 1), st.integers(0, (1 << 63) - 1))
def test_texts_sort_like_numbers(one: int, other: int) -> None:
    assert (one < other) == (text_of(one) < text_of(other))


@given(st.text(max_size=20))
def test_any_text_is_an_id_or_not_found(text: str) -> None:
    with contextlib.suppress(RejectedError):
        assert 0 <= id_of(text) < 1 << 63


def test_what_is_no_id_is_not_found() -> None:
    with pytest.raises(RejectedError) as caught:
        id_of("nonsense")
    assert caught.value.status == 404


@pytest.mark.parametrize(("wide", "bound"), [(False, 256), (True, 65536)])
def test_the_next_push_and_the_next_attempt_have_other_references(wide: bool, bound: int) -> None:
    ids = PushIds(0)
    first, second = ids.next(EPOCH_MS, 1), ids.next(EPOCH_MS, 1)
    references = {
        reference_of(first, 0, wide=wide),
        reference_of(second, 0, wide=wide),
        reference_of(second, 1, wide=wide),
    }
    assert len(references) >= 2
    assert all(0 <= reference < bound for reference in references)


@pytest.mark.parametrize("wide", [False, True])
def test_lone_pushes_of_a_subscriber_have_references_of_their_own(wide: bool) -> None:
    # Each is the only one of its millisecond: node, counter and bucket are the same in all of them.
    references = [reference_of(PushIds(3).next(EPOCH_MS + day * 86_400_000, 5), 0, wide=wide) for day in range(60)]
    assert len(set(references)) > 40
    assert all(one != other for one, other in pairwise(references))


@given(st.integers(0, (1 << 63) - 1), st.integers(0, 100), st.booleans())
def test_a_reference_fits_its_octets_and_another_attempt_has_another(push_id: int, attempt: int, wide: bool) -> None:
    first, second = (reference_of(push_id, attempt + more, wide=wide) for more in (0, 1))
    assert first != second
    assert max(first, second) <= (0xFFFF if wide else 0xFF)


def test_a_node_number_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="0 to 63"):
        PushIds(64)
