"""Code pages of attribute space: the way through them is as short as the best of all."""

from itertools import pairwise, product

from hypothesis import given
from hypothesis import strategies as st

from encoders.wbxml_assembly import assemble
from encoders.wbxml_vocabulary import SWITCH_OCTETS, Piece, Vocabulary, piece

HEADER_OCTETS = 4


def vocabulary(pages: int) -> Vocabulary:
    """A document type with so many attribute pages."""
    return Vocabulary(
        public_id=1,
        public_id_text="",
        tags=[],
        attribute_starts=[(page, 0x05, "name", "") for page in range(pages)],
        attribute_values=[],
    )


def pieces(pages: int, lengths: st.SearchStrategy[int]) -> st.SearchStrategy[Piece]:
    """Pieces that at least one page has."""
    choices = st.lists(st.none() | lengths.map(lambda length: b"\x05" * length), min_size=pages, max_size=pages)
    return choices.filter(any).map(tuple).map(piece)


def shortest_by_trying_all(parts: list[Piece]) -> int:
    """Octets of the best way, starting on page 0."""
    pages = [[page for page, octets in enumerate(part.choices) if octets is not None] for part in parts]
    return min(
        sum(SWITCH_OCTETS for before, after in pairwise((0, *way)) if before != after)
        + sum(len(part.choices[page] or b"") for part, page in zip(parts, way, strict=True))
        for way in product(*pages)
    )


@given(st.lists(pieces(3, st.integers(1, 5)), max_size=6))
def test_pieces_of_any_length_on_three_pages_take_the_best_way(parts: list[Piece]) -> None:
    assert len(assemble(parts, vocabulary(3))) == HEADER_OCTETS + shortest_by_trying_all(parts)


@given(st.lists(st.integers(1, 3).flatmap(lambda length: pieces(2, st.just(length))), max_size=8))
def test_pieces_of_one_length_on_two_pages_take_the_best_way(parts: list[Piece]) -> None:
    assert len(assemble(parts, vocabulary(2))) == HEADER_OCTETS + shortest_by_trying_all(parts)


def test_a_switch_stands_between_a_tag_and_its_attribute() -> None:
    parts = [piece((None, b"\x05\x01"), b"\x86"), piece((b"\x06\x01", None), b"\x86")]
    octets = bytes.fromhex("0301 6A00 86 0001 0501 86 0000 0601")
    assert assemble(parts, vocabulary(2)) == octets
    assert assemble([piece((*part.choices, None), part.lead) for part in parts], vocabulary(3)) == octets


def test_a_text_shorter_on_another_page_is_worth_a_switch_only_when_it_saves_more() -> None:
    type_ = Vocabulary(
        public_id=1,
        public_id_text="",
        tags=[],
        attribute_starts=[(page, 0x05, "name", "") for page in range(2)],
        attribute_values=[(1, 0x85, "HA"), (1, 0x86, "AAAA")],
    )
    start = type_.start_pieces["name", ""]
    assert assemble([start, "HA!"], type_)[HEADER_OCTETS:] == b"\x05\x03HA!\x00"
    assert assemble([start, "AAAA!"], type_)[HEADER_OCTETS:] == b"\x05\x00\x01\x86\x03!\x00"
    assert assemble([start, "HA", start, "HA!"], type_)[HEADER_OCTETS:] == b"\x05\x00\x01\x85\x05\x85\x03!\x00"
