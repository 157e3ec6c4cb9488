"""White, grey and black lists of the EIR."""

from pathlib import Path
from typing import Any

import pytest

from encoders.diameter_tokens import EquipmentStatus
from tps.feeds import equipment_lists
from tps.feeds.diameter_config import DiameterFeed
from tps.feeds.equipment_lists import EquipmentLists

WHITE, GREY, BLACK = EquipmentStatus.WHITELISTED, EquipmentStatus.GREYLISTED, EquipmentStatus.BLACKLISTED


def lists(folder: Path, unlisted: Any = "white", **texts: str) -> EquipmentLists:
    files: dict[str, Any] = {}
    for name, text in texts.items():
        path = folder / name
        path.write_text(text)
        files[f"{name}_list_file"] = str(path)
    return equipment_lists.read(DiameterFeed(unlisted=unlisted, **files))


@pytest.mark.parametrize(("word", "status"), [("white", WHITE), ("grey", GREY), ("black", BLACK), ("unknown", None)])
def test_without_lists_every_device_has_the_status_of_the_configuration(
    tmp_path: Path, word: str, status: EquipmentStatus | None
) -> None:
    assert lists(tmp_path, word).status_of("3569090112345601", "001010000000001") is status


@pytest.mark.parametrize("imei", ["35690901123456", "356909011234566", "3569090112345601"])
def test_a_device_is_found_in_each_form_of_its_identity(tmp_path: Path, imei: str) -> None:
    assert lists(tmp_path, black="# stolen\n\n356909011234566  # in March\n").status_of(imei) is BLACK


def test_a_device_goes_before_its_type_and_the_severer_list_before_the_milder(tmp_path: Path) -> None:
    found = lists(tmp_path, black="35690901\n35690902", grey="35690902", white="35690901-123456")
    assert found.status_of("356909011234566") is WHITE
    assert found.status_of("356909019999999") is BLACK
    assert found.status_of("356909029999999") is BLACK
    assert found.status_of("356909039999999") is WHITE
    assert len(found) == 3


def test_a_line_that_lists_nothing_is_named(tmp_path: Path) -> None:
    with pytest.raises(
        ValueError, match=r"grey_list_file: /.*/grey: line 2: a TAC of 8 or a device of 14 or 15 digits expected"
    ):
        lists(tmp_path, grey="35690901\n1234567")


def test_a_file_that_is_not_there_is_named_with_its_key(tmp_path: Path) -> None:
    absent = tmp_path / "absent"
    with pytest.raises(ValueError, match=f"black_list_file: {absent} cannot be read: No such file"):
        equipment_lists.read(DiameterFeed(black_list_file=str(absent)))
