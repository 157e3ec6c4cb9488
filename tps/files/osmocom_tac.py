"""The public list of TACs of the Osmocom project, as tacdb.osmocom.org exports it: brand and model of a TAC.

The list is not part of this program. It is under CC-BY-SA, so every row keeps its source and its licence, and an export
of rows made from it is under that licence too. Of its columns only tac and the two names are read.
"""

from collections.abc import Iterator
from typing import Final, TextIO

from tps.decisions.device_models import TAC_DIGITS, DeviceModel, checked, verify_tac
from tps.errors import RejectedError
from tps.files.csv_cells import by_column
from tps.files.csv_lines import lines
from tps.files.device_csv import Row

SOURCE: Final = "osmocom"
_LICENCE: Final = "CC-BY-SA"
_HEADER: Final = ["tac", "name", "name", "contributor", "comment", "gsmarena", "gsmarena", "aka"]
_COLUMNS: Final = ("tac", "brand", "model", "contributor", "comment", "link of the model", "link of the brand", "aka")
"""What the columns are, two pairs of which bear the same name in the file."""


def read(text: TextIO, delimiter: str = ",") -> Iterator[Row]:
    """Each line as a device model, or why it is left out; `RejectedError` for a file that is not this list.

    Some TACs have lost their leading zero. They are mended, and come last: where the list has the whole TAC too, that
    line is the surer one. Of two lines about the same TAC the first is kept, the other is named with its reason.
    """
    records = lines(text, delimiter)
    licence = _licence_of(next((record.read for record in records), []))
    if next((record.read for record in records), None) != _HEADER:
        raise RejectedError("header", f"{','.join(_HEADER)} expected in line 2: this is not the list of Osmocom")
    first_about: dict[str, int] = {}
    short: list[Row] = []
    for number, record in records:
        row = Row(number, _model(record, licence))
        if isinstance(record, list) and _lacks_zero(record[0].strip()):
            short.append(row)
        else:
            yield _once(row, first_about)
    for row in short:
        yield _once(row, first_about)


def _licence_of(record: list[str] | RejectedError) -> str:
    """The first line, which names licence and holder: the attribution that the licence asks for."""
    remark = "" if isinstance(record, RejectedError) else ",".join(record).strip()
    if _LICENCE not in remark:
        raise RejectedError("licence", f"{_LICENCE} expected in line 1, as in the list of Osmocom; keep that line")
    return remark


def _model(record: list[str] | RejectedError, licence: str) -> DeviceModel | RejectedError:
    """The model of one line, its TAC mended."""
    try:
        if isinstance(record, RejectedError):
            raise record
        cells = by_column(_COLUMNS, record)
        tac = cells["tac"].strip()
        tac = f"0{tac}" if _lacks_zero(tac) else tac
        verify_tac(tac)
        return checked(DeviceModel(tac, cells["brand"], cells["model"], source=SOURCE, licence=licence))
    except RejectedError as error:
        return error


def _lacks_zero(tac: str) -> bool:
    """One digit is a zero lost; where more are missing nobody knows what it was."""
    return len(tac) == TAC_DIGITS - 1 and tac.isascii() and tac.isdecimal()


def _once(row: Row, first_about: dict[str, int]) -> Row:
    if isinstance(row.read, RejectedError):
        return row
    first = first_about.setdefault(row.read.tac, row.line)
    if first == row.line:
        return row
    return Row(row.line, RejectedError("tac", f"line {first} is about {row.read.tac} too, and is kept"))
