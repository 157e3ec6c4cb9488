"""Lines of CSV: each one is read or named, and none stops the others."""

import io

from hypothesis import given
from hypothesis import strategies as st

from tps.errors import RejectedError
from tps.files.csv_lines import LINE_MAX, Line, lines


def read(text: str) -> list[Line]:
    return list(lines(io.StringIO(text, newline="")))


def refusals(found: list[Line]) -> dict[int, str]:
    return {line.number: str(line.read) for line in found if isinstance(line.read, RejectedError)}


def test_lines_are_numbered_as_an_editor_does_also_after_cells_with_line_ends_and_empty_lines() -> None:
    assert read('\ufeffa,b\r\n"1\n2",3\n\n4,5') == [Line(1, ["a", "b"]), Line(2, ["1\n2", "3"]), Line(5, ["4", "5"])]


def test_a_line_with_a_stray_quote_is_named_and_the_next_one_read() -> None:
    found = read('a\n"b"c\nd\n')
    assert [line.number for line in found] == [1, 2, 3]
    assert "write a quote inside a cell twice" in refusals(found)[2]
    assert found[2] == Line(3, ["d"])


def test_a_quote_that_is_never_closed_names_all_the_lines_it_swallowed() -> None:
    found = read('a\n"b\nc\nd\n')
    assert [line.number for line in found] == [1, 2]
    assert "lines 2 to 4 were not read" in refusals(found)[2]


def test_an_endless_line_is_named_without_being_held_in_memory_and_the_next_one_read() -> None:
    found = read("a\n" + "x" * (3 * LINE_MAX) + "\nb\n")
    assert [line.number for line in found] == [1, 2, 3]
    assert "longer than" in refusals(found)[2]
    assert found[2] == Line(3, ["b"])


def test_an_endless_line_without_an_end_is_named_too() -> None:
    assert list(refusals(read("a\n" + "x" * (LINE_MAX + 1)))) == [2]


def test_octets_that_are_no_utf_8_end_the_reading_and_say_so() -> None:
    text = io.TextIOWrapper(io.BytesIO(b"a\nb\n" + b"c" * 20_000 + b"\n\xff\nd\n"), "utf-8", newline="")
    found = list(lines(text))
    assert "nothing from here on was read" in list(refusals(found).values())[-1]
    assert isinstance(found[-1].read, RejectedError)


@given(st.text(st.sampled_from('ab",\n\r;\x00\ufeff é'), max_size=60))
def test_any_text_is_lines_or_refusals_in_order_and_no_line_that_says_something_is_passed_over(text: str) -> None:
    found = read(text)
    numbers = [line.number for line in found]
    assert numbers == sorted(set(numbers))
    if text.strip("\r\n\ufeff"):
        assert found
    plain = [line for line in text.splitlines() if line] if not set(text) & set('"\x00\ufeff') else []
    if plain and all(line.isprintable() for line in plain):
        assert [line.read for line in found] == [line.split(",") for line in plain]
