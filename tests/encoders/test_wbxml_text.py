"""A text with tokens and references inside is written as short as the best of all ways, whatever the code page."""

from heapq import heappop, heappush

from hypothesis import given
from hypothesis import strategies as st

from encoders.wbxml_text import TOKEN_MARK, marked, moves_through, token_text
from encoders.wbxml_vocabulary import INLINE_OCTETS, SWITCH_OCTETS, Vocabulary

PAGES = 2
VOCABULARY = Vocabulary(
    public_id=1,
    public_id_text="",
    tags=[],
    attribute_starts=[(0, 0x05, "name", "")],
    attribute_values=[
        (0, 0x85, "ab"),
        (0, 0x86, "bab"),
        (0, 0x87, ","),
        (1, 0x85, "ba"),
        (1, 0x86, "a"),
        (1, 0x87, "bb,b"),
    ],
)
TOKENS = [{"ab": 0x85, "bab": 0x86, ",": 0x87}, {"ba": 0x85, "a": 0x86, "bb,b": 0x87}]
REFERENCES = {b"aa": b"\x83\x00", b"a,ba": b"\x83\x03"}

texts = st.text("ab,", min_size=1, max_size=12)
futures = st.lists(st.integers(0, SWITCH_OCTETS), min_size=PAGES, max_size=PAGES)
"""Octets that follow, by page: never more than a switch apart."""


def shortest_by_trying_all(text: str, page: int, future: list[int], references: dict[bytes, bytes]) -> int:
    """Octets from `page` to the end of the document: every step from every place, cheapest first."""
    waiting, seen = [(0, 0, page)], set()
    ends = []
    while waiting:
        cost, place, here = heappop(waiting)
        if place == len(text):
            ends.append(cost + future[here])
        if (place, here) in seen:
            continue
        seen.add((place, here))
        for there in range(PAGES):
            heappush(waiting, (cost + SWITCH_OCTETS, place, there))
        for end in range(place + 1, len(text) + 1):
            part = text[place:end]
            heappush(waiting, (cost + INLINE_OCTETS + len(part), end, here))
            if part in TOKENS[here]:
                heappush(waiting, (cost + 1, end, here))
            if part.encode() in references:
                heappush(waiting, (cost + 2, end, here))
    return min(ends)


def read(octets: bytes, page: int) -> tuple[str, int]:
    """The text that the octets stand for, and the page after them."""
    text = ""
    words = [{token: word for word, token in tokens.items()} for tokens in TOKENS]
    table = b"aa\x00a,ba\x00"
    while octets:
        if octets[0] == 0x00:
            page, octets = octets[1], octets[2:]
        elif octets[0] == 0x03:
            run, octets = octets[1:].split(b"\x00", 1)
            text += run.decode()
        elif octets[0] == 0x83:
            text += table[octets[1] : table.index(0, octets[1])].decode()
            octets = octets[2:]
        else:
            text += words[page][octets[0]]
            octets = octets[1:]
    return text, page


@given(texts, futures)
def test_the_way_is_as_short_as_the_best_and_says_the_same(text: str, future: list[int]) -> None:
    costs, moves = moves_through(token_text(text.encode(), REFERENCES, VOCABULARY), future)
    for page, (octets, after) in enumerate(moves):
        assert read(octets, page) == (text, after)
        assert len(octets) + future[after] == costs[page]
        assert costs[page] == shortest_by_trying_all(text, page, future, REFERENCES)


@given(texts)
def test_marks_keep_the_length_of_the_best_way(text: str) -> None:
    form = marked(token_text(text.encode(), {}, VOCABULARY))
    runs = [run for run in form.split(TOKEN_MARK) if run]
    best = min(shortest_by_trying_all(text, page, [0] * PAGES, {}) for page in range(PAGES))
    assert len(form) + INLINE_OCTETS * len(runs) == best
