"""The list of TACs of Osmocom. The lines are made up: the list itself is under a licence that this project is not."""

import io

import pytest

from tps.decisions.device_models import DeviceModel
from tps.errors import RejectedError
from tps.files.device_csv import Row
from tps.files.osmocom_tac import read

REMARK = "Osmocom TAC database under CC-BY-SA v3.0 (c) Somebody"
HEADER = "tac,name,name,contributor,comment,gsmarena,gsmarena,aka"


def rows(*below: str, remark: str = REMARK, header: str = HEADER) -> list[Row]:
    return list(read(io.StringIO("\r\n".join([remark, header, *below, ""]), newline="")))


def reason(row: Row) -> str:
    assert isinstance(row.read, RejectedError)
    return str(row.read)


def test_brand_and_model_are_read_with_source_and_licence_and_the_links_are_not() -> None:
    (row,) = rows('35690901, Acme,Phone  1,Somebody,,http://phones.example/1,http://phones.example/,"P1,P-1"')
    assert row == Row(3, DeviceModel("35690901", "Acme", "Phone 1", source="osmocom", licence=REMARK))


def test_a_lost_leading_zero_is_mended() -> None:
    (row,) = rows("1130000,Acme,Phone 1,,,,,")
    assert isinstance(row.read, DeviceModel)
    assert row.read.tac == "01130000"


def test_a_whole_tac_goes_before_a_mended_one_wherever_they_stand() -> None:
    for below in (
        ["1130000,Acme,Old,,,,,", "01130000,Acme,New,,,,,"],
        ["01130000,Acme,New,,,,,", "1130000,Acme,Old,,,,,"],
    ):
        kept, left_out = rows(*below)
        assert isinstance(kept.read, DeviceModel)
        assert kept.read.model == "New"
        assert f"line {kept.line} is about 01130000 too, and is kept" in reason(left_out)
        assert {kept.line, left_out.line} == {3, 4}


def test_of_two_lines_about_one_tac_the_first_is_kept() -> None:
    kept, left_out = rows("35690901,Acme,One,,,,,", "35690901,Acme,Two,,,,,")
    assert isinstance(kept.read, DeviceModel)
    assert kept.read.model == "One"
    assert "line 3" in reason(left_out)


@pytest.mark.parametrize("tac", ["106600", "3569090x", "356909011", ""])
def test_what_is_no_tac_is_left_out_and_says_so(tac: str) -> None:
    wrong, right = rows(f"{tac},Acme,Phone 1,,,,,", "35690901,Acme,Phone 1,,,,,")
    assert "tac:" in reason(wrong)
    assert isinstance(right.read, DeviceModel)


def test_a_line_with_other_columns_is_left_out_and_says_so() -> None:
    (row,) = rows("35690901,Acme")
    assert "2 cells; 8 expected" in reason(row)


def test_a_file_without_its_licence_is_refused() -> None:
    with pytest.raises(RejectedError, match="licence: CC-BY-SA expected in line 1"):
        rows(remark="tac,name")
    with pytest.raises(RejectedError, match="licence"):
        list(read(io.StringIO("", newline="")))


def test_another_list_is_refused() -> None:
    with pytest.raises(RejectedError, match="this is not the list of Osmocom"):
        rows(header="tac,manufacturer,model")
