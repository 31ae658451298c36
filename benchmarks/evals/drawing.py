"""Draws sheets with Chinese text, rules and barcodes, for the pictures of the cases."""

import io
from collections.abc import Sequence
from typing import Any

import zxingcpp
from PIL import Image, ImageDraw, ImageFont

# Debian's fonts-noto-cjk, which the tests' Chromium needs as well.
REGULAR = "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc"
BOLD = "/usr/share/fonts/opentype/noto/NotoSansCJK-Bold.ttc"

Colour = tuple[int, int, int]
INK: Colour = (24, 24, 24)
GREY: Colour = (120, 120, 120)
WHITE: Colour = (255, 255, 255)
RED: Colour = (190, 40, 40)


class Sheet:
    """A picture to draw on. Places and sizes are in pixels from the top left."""

    def __init__(self, width: int, height: int, paper: Colour = WHITE) -> None:
        self.image = Image.new("RGB", (width, height), paper)
        self._draw = ImageDraw.Draw(self.image)

    def text(
        self,
        x: int,
        y: int,
        words: str,
        size: int = 28,
        ink: Colour = INK,
        *,
        bold: bool = False,
        right: bool = False,
    ) -> None:
        """`right`: `x` is the right end of the line."""
        font = ImageFont.truetype(BOLD if bold else REGULAR, size)
        self._draw.text((x, y), words, fill=ink, font=font, anchor="ra" if right else "la")

    def width_of(self, words: str, size: int) -> int:
        return round(ImageFont.truetype(REGULAR, size).getlength(words))

    def lines(self, x: int, y: int, rows: Sequence[str], size: int = 28, step: int = 46) -> int:
        """Writes the rows below each other. Returns the y below the last."""
        for row in rows:
            self.text(x, y, row, size)
            y += step
        return y

    def pairs(self, y: int, rows: Sequence[tuple[str, str]], size: int = 28, step: int = 58) -> int:
        """Label at the left, value at the right, as payment and order pages show them."""
        for label, value in rows:
            self.text(40, y, label, size, GREY)
            self.text(self.image.width - 40, y, value, size, right=True)
            y += step
        return y

    def box(self, left: int, top: int, right: int, bottom: int, ink: Colour = INK) -> None:
        self._draw.rectangle((left, top, right, bottom), outline=ink, width=2)

    def fill(self, left: int, top: int, right: int, bottom: int, ink: Colour) -> None:
        self._draw.rectangle((left, top, right, bottom), fill=ink)

    def rule(self, y: int, left: int = 0, right: int | None = None, ink: Colour = INK) -> None:
        self._draw.line((left, y, self.image.width if right is None else right, y), ink, 2)

    def bars(self, x: int, y: int, value: str, scale: int = 3) -> None:
        """A Code 128 barcode without its text."""
        self._code(x, y, value, zxingcpp.BarcodeFormat.Code128, scale)

    def square(self, x: int, y: int, value: str, scale: int = 4) -> None:
        """A QR code."""
        self._code(x, y, value, zxingcpp.BarcodeFormat.QRCode, scale)

    def _code(self, x: int, y: int, value: str, kind: Any, scale: int) -> None:
        made = zxingcpp.create_barcode(value, kind).to_image(scale=scale)
        self.image.paste(Image.fromarray(made).convert("RGB"), (x, y))

    def png(self) -> bytes:
        made = io.BytesIO()
        self.image.save(made, "PNG", optimize=True)
        return made.getvalue()


def jpeg(data: bytes, quality: int = 72) -> bytes:
    """The picture again as JPEG: smaller, and as phones send it."""
    made = io.BytesIO()
    Image.open(io.BytesIO(data)).convert("RGB").save(made, "JPEG", quality=quality)
    return made.getvalue()


def pdf(*pages: bytes) -> bytes:
    """A PDF of scanned pages, without text."""
    made = io.BytesIO()
    first, *more = [Image.open(io.BytesIO(page)).convert("RGB") for page in pages]
    first.save(made, "PDF", save_all=True, append_images=more, resolution=150)
    return made.getvalue()
