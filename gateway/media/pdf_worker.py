"""Renders a PDF in a process of its own, which can be killed. Arguments: pages, longer side, longer side of a page that is cut into
tiles, bytes of memory, seconds of CPU.

The document comes on stdin. One JSON line says `{"pages": N}` or `{"error": …}`; then follow, for each page, four bytes of
width and four of height (big-endian), then the RGB bytes.
"""

import json
import struct
import sys
from typing import BinaryIO

import pypdfium2 as pdfium

from gateway.media.confine import confine
from gateway.media.limits import LONG_RATIO

DPI = 150


def main() -> None:
    max_pages, side, long_side, memory, seconds = map(int, sys.argv[1:6])
    confine(memory, seconds)
    out = sys.stdout.buffer
    try:
        document = pdfium.PdfDocument(sys.stdin.buffer.read())
    except pdfium.PdfiumError as error:
        say(out, {"error": "encrypted" if "password" in str(error).lower() else "damaged"})
        return
    if len(document) > max_pages or len(document) == 0:
        say(out, {"error": "pages" if len(document) else "damaged", "pages": len(document)})
        return
    say(out, {"pages": len(document)})
    for number in range(len(document)):
        page = document[number]
        render(out, page, side, long_side)
        page.close()


def say(out: BinaryIO, body: dict[str, object]) -> None:
    out.write(json.dumps(body).encode() + b"\n")
    out.flush()


def render(out: BinaryIO, page: pdfium.PdfPage, side: int, long_side: int) -> None:
    shorter, longer = sorted(page.get_size())
    bound = long_side if longer > LONG_RATIO * shorter else side
    bitmap = page.render(scale=min(DPI / 72, bound / max(longer, 1.0)), rev_byteorder=True)
    pixels = memoryview(bitmap.buffer).cast("B")
    width = bitmap.width * bitmap.n_channels
    if bitmap.stride != width:  # lines end on words
        starts = range(0, bitmap.height * bitmap.stride, bitmap.stride)
        pixels = memoryview(b"".join(pixels[start : start + width] for start in starts))
    out.write(struct.pack(">II", bitmap.width, bitmap.height))
    out.write(pixels)
    out.flush()
    bitmap.close()


if __name__ == "__main__":
    main()
