"""The texts of a PDF page that are not in its content: form values, stamps, notes."""

from collections.abc import Callable, Iterator
from ctypes import byref
from typing import Any, Protocol

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from gateway.media.text_lines import Box, TextLine

MAX_WIDGETS = 500  # form fields and annotations of one page
MAX_OBJECTS = 50  # of one stamp
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


class Placing(Protocol):
    def box(self, left: float, bottom: float, right: float, top: float) -> Box: ...


def widget_texts(
    document: pdfium.PdfDocument, page: pdfium.PdfPage, text: pdfium.PdfTextPage, place: Placing
) -> Iterator[TextLine]:
    """One line for each line of a value. Passwords and hidden annotations are left out."""
    count = min(pdfium_c.FPDFPage_GetAnnotCount(page), MAX_WIDGETS)
    for index in range(count):
        annotation = pdfium_c.FPDFPage_GetAnnot(page, index)
        if not annotation:
            continue
        try:
            if not pdfium_c.FPDFAnnot_GetFlags(annotation) & HIDDEN:
                yield from _texts(document, annotation, text, place)
        finally:
            pdfium_c.FPDFPage_CloseAnnot(annotation)


def _texts(
    document: pdfium.PdfDocument, annotation: Any, text: pdfium.PdfTextPage, place: Placing
) -> Iterator[TextLine]:
    kind = pdfium_c.FPDFAnnot_GetSubtype(annotation)
    if kind in WITHOUT_TEXT:
        return
    if kind == pdfium_c.FPDF_ANNOT_WIDGET:
        said = _value(document, annotation)
    else:
        said = _contents(annotation)
        if kind == pdfium_c.FPDF_ANNOT_STAMP:
            said = _drawn(annotation, text) or said
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    corners = pdfium_c.FS_RECTF()
    if not lines or not pdfium_c.FPDFAnnot_GetRect(annotation, byref(corners)):
        return
    box = place.box(corners.left, corners.bottom, corners.right, corners.top)
    step = (box.bottom - box.top) / len(lines)
    is_note = kind != pdfium_c.FPDF_ANNOT_WIDGET and kind not in DRAWN
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


def _drawn(annotation: Any, text: pdfium.PdfTextPage) -> str:
    """The texts that a stamp's appearance draws."""
    found = []
    for index in range(min(pdfium_c.FPDFAnnot_GetObjectCount(annotation), MAX_OBJECTS)):
        drawing = pdfium_c.FPDFAnnot_GetObject(annotation, index)
        if pdfium_c.FPDFPageObj_GetType(drawing) == pdfium_c.FPDF_PAGEOBJ_TEXT:
            found.append(_object_text(drawing, text))
    return "\n".join(found)


def _object_text(drawing: Any, text: pdfium.PdfTextPage) -> str:
    return _string(lambda buffer, size: pdfium_c.FPDFTextObj_GetText(drawing, text, buffer, size))


def _string(read: Callable[[Any, int], int]) -> str:
    """A string that PDFium writes as UTF-16 with a zero at the end; `read` returns its bytes. Empty
    for more than MAX_BYTES."""
    size = read(None, 0)
    if not 2 < size <= MAX_BYTES:
        return ""
    buffer = (pdfium_c.FPDF_WCHAR * (size // 2))()
    read(buffer, size)
    return bytes(buffer).decode("utf-16-le", "ignore").split("\0")[0]
