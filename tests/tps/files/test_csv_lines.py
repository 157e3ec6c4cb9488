"""Lines of CSV: each one is read or named, and none stops the others."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tps.errors import RejectedError
from tps.files import utf8
from tps.files.csv_lines import LINE_MAX, Line, header_cells, lines


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


def read_octets(octets: bytes) -> list[Line]:
    return list(lines(utf8.text_of(io.BytesIO(octets))))


@pytest.mark.parametrize("spoilt", [b"\xff", b"M\xfcller", b"x,\xc3", b'"M\xfcller"', b"\xed\xb3\xbc"])
@pytest.mark.parametrize("before", [0, 5_000])
def test_a_line_with_an_octet_that_is_no_utf_8_is_named_and_all_others_read(spoilt: bytes, before: int) -> None:
    found = read_octets(b"M\xc3\xbcller\n" * before + spoilt + b"\nd\n")
    assert [line.number for line in found] == list(range(1, before + 3))
    assert list(refusals(found)) == [before + 1]
    assert refusals(found)[before + 1].startswith("not UTF-8: the octet 0x")
    assert found[-1] == Line(before + 2, ["d"])


def test_a_cell_that_is_no_utf_8_and_spans_lines_is_one_refusal() -> None:
    found = read_octets(b'a\n"b\nM\xfcller\nc"\nd\n')
    assert refusals(found) == {2: "not UTF-8: the octet 0xFC; save the file as UTF-8"}
    assert [line.number for line in found] == [1, 2, 5]


@pytest.mark.parametrize(
    ("text", "delimiter", "fix"),
    [("a;b\n", ",", "';'"), ("a\tb\n", ",", "$'\\t'"), ("a|b\n", ";", "'|'"), ("\ufeffa,b\n", ";", "','")],
)
def test_a_header_in_one_cell_is_refused_with_the_delimiter_it_wants(text: str, delimiter: str, fix: str) -> None:
    with pytest.raises(RejectedError, match="header: one column only") as refused:
        header_cells(lines(io.StringIO(text, newline=""), delimiter))
    assert refused.value.message.endswith(f"--delimiter {fix}")


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
