"""One text of attribute space with value tokens inside: the shortest way through it, whatever the code page."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from encoders.wbxml_vocabulary import INLINE_OCTETS, SWITCH_OCTETS, Vocabulary, inline, switch

TOKEN_MARK = b"\xc0"
"""Stands for one octet that is not inline: UTF-8 never uses it."""


class Step(NamedTuple):
    """One step through a text: octets that stand for something, or an inline string, then place and page after it."""

    octets: bytes | None
    place: int
    page: int


Route = dict[tuple[int, int], Step]
"""The best step at each place and page."""


class TokenText(NamedTuple):
    """A text, with the tokens and references that can stand for parts of it."""

    text: bytes
    steps: Mapping[tuple[int, int], Sequence[Step]]
    """By place and page."""
    pages: int


def token_text(text: bytes, references: Mapping[bytes, bytes], vocabulary: Vocabulary) -> TokenText:
    """`text` with each place of a value token and of a part that can be referred to."""
    steps: dict[tuple[int, int], list[Step]] = {}
    for page, tokens in enumerate(vocabulary.value_tokens):
        for part, octets in (*tokens.items(), *references.items()):
            for place in _places(part, text):
                steps.setdefault((place, page), []).append(Step(octets, place + len(part), page))
    return TokenText(text, steps, vocabulary.pages)


def _places(part: bytes, text: bytes) -> Iterator[int]:
    place = text.find(part)
    while place >= 0:
        yield place
        place = text.find(part, place + 1)


def marked(text: TokenText) -> bytes:
    """The text as it is written from the best page, with a mark for each octet that is not inline."""
    costs, route = _planned(text, [0] * text.pages)
    return b"".join(
        text.text[start : step.place] if step.octets is None else TOKEN_MARK * len(step.octets)
        for start, step in _walk(route, costs.index(min(costs)), len(text.text))
    )


def moves_through(text: TokenText, future: Sequence[int]) -> tuple[list[int], list[tuple[bytes, int]]]:
    """For each page before the text: octets from there to the end of the document, and the move through the text.

    A move is the text's octets and the page after it. `future` holds for each page the octets of all that follows.
    """
    costs, route = _planned(text, future)
    moves = []
    for page in range(text.pages):
        octets, after = b"", page
        for start, step in _walk(route, page, len(text.text)):
            octets += inline(text.text[start : step.place]) if step.octets is None else step.octets
            after = step.page
        moves.append((octets, after))
    return costs, moves


def _planned(text: TokenText, future: Sequence[int]) -> tuple[list[int], Route]:
    """For each page before the text: octets from there to the end of the document; and the best steps.

    A dynamic programme from the end of the text. `run_ends` holds for each page the place where an inline string had
    best end, as far as seen, and what the document costs from there on together with the octets up to there.
    """
    pages, length = range(text.pages), len(text.text)
    costs: dict[tuple[int, int], int] = {(length, page): future[page] for page in pages}
    route: Route = {}
    run_ends = [(future[page] + length, length) for page in pages]
    ends = (step.place for steps in text.steps.values() for step in steps)
    for place in sorted({0, *(place for place, _ in text.steps), *ends} - {length}, reverse=True):
        for page in pages:
            end_cost, end = run_ends[page]
            best = (end_cost - place + INLINE_OCTETS, Step(None, end, page))
            for step in text.steps.get((place, page), ()):
                cost = len(step.octets or b"") + costs[step.place, page]
                if cost < best[0]:
                    best = cost, step
            costs[place, page], route[place, page] = best
        cheapest = min(pages, key=lambda page: costs[place, page])
        for page in pages:
            if costs[place, page] > costs[place, cheapest] + SWITCH_OCTETS:
                costs[place, page] = costs[place, cheapest] + SWITCH_OCTETS
                route[place, page] = Step(switch(cheapest), place, cheapest)
            run_ends[page] = min(run_ends[page], (costs[place, page] + place, place))
    return [costs[0, page] for page in pages], route


def _walk(route: Route, page: int, length: int) -> Iterator[tuple[int, Step]]:
    """The best steps from `page` to the end of the text, each with the place where it begins."""
    place = 0
    while place < length:
        step = route[place, page]
        yield place, step
        place, page = step.place, step.page
