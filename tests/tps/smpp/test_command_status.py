"""The table of command_status values."""

import pytest
from smpplib import consts

from tps.smpp.command_status import BY_CODE, STATUSES, describe, explained


def test_names_and_codes_agree_with_smpplib() -> None:
    theirs = {
        name.removeprefix("SMPP_"): value
        for name, value in vars(consts).items()
        if name.startswith("SMPP_ESME_") and isinstance(value, int)
    }
    # smpplib spells these its own way.
    spelling = {"ESME_RINVTLVSTREAM": "ESME_RINVOPTPARSTREAM"}
    ours = {status.name: status.code for status in STATUSES}
    shared = {spelling.get(name, name): value for name, value in theirs.items() if spelling.get(name, name) in ours}
    assert {name: ours[name] for name in shared} == shared
    assert len(shared) > 40


def test_every_code_stands_once() -> None:
    assert len(BY_CODE) == len(STATUSES)
    assert len({status.name for status in STATUSES}) == len(STATUSES)


@pytest.mark.parametrize("status", STATUSES, ids=lambda status: status.name)
def test_every_error_comes_with_advice(status: object) -> None:
    code = getattr(status, "code")  # noqa: B009
    assert bool(BY_CODE[code].advice) is (code != 0)
    assert describe(code).startswith(BY_CODE[code].name)


def test_codes_outside_the_table_are_described_too() -> None:
    assert describe(0x410).startswith("0x00000410: an error of the SMSC vendor's own")
    assert describe(0xFFFFFFFF).startswith("0xFFFFFFFF: a reserved value")


def test_a_code_in_a_text_is_told_in_words() -> None:
    assert explained("refused for good with command_status 0x0000000B").startswith(
        "refused for good with ESME_RINVDSTADR (0x0000000B): invalid destination address. Check the MSISDN"
    )
    for untouched in ("", "no route is up", "command_status 0xB"):
        assert explained(untouched) == untouched
