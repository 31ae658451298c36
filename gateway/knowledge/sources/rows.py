"""Rows of a sheet, one by one: a header that names a question and an answer gives a pair a row; any
other sheet is a section with its rows."""

from collections.abc import Iterable, Iterator, Sequence

from gateway.knowledge.sources.document import Document, Heading
from gateway.knowledge.sources.tables import (
    MAX_COLUMNS,
    MAX_ROWS_ABOVE,
    Cell,
    add_pair,
    add_table,
    header_of,
)

MAX_ROWS = 20_000  # of one sheet
MAX_EMPTY = 1_000  # rows in a row, after which a sheet counts as ended


def add_rows(
    document: Document, rows: Iterable[Iterable[Cell]], where: str = "", heading: str = ""
) -> None:
    """`where` stands before the number of a row in its place. Raises Exhausted."""
    numbered = _filled(document, rows, where)
    above: list[tuple[int, Sequence[Cell]]] = []
    for number, row in numbered:
        above.append((number, row))
        header = header_of(row)
        if header.is_of_pairs:
            for below, values in numbered:
                add_pair(document, header, values, f"{where}row {below}")
            return
        if len(above) > MAX_ROWS_ABOVE:
            break
    above += numbered
    if above:
        if heading:
            document.add(Heading(2, heading, f"{where}row {above[0][0]}"))
        places = [f"{where}row {number}" for number, _ in above]
        add_table(document, [row for _, row in above], places)


def _filled(
    document: Document, rows: Iterable[Iterable[Cell]], where: str
) -> Iterator[tuple[int, Sequence[Cell]]]:
    """(number, cells) of the rows that are not empty, within the bounds of a sheet."""
    empty = 0
    for number, row in enumerate(rows, start=1):
        document.check()
        if number > MAX_ROWS:
            document.report(f"{where}row {number}: only the first {MAX_ROWS} rows are read")
            return
        cells = list(row)[:MAX_COLUMNS]
        while cells and cells[-1] == "":
            cells.pop()
        empty = 0 if cells else empty + 1
        if empty > MAX_EMPTY:
            return
        if cells:
            document.place = f"{where}row {number}"
            yield number, cells
