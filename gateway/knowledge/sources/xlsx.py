"""XLSX by openpyxl, row by row."""

import io
import zipfile
from datetime import date, datetime, time

import openpyxl

from gateway.knowledge.sources.archives import NotReadable, check_archive
from gateway.knowledge.sources.document import Document
from gateway.knowledge.sources.rows import add_rows
from gateway.knowledge.sources.tables import MAX_COLUMNS, Cell

MAX_SHEETS = 50


def read_xlsx(data: bytes, document: Document) -> None:
    """Formulas give the value that was stored with them. Hidden sheets are left out."""
    check_archive(data)
    try:
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
    except (KeyError, ValueError, SyntaxError, zipfile.BadZipFile) as error:
        raise NotReadable(f"is no XLSX file: {error}; save it again") from None
    sheets = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
    if len(sheets) > MAX_SHEETS:
        document.report(f"has {len(sheets)} sheets; only the first {MAX_SHEETS} are read")
    for sheet in sheets[:MAX_SHEETS]:
        document.place = f"sheet {sheet.title}"
        # The dimensions that the file declares may be a million rows of nothing.
        sheet.reset_dimensions()
        rows = sheet.iter_rows(max_col=MAX_COLUMNS, values_only=True)
        cells = (map(_cell, row) for row in rows)
        try:
            add_rows(document, cells, f"sheet {sheet.title}, ", sheet.title)
        except (KeyError, ValueError, SyntaxError, zipfile.BadZipFile) as error:
            document.report(f"{document.place}: the rest of the sheet is damaged: {error}")


def _cell(value: object) -> Cell:
    """A cell's value as it is read aloud: 3, not 3.0."""
    if value is None:
        return ""
    if isinstance(value, date | datetime):
        return value
    if isinstance(value, time):
        return value.isoformat("minutes")
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)
