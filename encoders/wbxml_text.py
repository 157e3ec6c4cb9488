"""One text in attribute space: inline strings, string table references and value tokens, in the shortest order."""

from collections.abc import Iterable, Iterator, Mapping

from encoders.wbxml_vocabulary import INLINE_OCTETS, Piece, Vocabulary, inline, piece

Match = tuple[int, int, bytes]
"""Start and end in a text, and the octets that can stand for what is between."""


def text_with_tokens(text: bytes, references: Mapping[bytes, bytes], vocabulary: Vocabulary) -> Piece | bytes:
    """The shortest writing of `text` with value tokens and `references`; a piece where it depends on the code page."""
    matches = [match for part, reference in references.items() for match in _matches(part, reference, text)]
    choices = tuple(
        shortest(text, [*matches, *(match for word, token in tokens.items() for match in _matches(word, token, text))])
        for tokens in vocabulary.value_tokens
    )
    return choices[0] if len(set(choices)) == 1 else piece(choices)


def _matches(part: bytes, octets: bytes, text: bytes) -> Iterator[Match]:
    """Every place of `part` in `text`."""
    at = text.find(part)
    while at >= 0:
        yield at, at + len(part), octets
        at = text.find(part, at + 1)


def shortest(text: bytes, matches: Iterable[Match]) -> bytes:
    """The shortest writing of `text` from `matches` and inline strings.

    A sweep over the places where matches begin or end. `steps` holds for each place the octets needed to get there and
    the last step; `run_start` is the place where an inline string that goes on to here begins best.
    """
    beginning: dict[int, list[Match]] = {}
    for match in matches:
        beginning.setdefault(match[0], []).append(match)
    places = {0, len(text), *beginning, *(end for found in beginning.values() for _, end, _ in found)}
    steps: dict[int, tuple[int, int, bytes | None]] = {0: (0, 0, b"")}
    run_start, run_cost = 0, INLINE_OCTETS
    for place in sorted(places):
        cost_by_run = run_cost + place - run_start
        if place not in steps or steps[place][0] > cost_by_run:
            steps[place] = (cost_by_run, run_start, None)
        elif steps[place][0] + INLINE_OCTETS < cost_by_run:
            run_start, run_cost = place, steps[place][0] + INLINE_OCTETS
        cost = steps[place][0]
        for _, end, octets in beginning.get(place, ()):
            if end not in steps or cost + len(octets) < steps[end][0]:
                steps[end] = (cost + len(octets), place, octets)
    return _walked_back(text, steps)


def _walked_back(text: bytes, steps: Mapping[int, tuple[int, int, bytes | None]]) -> bytes:
    """The octets of the steps that lead to the end of `text`."""
    place = len(text)
    written: list[bytes] = []
    while place > 0:
        _, start, octets = steps[place]
        written.append(inline(text[start:place]) if octets is None else octets)
        place = start
    return b"".join(reversed(written))
