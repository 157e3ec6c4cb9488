"""Columns and cells: nothing runs in a spreadsheet, everything comes back, and what is wrong is named."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tps.errors import RejectedError
from tps.files.csv_cells import Columns, as_cell, as_text, by_column, checked_header, verify_not_rounded

COLUMNS = Columns(("imsi", "settings"), needed=("imsi",), family=("value.", "NAME"))


@given(st.text())
def test_no_cell_starts_like_a_formula_and_every_text_comes_back(text: str) -> None:
    cell = as_cell(text)
    assert cell
    assert cell[0] not in "=+-@\t\r"
    assert as_text(cell) == text


def test_columns_may_stand_in_any_order_and_of_a_family_there_may_be_many() -> None:
    assert checked_header(["value.a", " settings ", "imsi", "value.b"], COLUMNS) == (
        "value.a", "settings", "imsi", "value.b",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("cells", "what"),
    [
        (["imsi", "setings"], "no column is called 'setings'; did you mean settings?"),
        (["imsi", "value."], "no column is called 'value.'; known are imsi, settings and value.NAME"),
        (["settings"], "the column imsi is missing"),
        (["imsi", "imsi"], "the column imsi is given twice"),
    ],
)
def test_a_header_that_cannot_be_used_says_why(cells: list[str], what: str) -> None:
    with pytest.raises(RejectedError, match="header") as caught:
        checked_header(cells, COLUMNS)
    assert what in str(caught.value)


def test_a_row_has_as_many_cells_as_the_header() -> None:
    assert by_column(["a", "b"], ["1", "2"]) == {"a": "1", "b": "2"}
    with pytest.raises(RejectedError, match="3 cells; 2 expected"):
        by_column(["a", "b"], ["1", "2", "3"])


@pytest.mark.parametrize("cell", ["3.57E+07", "3,57e07", "35690901E+7"])
def test_a_rounded_number_is_told_from_a_number(cell: str) -> None:
    verify_not_rounded("tac", "35690901")
    with pytest.raises(RejectedError, match="tac: a spreadsheet has rounded"):
        verify_not_rounded("tac", cell)
