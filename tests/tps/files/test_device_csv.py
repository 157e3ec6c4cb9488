"""An operator's device models: every line is a model or says what to mend."""

import csv
import io
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tps.decisions import quirks
from tps.decisions.device_model_words import security_in, switch_in
from tps.decisions.device_models import ANY_SECURITY, DeviceModel, Hint, key_of
from tps.decisions.quirks import OFF, QUIRKS, Quirk
from tps.errors import RejectedError
from tps.files.csv_cells import as_cell
from tps.files.device_csv import COLUMNS, Row, read

HEADER = "tac,brand,model,client_provisioning,browser_settings,mobileconfig,quirks,hint.en,hint.de"


def rows(text: str) -> list[Row]:
    return list(read(io.StringIO(text, newline=""), source="operator.csv"))


def test_the_example_of_the_page_is_read() -> None:
    brand, phone = rows(
        "tac,brand,model,client_provisioning,browser_settings,mobileconfig,quirks,hint.en\n"
        ",Nokia,,netwpin userpin,yes,no,provurl_once,\n"
        "35690901,Nokia,6220,,,,napid_length=16 narrow_reference,Open Settings and choose Connections.\n"
    )
    assert brand == Row(
        2,
        DeviceModel(
            brand="Nokia",
            client_provisioning=("netwpin", "userpin"),
            browser_settings=True,
            mobileconfig=False,
            quirks=(Quirk("provurl_once"),),
            source="operator.csv",
        ),
    )
    assert phone == Row(
        3,
        DeviceModel(
            "35690901",
            "Nokia",
            "6220",
            quirks=(Quirk("napid_length", 16), Quirk("narrow_reference")),
            hints=(Hint("en", "Open Settings and choose Connections."),),
            source="operator.csv",
        ),
    )


@pytest.mark.parametrize(
    ("line", "field", "what"),
    [
        ("5690901,,,,,,,,", "tac", "7 digits; 8 expected"),
        ("3.57E+07,,,,,,,,", "tac", "rounded"),
        ("356909012,,,,,,,,", "tac", "8 decimal digits expected"),
        ("3569090x,,,,,,,,", "tac", "8 decimal digits expected"),
        (",,6220,,,,,,", "tac", "about nothing"),
        ("35690901,,6220,,,,,,", "brand", "a model needs its brand"),
        (",Nokia,6220,pin,,,,,", "client_provisioning", '"no" alone, or some of'),
        (",Nokia,6220,,maybe,,,,", "browser_settings", "yes, no, or nothing"),
        (",Nokia,6220,,,1,,,", "mobileconfig", "yes, no, or nothing"),
        (",Nokia,6220,,,,napid_lenght=16,,", "quirks", "did you mean napid_length?"),
        (",Nokia,6220,,,,napid_length=7,,", "quirks", "a number from 8 to 255"),
        (",Nokia,6220,,,,,,,", "", "10 cells; 9 expected"),
        (f",{'x' * 101},,,,,,,", "brand", "at most 100"),
        (f",Nokia,,,,,,{'x' * 1001},", "hint.en", "1 to 1000 characters"),
        (",nokia,N95,,,,,,", "brand", "line 2 is about the same"),
    ],
)
def test_a_wrong_line_says_what_to_mend_and_the_others_are_read(line: str, field: str, what: str) -> None:
    first, wrong, last = rows(f"{HEADER}\n,Nokia,N95,,,,,,\n{line}\n35690902,,,,,,,,\n")
    assert isinstance(first.read, DeviceModel)
    assert isinstance(last.read, DeviceModel)
    assert wrong.line == 3
    assert isinstance(wrong.read, RejectedError)
    assert wrong.read.field == field
    assert what in wrong.read.message


@pytest.mark.parametrize(
    ("header", "what"),
    [
        ("", "no column is called '35690901'"),
        ("tac,make", "no column is called 'make'"),
        ("model", "the column tac or brand is missing"),
        ("tac,hint.", "no column is called 'hint.'"),
        ("tac,hint.e n", "a language expected"),
        ('"tac', "close the quote"),
    ],
)
def test_a_header_that_cannot_be_used_refuses_the_file(header: str, what: str) -> None:
    with pytest.raises(RejectedError, match=what):
        rows(f"{header}\n35690901\n")


def test_an_empty_file_has_no_header() -> None:
    with pytest.raises(RejectedError, match="the column tac or brand is missing"):
        rows("")


models = st.builds(
    DeviceModel,
    tac=st.just("") | st.from_regex("[0-9]{8}", fullmatch=True).filter(str.isascii),
    brand=st.sampled_from(["Nokia", "=Nokia", "Sony Ericsson", 'The "Phone", Ltd']),
    model=st.sampled_from(["", "6220", "-1", "P800"]),
    client_provisioning=st.none()
    | st.lists(st.sampled_from(ANY_SECURITY), unique=True).map(
        lambda chosen: tuple(method for method in ANY_SECURITY if method in chosen)
    ),
    browser_settings=st.none() | st.booleans(),
    mobileconfig=st.none() | st.booleans(),
    quirks=st.lists(st.sampled_from(list(QUIRKS)), unique=True).flatmap(
        lambda names: st.tuples(
            *(
                st.builds(Quirk, st.just(name), st.sampled_from([OFF, 16 if QUIRKS[name].limits else 1]))
                for name in QUIRKS
                if name in names
            )
        )
    ),
    hints=st.sampled_from([(), (Hint("en", "Line one\nline two"),), (Hint("en", "+1"), Hint("de", "Öffne"))]),
    source=st.just("operator.csv"),
    licence=st.just(""),
)


def written(found: Sequence[DeviceModel]) -> str:
    """The models as an operator's spreadsheet would hold them."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow([*COLUMNS.names, "hint.en", "hint.de"])
    for row in found:
        named = (row.tac, row.brand, row.model)
        taken = (security_in(row.client_provisioning), switch_in(row.browser_settings), switch_in(row.mobileconfig))
        hints = dict(row.hints)
        cells = (*named, *taken, quirks.in_words(row.quirks), hints.get("en", ""), hints.get("de", ""))
        writer.writerow([as_cell(cell) if cell else "" for cell in cells])
    return text.getvalue()


@given(st.lists(models, max_size=4, unique_by=key_of))
def test_models_come_back_from_their_file(found: list[DeviceModel]) -> None:
    assert [row.read for row in rows(written(found))] == found


@given(st.text(st.sampled_from('0123456789abN,"\n=x '), max_size=80))
def test_any_text_below_the_header_is_models_or_what_to_mend(text: str) -> None:
    for row in rows(f"{HEADER}\n{text}"):
        assert row.line > 1
        assert isinstance(row.read, RejectedError) or row.read.tac or row.read.brand
