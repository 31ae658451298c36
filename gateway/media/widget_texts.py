"""The texts of a PDF page that are not in its content: form values, stamps, notes."""

from collections.abc import Callable, Iterator
from ctypes import byref
from typing import Any, Protocol

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from gateway.media.text_lines import Box, TextLine

MAX_WIDGETS = 500  # form fields and annotations of one page
MAX_BYTES = 32_768  # of one value, in UTF-16
HIDDEN = pdfium_c.FPDF_ANNOT_FLAG_HIDDEN | pdfium_c.FPDF_ANNOT_FLAG_NOVIEW
WITHOUT_TEXT = frozenset((pdfium_c.FPDF_ANNOT_LINK, pdfium_c.FPDF_ANNOT_POPUP))
DRAWN = frozenset((pdfium_c.FPDF_ANNOT_FREETEXT, pdfium_c.FPDF_ANNOT_STAMP))
VALUES = frozenset(
    (
        pdfium_c.FPDF_FORMFIELD_TEXTFIELD,
        pdfium_c.FPDF_FORMFIELD_COMBOBOX,
        pdfium_c.FPDF_FORMFIELD_LISTBOX,
    )
)
CHECKED = frozenset((pdfium_c.FPDF_FORMFIELD_CHECKBOX, pdfium_c.FPDF_FORMFIELD_RADIOBUTTON))
TICK = "✓"
Corners = tuple[float, float, float, float]  # left, bottom, right, top in points


class Placing(Protocol):
    def box(self, left: float, bottom: float, right: float, top: float) -> Box: ...


def widget_texts(
    document: pdfium.PdfDocument, page: pdfium.PdfPage, place: Placing
) -> Iterator[TextLine]:
    """One line for each line of a value or note. Passwords and hidden annotations are left out."""
    for annotation in _annotations(page):
        kind = pdfium_c.FPDFAnnot_GetSubtype(annotation)
        if kind in WITHOUT_TEXT:
            continue
        is_widget = kind == pdfium_c.FPDF_ANNOT_WIDGET
        said = _value(document, annotation) if is_widget else _contents(annotation)
        if said and (corners := _corners(annotation)):
            yield from _lines(said, place.box(*corners), not is_widget and kind not in DRAWN)


def stamp_texts(
    document: pdfium.PdfDocument, page: pdfium.PdfPage, number: int, place: Placing
) -> Iterator[TextLine]:
    """What stamps draw. They become a part of the page, so this is the last use of `page`, which is
    page `number` of the document, 0 first."""
    stamps = [
        corners
        for annotation in _annotations(page)
        if pdfium_c.FPDFAnnot_GetSubtype(annotation) == pdfium_c.FPDF_ANNOT_STAMP
        and not _contents(annotation)
        and (corners := _corners(annotation))
    ]
    if not stamps:
        return
    before = [_within(page, corners) for corners in stamps]
    if pdfium_c.FPDFPage_Flatten(page, pdfium_c.FLAT_NORMALDISPLAY) != pdfium_c.FLATTEN_SUCCESS:
        return
    stamped = document[number]
    for corners, known in zip(stamps, before, strict=True):
        fresh = [line for line in _within(stamped, corners) if line not in known]
        yield from _lines("\n".join(fresh), place.box(*corners), False)


def _within(page: pdfium.PdfPage, corners: Corners) -> list[str]:
    """The lines of text of a page in a rectangle."""
    text: str = page.get_textpage().get_text_bounded(*corners)
    return text.splitlines()


def _annotations(page: pdfium.PdfPage) -> Iterator[Any]:
    """Those that are not hidden."""
    for index in range(min(pdfium_c.FPDFPage_GetAnnotCount(page), MAX_WIDGETS)):
        annotation = pdfium_c.FPDFPage_GetAnnot(page, index)
        if not annotation:
            continue
        try:
            if not pdfium_c.FPDFAnnot_GetFlags(annotation) & HIDDEN:
                yield annotation
        finally:
            pdfium_c.FPDFPage_CloseAnnot(annotation)


def _corners(annotation: Any) -> Corners | None:
    corners = pdfium_c.FS_RECTF()
    if not pdfium_c.FPDFAnnot_GetRect(annotation, byref(corners)):
        return None
    return corners.left, corners.bottom, corners.right, corners.top


def _lines(said: str, box: Box, is_note: bool) -> Iterator[TextLine]:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    step = (box.bottom - box.top) / max(len(lines), 1)
    for number, line in enumerate(lines):
        top = box.top + number * step
        yield TextLine(line, Box(box.left, top, box.right, top + step), is_note)


def _value(document: pdfium.PdfDocument, annotation: Any) -> str:
    form = document.formenv
    if form is None:
        return ""
    kind = pdfium_c.FPDFAnnot_GetFormFieldType(form, annotation)
    if kind in CHECKED:
        return TICK if pdfium_c.FPDFAnnot_IsChecked(form, annotation) else ""
    flags = pdfium_c.FPDFAnnot_GetFormFieldFlags(form, annotation)
    if kind not in VALUES or flags & pdfium_c.FPDF_FORMFLAG_TEXT_PASSWORD:
        return ""
    return _string(
        lambda buffer, size: pdfium_c.FPDFAnnot_GetFormFieldValue(form, annotation, buffer, size)
    )


def _contents(annotation: Any) -> str:
    return _string(
        lambda buffer, size: pdfium_c.FPDFAnnot_GetStringValue(
            annotation, b"Contents", buffer, size
        )
    )


def _string(read: Callable[[Any, int], int]) -> str:
    """A string that PDFium writes as UTF-16 with a zero at the end; `read` returns its bytes. Empty
    for more than MAX_BYTES."""
    size = read(None, 0)
    if not 2 < size <= MAX_BYTES:
        return ""
    buffer = (pdfium_c.FPDF_WCHAR * (size // 2))()
    read(buffer, size)
    return bytes(buffer).decode("utf-16-le", "ignore").split("\0")[0]
