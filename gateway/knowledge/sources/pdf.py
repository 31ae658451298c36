"""PDF: text by pypdfium2, tables by pdfplumber. A page without text is a scan, read by OCR."""

import ctypes
from collections import Counter
from collections.abc import Mapping, Sequence

import pypdfium2
import pypdfium2.raw as pdfium

from gateway.knowledge.sources.archives import NotReadable
from gateway.knowledge.sources.document import Document, Exhausted, Heading, Line
from gateway.knowledge.sources.pdf_lines import (
    Page,
    PageLine,
    PageTable,
    joined,
    without_running_lines,
)
from gateway.knowledge.sources.pdf_tables import Ruled
from gateway.knowledge.sources.tables import add_table

MAX_PAGES = 1_000
MAX_PAGE_CHARS = 100_000
# A page with fewer lines and boxes drawn on it has no table with borders.
MIN_PATHS = 4
MAX_PATHS = 1_500
PICTURES = (pdfium.FPDF_PAGEOBJ_IMAGE, pdfium.FPDF_PAGEOBJ_FORM)
MIN_CHARS = 4  # of a page that is no scan
HEADING_SIZE = 1.15  # times the size of the document's text


def read_pdf(data: bytes, document: Document, scans: Mapping[int, Sequence[str]]) -> None:
    """`scans`: the lines of pages that OCR has read, by page, 1 first. Raises NotReadable."""
    try:
        file = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        wanted = "password" in str(error).lower()
        reason = "is encrypted; save it without a password" if wanted else f"is damaged: {error}"
        raise NotReadable(reason) from None
    count = len(file)
    if count > MAX_PAGES:
        document.report(f"has {count} pages; only the first {MAX_PAGES} are read")
    pages: list[Page] = []
    with Ruled(data) as ruled:
        try:
            for number in range(1, min(count, MAX_PAGES) + 1):
                document.place = f"page {number}"
                document.check()
                if number in scans:
                    pages.append([PageLine(text, number) for text in scans[number]])
                else:
                    pages.append(_read_page(file, number, document, ruled))
        except Exhausted as error:
            document.report(f"{document.place}: the rest is left out: {error}")
            document.until = float("inf")  # what was read is still to be added
    _add_pages(pages, document)


def _read_page(file: pypdfium2.PdfDocument, number: int, document: Document, ruled: Ruled) -> Page:
    try:
        page = file[number - 1]
        text = page.get_textpage()
    except pypdfium2.PdfiumError as error:
        document.report(f"page {number}: cannot be read: {error}")
        return []
    try:
        found = text.get_text_range(0, min(text.count_chars(), MAX_PAGE_CHARS))
        if len(found.strip()) < MIN_CHARS:
            if any(_count(page, kind, 1) for kind in PICTURES):
                document.scanned.append(number)
            return []
        lines = _lines(text, found, page.get_height(), number)
        if not MIN_PATHS <= _count(page, pdfium.FPDF_PAGEOBJ_PATH, MAX_PATHS) < MAX_PATHS:
            return list(lines)
        return _merged(lines, ruled.tables(number, text, document))
    finally:
        text.close()
        page.close()


def _count(page: pypdfium2.PdfPage, kind: int, most: int) -> int:
    """How many objects of the kind the page has, counted up to `most`."""
    count = 0
    for at in range(min(pdfium.FPDFPage_CountObjects(page), 4 * MAX_PATHS)):
        if pdfium.FPDFPageObj_GetType(pdfium.FPDFPage_GetObject(page, at)) == kind:
            count += 1
            if count >= most:
                break
    return count


def _lines(text: pypdfium2.PdfTextPage, found: str, height: float, page: int) -> list[PageLine]:
    """Lines with the size of their first character and their place on the page."""
    lines, at = [], 0
    matrix = pdfium.FS_MATRIX()
    left, right, bottom, top = (ctypes.c_double() for _ in range(4))
    for line in found.split("\n"):
        plain = line.strip("\r ")
        if plain:
            first = at + len(line) - len(line.lstrip())
            pdfium.FPDFText_GetMatrix(text, first, matrix)
            size = pdfium.FPDFText_GetFontSize(text, first) * abs(matrix.d or 1)
            pdfium.FPDFText_GetCharBox(text, first, left, right, bottom, top)
            lines.append(PageLine(plain, page, size, height - top.value, height - bottom.value))
        at += len(line) + 1
    return lines


def _merged(lines: list[PageLine], tables: list[PageTable]) -> Page:
    """Each table where its first line was; the lines in it are the table's."""
    made: Page = []
    waiting = list(tables)
    for line in lines:
        middle = (line.top + line.bottom) / 2
        table = next((one for one in tables if one.top <= middle <= one.bottom), None)
        if table is None:
            made.append(line)
        elif table in waiting:
            waiting.remove(table)
            made.append(table)
    return made


def _add_pages(pages: list[Page], document: Document) -> None:
    sizes: Counter[float] = Counter()
    for page in pages:
        for line in page:
            if isinstance(line, PageLine):
                sizes[round(line.size, 1)] += len(line.text)
    body = sizes.most_common(1)[0][0] if sizes else 0.0
    larger = sorted({size for size in sizes if body and size >= HEADING_SIZE * body}, reverse=True)
    levels = {size: min(level, 6) for level, size in enumerate(larger, start=1)}
    for piece in joined(without_running_lines(pages), set(levels)):
        if isinstance(piece, PageTable):
            add_table(document, piece.rows, [f"page {page}" for page in piece.pages])
            continue
        level = levels.get(round(piece.size, 1))
        place = f"page {piece.page}"
        if level is not None:
            document.add(Heading(level, piece.text, place))
        else:
            document.add(Line(piece.text, place))
