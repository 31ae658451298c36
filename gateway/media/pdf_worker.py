"""Renders a PDF in a process of its own, which can be killed: arguments: pages, side, bytes of memory, seconds of CPU.

The document comes on stdin. One JSON line says `{"pages": N}` or `{"error": …}`; then follow, for each page, four bytes of
length, four of width, four of height (big-endian), then the RGB bytes.
"""

import json
import os
import resource
import struct
import sys
from typing import BinaryIO

DPI = 150
NICENESS = 10  # streams wait for the event loop, and it for a core


def main() -> None:
    max_pages, max_side, memory, seconds = map(int, sys.argv[1:5])
    confine(memory, seconds)
    out = sys.stdout.buffer
    import pypdfium2 as pdfium

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
        longer = max(page.get_size())
        scale = min(DPI / 72, max_side / max(longer, 1.0))
        bitmap = page.render(scale=scale, rev_byteorder=True)
        image = bitmap.to_pil().convert("RGB")
        data = image.tobytes()
        out.write(struct.pack(">III", len(data), image.width, image.height))
        out.write(data)
        out.flush()


def confine(memory: int, seconds: int) -> None:
    """Bounds that hold even where the parent is gone, and no file that it could write to."""
    os.nice(NICENESS)
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def say(out: BinaryIO, body: dict[str, object]) -> None:
    out.write(json.dumps(body).encode() + b"\n")
    out.flush()


if __name__ == "__main__":
    main()
