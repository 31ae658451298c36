"""The text layer of a PDF page as lines in pixels of the rendered page.

Only what is drawn counts: characters outside of the page's box, without ink (white on white), or
covered (a black bar) are left out.
"""

from collections.abc import Iterator
from ctypes import byref, c_double, c_int
from dataclasses import dataclass, field
from typing import Any

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from gateway.media.text_lines import Box, TextLine, frames_of, united
from gateway.media.widget_texts import stamp_texts, widget_texts

# A page with more cannot be read by a person either: OCR says what can be seen.
MAX_CHARACTERS = 20_000
GARBAGE = 0.01  # share of characters without a meaning, from which on the layer is not used
FOREIGN = 0.25  # share of letters of U+0080 to U+00FF: a font's own codes read as Latin-1
# A page that is mostly a picture, with this little text: the text is a scanner's mark.
PICTURE_SHARE, PICTURE_TEXT = 0.3, 150
COLUMN_GAP = 1.5  # heights of a character: so far apart are columns, not words
INVISIBLE = 3  # text render mode (PDF 32000-1, 9.3.6)
LEAST_PIXELS = 3.0  # height of a character: smaller ones cannot be read
FINE = 100  # parts of a pixel in which PDFium tells positions


@dataclass(frozen=True, slots=True)
class Canvas:
    """The rendered page: RGB bytes without padding."""

    pixels: bytes
    width: int
    height: int

    def has_ink(self, box: Box) -> bool:
        """Whether the pixels in the box differ from each other."""
        left, top = max(0, int(box.left)), max(0, int(box.top))
        right, bottom = min(self.width, int(box.right) + 1), min(self.height, int(box.bottom) + 1)
        if left >= right or top >= bottom:
            return False
        starts = [3 * (row * self.width + left) for row in range(top, bottom)]
        plain = self.pixels[starts[0] : starts[0] + 3] * (right - left)
        middle = len(starts) // 2  # most letters show there: one comparison
        return any(
            self.pixels[start : start + len(plain)] != plain
            for start in starts[middle:] + starts[:middle]
        )


@dataclass(slots=True)
class _Count:
    """Characters of the page that have ink."""

    drawn: int = 0
    bad: int = 0  # without a meaning in Unicode
    foreign: int = 0
    invisible: int = 0  # by their render mode: they lie over a picture
    lines: list[TextLine] = field(default_factory=list)


def text_layer(
    document: pdfium.PdfDocument, page: pdfium.PdfPage, number: int, canvas: Canvas
) -> dict[str, Any] | None:
    """{lines, turned} of page `number` (0 first), form values, stamps and notes included; None
    where OCR must read it. The last use of `page`."""
    text = page.get_textpage()
    count = text.count_chars()
    if not 0 < count <= MAX_CHARACTERS:
        return None
    place = _placing(page, canvas)
    found = _Count()
    for line in _lines(text, count, place, canvas, found):
        found.lines.append(line)
    if not found.lines or _is_garbage(found) or _is_picture(page, found):
        return None
    lines = found.lines
    widgets = widget_texts(document, page, place)
    for line in (*widgets, *stamp_texts(document, page, number, place)):
        if canvas.has_ink(line.box) or line.is_note:
            _insert(lines, line)
    turned = frames_of(lines)
    if turned:  # PDFium orders them as they lie in the picture
        lines.sort(key=lambda line: (line.frame or [0, 0])[1::-1])
    return {"turned": turned, "lines": [line.as_json() for line in lines]}


def _lines(
    text: pdfium.PdfTextPage, count: int, place: "_Placing", canvas: Canvas, found: _Count
) -> Iterator[TextLine]:
    """In the order of the file. Counts what it sees in `found`."""
    line = TextLine()
    numbers = [c_double() for _ in range(4)]
    loose = pdfium_c.FS_RECTF()
    pointers = [byref(number) for number in numbers]
    for index in range(count):
        code = pdfium_c.FPDFText_GetUnicode(text, index)
        if code in (10, 13):
            if line.text.strip():
                yield line
            line = TextLine()
            continue
        if code in (9, 32, 0xA0, 0x3000):
            line.add_space()
            continue
        pdfium_c.FPDFText_GetCharBox(text, index, *pointers)
        left, right, bottom, top = (number.value for number in numbers)
        tight = place.box(left, bottom, right, top)
        if code == 2 or not canvas.has_ink(tight):  # 2: a hyphen that PDFium takes away
            if code == 2:
                line.add("-", tight)
            continue
        pdfium_c.FPDFText_GetLooseCharBox(text, index, byref(loose))
        box = place.box(loose.left, loose.bottom, loose.right, loose.top)
        if box.longer < LEAST_PIXELS:
            continue
        found.drawn += 1
        if _is_bad(code) or pdfium_c.FPDFText_HasUnicodeMapError(text, index) == 1:
            found.bad += 1
            continue
        found.foreign += 0x80 <= code < 0x100 and chr(code).isalpha()
        drawing = pdfium_c.FPDFText_GetTextObject(text, index)
        found.invisible += pdfium_c.FPDFTextObj_GetTextRenderMode(drawing) == INVISIBLE
        if line.text and line.box.distance(box) > COLUMN_GAP * box.longer:
            if line.text.strip():
                yield line
            line = TextLine()
        line.add(chr(code), box)
    if line.text.strip():
        yield line


def _is_bad(code: int) -> bool:
    """Whether a code says nothing: a control, a private one, a replacement, half a pair."""
    return (
        code < 32
        or 0x7F <= code < 0xA0
        or 0xD800 <= code < 0xF900
        or 0xFFF0 <= code <= 0xFFFF
        or code >= 0xE0000
    )


def _is_garbage(found: _Count) -> bool:
    return found.bad > GARBAGE * found.drawn or found.foreign > FOREIGN * found.drawn


def _is_picture(page: pdfium.PdfPage, found: _Count) -> bool:
    """Whether the page is a scan: its text is the scanner's own OCR, or a mark beside it."""
    if found.invisible > found.drawn / 2:
        return True
    if found.drawn >= PICTURE_TEXT:
        return False
    left, bottom, right, top = page.get_bbox()
    area = 0.0
    for image in page.get_objects(filter=(pdfium_c.FPDF_PAGEOBJ_IMAGE,), max_depth=3):
        x1, y1, x2, y2 = image.get_bounds()
        width, height = min(x2, right) - max(x1, left), min(y2, top) - max(y1, bottom)
        area += max(0.0, width) * max(0.0, height)
    return bool(area > PICTURE_SHARE * (right - left) * (top - bottom))


def _insert(lines: list[TextLine], added: TextLine) -> None:
    """Puts a form's value behind the last line that is left of it or above it."""
    middle = (added.box.top + added.box.bottom) / 2
    place = 0
    for number, line in enumerate(lines, start=1):
        is_beside = line.box.top <= middle <= line.box.bottom and line.box.left <= added.box.left
        if is_beside or line.box.bottom <= middle:
            place = number
    lines.insert(place, added)


@dataclass(frozen=True, slots=True)
class _Placing:
    """From points of the page to pixels of its picture: (a·x + c·y + e, b·x + d·y + f)."""

    a: float
    b: float
    c: float
    d: float
    e: float
    f: float

    def box(self, left: float, bottom: float, right: float, top: float) -> Box:
        points = [self._point(x, y) for x in (left, right) for y in (bottom, top)]
        return united(Box(x, y, x, y) for x, y in points)

    def _point(self, x: float, y: float) -> tuple[float, float]:
        return self.a * x + self.c * y + self.e, self.b * x + self.d * y + self.f


def _placing(page: pdfium.PdfPage, canvas: Canvas) -> _Placing:
    """Knows the page's rotation and its boxes."""
    span = 1000.0
    origin, right, up = (_device(page, canvas, x, y) for x, y in ((0, 0), (span, 0), (0, span)))
    a, b = ((right[axis] - origin[axis]) / span for axis in (0, 1))
    c, d = ((up[axis] - origin[axis]) / span for axis in (0, 1))
    return _Placing(a, b, c, d, *origin)


def _device(page: pdfium.PdfPage, canvas: Canvas, x: float, y: float) -> tuple[float, float]:
    across, down = c_int(), c_int()
    size = FINE * canvas.width, FINE * canvas.height
    pdfium_c.FPDF_PageToDevice(page, 0, 0, *size, 0, x, y, byref(across), byref(down))
    return across.value / FINE, down.value / FINE
