"""Renders PDF pages as pictures, with form values and annotations, and takes their text. Runs in a
worker process that ends afterwards."""

from typing import Any

import pypdfium2 as pdfium

from gateway.errors import InvalidImage, PDFTooLarge
from gateway.media.limits import LONG_RATIO, MAX_TILES, MediaLimits
from gateway.media.picture import Picture
from gateway.media.raster import prepare_page
from gateway.media.text_layer import Canvas, text_layer
from gateway.media.tile_texts import with_texts

DPI = 150


def render_pages(data: bytes, limits: MediaLimits) -> list[Picture]:
    """The pages in order, a long page as several tiles. Pages with a text layer carry its lines.

    Raises PDFTooLarge for too many pages,
    InvalidImage for a PDF that cannot be opened or of which a page cannot be rendered."""
    try:
        document = pdfium.PdfDocument(data)
        document.init_forms()  # draws form values; this build of PDFium runs no scripts
    except pdfium.PdfiumError as error:
        if "password" in str(error).lower():
            raise InvalidImage(
                "The PDF is protected by a password; remove it or send pictures of the pages.",
                details={"name": "password"},
            ) from None
        raise _damaged() from None
    if len(document) > limits.pdf_max_pages:
        raise PDFTooLarge(
            f"The PDF has {len(document)} pages; "
            f"at most {limits.pdf_max_pages} are taken (PDF_MAX_PAGES).",
            details={"limit": limits.pdf_max_pages, "size": len(document), "name": "PDF_MAX_PAGES"},
        )
    if not len(document):
        raise _damaged()
    return [
        picture for number in range(len(document)) for picture in _page(document, number, limits)
    ]


def _page(document: pdfium.PdfDocument, number: int, limits: MediaLimits) -> list[Picture]:
    try:
        page = document[number]
        shorter, longer = sorted(page.get_size())
        bound = limits.scale_to_side * (MAX_TILES if longer > LONG_RATIO * shorter else 1)
        bitmap = page.render(scale=min(DPI / 72, bound / max(longer, 1.0)), rev_byteorder=True)
        canvas = Canvas(_pixels(bitmap), bitmap.width, bitmap.height)
        bitmap.close()
        made = prepare_page(canvas.pixels, canvas.width, canvas.height, number + 1, limits)
        made = with_texts(made, _text(document, page, number, canvas))
        page.close()
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - damaged pages raise ValueError and others
        raise InvalidImage(
            f"Page {number + 1} of the PDF could not be rendered; send pictures of its pages.",
            details={"page": number + 1},
        ) from None
    return made


def _text(
    document: pdfium.PdfDocument, page: pdfium.PdfPage, number: int, canvas: Canvas
) -> dict[str, Any] | None:
    """The page's text layer. None where it has none, or one that is damaged: OCR reads the page."""
    try:
        return text_layer(document, page, number, canvas)
    except (pdfium.PdfiumError, ValueError, ArithmeticError, LookupError):
        return None


def _pixels(bitmap: pdfium.PdfBitmap) -> bytes:
    """RGB, three bytes a pixel, without the padding at the end of lines."""
    pixels = memoryview(bitmap.buffer).cast("B")
    width = bitmap.width * bitmap.n_channels
    if bitmap.stride == width:
        return bytes(pixels)
    return b"".join(
        pixels[start : start + width]
        for start in range(0, bitmap.height * bitmap.stride, bitmap.stride)
    )


def _damaged() -> InvalidImage:
    return InvalidImage(
        "The PDF is damaged; save it again and send that.", details={"name": "damaged"}
    )
