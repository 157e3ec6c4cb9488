"""Detections as CSV, as EIRs, HLRs and billing systems export them: which columns are read says a mapping."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TextIO

from tps.errors import RejectedError
from tps.files.csv_cells import as_text, by_column
from tps.files.csv_lines import header_cells, lines
from tps.files.detection_record import Record, Row, named, record_of


def read(text: TextIO, mapping: Mapping[str, str], delimiter: str = ",") -> Iterator[Row]:
    """Each line below the header, whatever its length, as a detection or as what is to be mended in it.

    `text` is of `utf8.text_of`; columns that nobody named are passed over. A header that cannot be used is a
    `RejectedError`, raised before any line.
    """
    records = lines(text, delimiter)
    header, columns = _header(header_cells(records), mapping)
    for number, cells in records:
        try:
            if isinstance(cells, RejectedError):
                raise cells
            yield Row(number, _record(header, columns, cells))
        except RejectedError as error:
            yield Row(number, error)


def _header(header: Sequence[str], mapping: Mapping[str, str]) -> tuple[Sequence[str], Mapping[str, str]]:
    """The names of the columns, and field -> name for those that are there."""
    columns = {field: name for field, name in named(mapping).items() if name in header}
    for field, name in mapping.items():
        if field not in columns:
            raise RejectedError("header", f"no column is called {name!r}; there are {', '.join(header)}")
    if "imei" not in columns or not {"imsi", "msisdn"} & columns.keys():
        raise RejectedError(
            "header",
            "columns imei, and imsi or msisdn, expected; where they have other names say so: "
            f"--map imei=COLUMN,imsi=COLUMN. There are {', '.join(header) or 'none'}",
        )
    for name in columns.values():
        if header.count(name) > 1:
            raise RejectedError("header", f"the column {name} is given twice")
    return header, columns


def _record(header: Sequence[str], columns: Mapping[str, str], cells: Sequence[str]) -> Record:
    row = by_column(header, cells)
    return record_of({field: as_text(row[name]).strip() for field, name in columns.items()})
