"""Tables with borders in a PDF: pdfplumber finds the cells, pypdfium2 reads the text in them."""

import io
from importlib import import_module
from typing import Any, NoReturn

import pdfplumber
import pypdfium2
from pdfplumber.pdf import PDF

from gateway.knowledge.sources.document import Document
from gateway.knowledge.sources.pdf_lines import PageTable

MAX_CELLS = 2_000  # of one page
MIN_ROWS, MIN_COLUMNS = 2, 2
Box = tuple[float, float, float, float]


# A part of pdfplumber's pdfminer, which the gateway does not use by itself.
CMapDB = import_module("pdfminer.cmapdb").CMapDB


def _no_map(name: str) -> NoReturn:
    raise CMapDB.CMapNotFound(name)


# pdfminer would read tables of characters from files, which the sandbox forbids. Its text is not
# used here, only where lines are; without the tables it goes on.
CMapDB._load_data = staticmethod(_no_map)


class Ruled:
    """The tables of one PDF. pdfplumber opens it where a page may have one."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._file: PDF | None = None

    def __enter__(self) -> "Ruled":
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()

    def tables(
        self, number: int, text: pypdfium2.PdfTextPage, document: Document
    ) -> list[PageTable]:
        """Of a page, 1 first. A page that pdfplumber fails on keeps its text, and is named."""
        try:
            self._file = self._file or pdfplumber.open(io.BytesIO(self._data))
            page = self._file.pages[number - 1]
            found = page.find_tables()
            tables = [
                made
                for table in found
                if sum(len(row.cells) for row in table.rows) <= MAX_CELLS
                and (made := _table(table, number, text, float(page.height))) is not None
            ]
            page.close()
        except Exception as error:  # noqa: BLE001 - pdfminer raises all kinds on damaged files
            document.report(f"page {number}: its tables are read as text: {type(error).__name__}")
            return []
        return tables


def _table(table: Any, number: int, text: pypdfium2.PdfTextPage, height: float) -> PageTable | None:
    """None for what is no table: one row or one column, such as a frame around text."""
    rows = [
        ["" if cell is None else _cell_text(cell, text, height) for cell in row.cells]
        for row in table.rows
    ]
    rows = [row for row in rows if any(row)]
    if len(rows) < MIN_ROWS or max(map(len, rows)) < MIN_COLUMNS:
        return None
    return PageTable(rows, [number] * len(rows), table.bbox[1], table.bbox[3])


def _cell_text(cell: Box, text: pypdfium2.PdfTextPage, height: float) -> str:
    left, top, right, bottom = cell
    lines = text.get_text_bounded(left, height - bottom, right, height - top).splitlines()
    return "\n".join(line.strip() for line in lines if line.strip())
