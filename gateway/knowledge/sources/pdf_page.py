"""Draws a scanned page for OCR."""

import io

import pypdfium2

MAX_SIDE = 2400  # pixels: 200 dots an inch on A4
MAX_SCALE = 200 / 72


def drawn(data: bytes, number: int) -> bytes:
    """The page, 1 first, as a JPEG. Raises what pypdfium2 and Pillow raise."""
    file = pypdfium2.PdfDocument(data)
    page = file[number - 1]
    scale = min(MAX_SCALE, MAX_SIDE / max(*page.get_size(), 1))
    picture = page.render(scale=scale, may_draw_forms=False).to_pil().convert("RGB")
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=85)
    return out.getvalue()
