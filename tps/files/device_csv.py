"""Device models as an operator's CSV file: tac, brand, model, what the device takes, quirks, and hints for its user.

An empty cell inherits the value; "no" says that there is none. A row is about a TAC, about a model of a brand, or about
a brand.

    tac,brand,model,client_provisioning,browser_settings,mobileconfig,quirks,hint.en
    ,Nokia,,netwpin userpin,yes,no,provurl_once,
    35690901,Nokia,6220,,,,napid_length=16 narrow_reference,Open Settings and choose Connections.
"""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple, TextIO

from tps.decisions import quirks
from tps.decisions.device_model_words import security_from, security_in, switch_from, switch_in
from tps.decisions.device_models import TAC_DIGITS, DeviceModel, Hint, Key, checked, key_of
from tps.decisions.policy import LANGUAGE
from tps.errors import RejectedError
from tps.files.csv_cells import Columns, as_cell, as_text, by_column, checked_header, verify_not_rounded
from tps.files.csv_lines import header_cells, lines

HINT_PREFIX: Final = "hint."
COLUMNS: Final = Columns(
    ("tac", "brand", "model", "client_provisioning", "browser_settings", "mobileconfig", "quirks"),
    family=(HINT_PREFIX, "LANGUAGE"),
)


class Row(NamedTuple):
    """One line of a list of device models."""

    line: int
    read: DeviceModel | RejectedError


def read(text: TextIO, delimiter: str = ",", *, source: str, licence: str = "") -> Iterator[Row]:
    """Each line below the header as a device model from `source`, or what is to be mended in it.

    `text` is of `utf8.text_of`. A header that cannot be used is a `RejectedError`, raised before any line.
    """
    records = lines(text, delimiter)
    header = _header(header_cells(records))
    first_about: dict[Key, int] = {}
    for number, record in records:
        try:
            if isinstance(record, RejectedError):
                raise record
            model = _model(by_column(header, record))._replace(source=source, licence=licence)
            _refuse_repeated(first_about, key_of(model), number)
        except RejectedError as error:
            yield Row(number, error)
        else:
            yield Row(number, model)


def lines_of(models: Sequence[DeviceModel]) -> Iterator[tuple[str, ...]]:
    """The header and a line for each row, as `read` takes them; source and licence are not among the columns."""
    languages = sorted({hint.language for model in models for hint in model.hints})
    yield (*COLUMNS.names, *(f"{HINT_PREFIX}{language}" for language in languages))
    for model in models:
        hints = {hint.language: hint.text for hint in model.hints}
        row = (
            model.tac,
            model.brand,
            model.model,
            security_in(model.client_provisioning),
            switch_in(model.browser_settings),
            switch_in(model.mobileconfig),
            quirks.in_words(model.quirks),
            *(hints.get(language, "") for language in languages),
        )
        yield tuple(as_cell(text) if text else "" for text in row)


def _header(cells: Sequence[str]) -> tuple[str, ...]:
    names = checked_header([cell.lower() for cell in cells], COLUMNS)
    if not {"tac", "brand"} & set(names):
        raise RejectedError(
            "header", "the column tac or brand is missing; the first row holds the names of the columns"
        )
    for name in names:
        if name.startswith(HINT_PREFIX) and not LANGUAGE.fullmatch(name.removeprefix(HINT_PREFIX)):
            raise RejectedError("header", f"{name!r}: a language expected after {HINT_PREFIX}, such as hint.en")
    return names


def _model(cells: dict[str, str]) -> DeviceModel:
    row = {name: as_text(cell).strip() for name, cell in cells.items()}
    return checked(
        DeviceModel(
            tac=_tac(row.get("tac", "")),
            brand=row.get("brand", ""),
            model=row.get("model", ""),
            client_provisioning=security_from(row.get("client_provisioning", "")),
            browser_settings=switch_from(row.get("browser_settings", ""), "browser_settings"),
            mobileconfig=switch_from(row.get("mobileconfig", ""), "mobileconfig"),
            quirks=quirks.from_words(row.get("quirks", "")),
            hints=tuple(
                Hint(name.removeprefix(HINT_PREFIX), text)
                for name, text in row.items()
                if name.startswith(HINT_PREFIX) and text
            ),
        )
    )


def _tac(cell: str) -> str:
    """The cell, unless a spreadsheet has spoilt it: what is the operator's own is mended there, not guessed here."""
    verify_not_rounded("tac", cell)
    if 0 < len(cell) < TAC_DIGITS and cell.isdecimal():
        raise RejectedError(
            "tac",
            f"{len(cell)} digits; {TAC_DIGITS} expected. Where a spreadsheet has dropped leading zeros, "
            "format the column as text and put them back",
        )
    return cell


def _refuse_repeated(first_about: dict[Key, int], key: Key, number: int) -> None:
    first = first_about.setdefault(key, number)
    if first != number:
        raise RejectedError("tac" if key[0] else "brand", f"line {first} is about the same: keep one of them")
